"""The keys that seal secrets change, in the three steps that docs/credentials.md tells, each a rolling restart of all API processes and
workers, while clients store, replace, test and use credentials without a pause. No request fails, no test and no execution does, and in
the end all rows are under the new key."""

import collections
import json
import threading
import uuid

from echo import Echo
from fleet import Client, Site, need, new_secret_key, node, publish, row, say, until

SERVERS, WORKERS, WORKSPACES = 2, 2, 3
# What each client has to have done between two steps.
ROUNDS_PER_STEP = 15


class Balancer:
    """Sends requests to API processes in turns; one that is to stop gets no more, and stops once it has answered."""

    def __init__(self, site):
        self.site, self.lock, self.turn = site, threading.Condition(), 0
        self.open = {}

    def add(self, **env):
        server = self.site.serve(**env)
        with self.lock:
            self.open[server] = 0

    def drop(self, server):
        with self.lock:
            under_way = self.open.pop(server)
            self.leaving = {server: under_way}
            while self.leaving[server]:
                self.lock.wait()
        server.end()

    def ask(self, client, *args):
        with self.lock:
            self.turn += 1
            server = list(self.open)[self.turn % len(self.open)]
            self.open[server] += 1
        try:
            return client.ask(server.ready["url"], *args)
        finally:
            with self.lock:
                counts = self.open if server in self.open else self.leaving
                counts[server] -= 1
                self.lock.notify_all()


class Tenant:
    """A client that goes on until it is told to stop, and what it was answered."""

    def __init__(self, site, balancer, echo, number):
        self.balancer, self.echo = balancer, echo
        self.client = Client(site.workspace(f"acme{number}"))
        self.hosts = [f"http://{echo.address}"]
        self.answers, self.tests, self.rounds = collections.Counter(), collections.Counter(), 0
        self.held = self.store("held")
        call = node("call", "action.http_request", {"url": f"http://{echo.address}/ask", "credential": "held", "success": [200]})
        url = next(iter(balancer.open)).ready["url"]
        self.workflow_id = publish(self.client, url, "uses it", row(call))

    def ask(self, method, path, body):
        answer = self.balancer.ask(self.client, method, f"/api/v1{path}", body)
        is_good = 200 <= answer.status < 300
        self.answers["good" if is_good else f"{method} {path.split('/')[1]} {answer}"] += 1
        return answer.json() if is_good and answer.body else {}

    def store(self, name):
        wish = {"name": name, "type": "bearer", "allowed_hosts": self.hosts, "fields": {"token": str(uuid.uuid4())}}
        return self.ask("POST", "/credentials", wish).get("id")

    def test(self, credential_id):
        outcome = self.ask("POST", f"/credentials/{credential_id}/test", {"url": f"http://{self.echo.address}/ask"})
        self.tests[outcome.get("outcome", "none")] += 1

    def round(self):
        new = self.store(f"c{self.rounds}")
        self.test(new)
        self.test(self.held)
        fields = {"allowed_hosts": self.hosts, "fields": {"token": str(uuid.uuid4())}}
        self.ask("PUT", f"/credentials/{self.held}", fields)
        self.ask("POST", "/executions", {"workflow_id": self.workflow_id, "input": {}})
        self.rounds += 1

    def go_on(self, stop):
        while not stop.is_set():
            self.round()


def change(balancer, site, workers, env, keys):
    """Replaces all processes by such with these keys, one after the other; a new one is there before an old one goes."""
    env = env | {"CAPSTAN_SECRET_KEYS": keys}
    for server in list(balancer.open):
        balancer.add(**env)
        balancer.drop(server)
    for old in list(workers):
        workers.append(site.worker(**env))
        workers.remove(old)
        old.end()


def more_rounds(tenants):
    done = [tenant.rounds for tenant in tenants]
    until(lambda: all(tenant.rounds >= before + ROUNDS_PER_STEP for tenant, before in zip(tenants, done)), "more requests")


def under(site):
    """How many rows hang on which key."""
    rows = "SELECT key_id FROM credentials"
    return collections.Counter(site.sql(rows))


def main():
    echo = Echo()
    env = {"CAPSTAN_ALLOW_PRIVATE": echo.address}
    old, new = new_secret_key("old"), new_secret_key("new")
    with Site() as site:
        balancer, workers, stop = Balancer(site), [], threading.Event()
        for _ in range(SERVERS):
            balancer.add(**env, CAPSTAN_SECRET_KEYS=old)
        workers += [site.worker(**env, CAPSTAN_SECRET_KEYS=old) for _ in range(WORKERS)]
        tenants = [Tenant(site, balancer, echo, number) for number in range(WORKSPACES)]
        clients = [threading.Thread(target=tenant.go_on, args=(stop,), daemon=True) for tenant in tenants]
        for client in clients:
            client.start()
        more_rounds(tenants)
        change(balancer, site, workers, env, f"{old},{new}")
        more_rounds(tenants)
        need(set(under(site)) == {"old"}, f"the new key seals too early: {under(site)}")
        change(balancer, site, workers, env, f"{new},{old}")
        until(lambda: set(under(site)) == {"new"}, "all rows to be under the new key")
        more_rounds(tenants)
        change(balancer, site, workers, env, new)
        more_rounds(tenants)
        stop.set()
        for client in clients:
            client.join()
        until(lambda: site.count("executions WHERE ended_at IS NULL") == 0, "all executions to end")
        failed = site.count("executions WHERE status <> 'completed'")
        told = {"requests": sum(sum(tenant.answers.values()) for tenant in tenants), "executions": site.count("executions")}
        for process in [*balancer.open, *workers]:
            process.end()
        rows = under(site)
    bad = sum((tenant.answers + tenant.tests for tenant in tenants), collections.Counter())
    told |= {"tests": bad.pop("passed"), "rows": rows["new"], "failed": failed}
    del bad["good"]
    for what, times in bad.items():
        say(f"{times} times {what}")
    need(set(rows) == {"new"}, f"rows are under {rows}")
    print(json.dumps(told | {"refused": sum(bad.values())}))
    raise SystemExit(bool(bad) or failed > 0)


main()
