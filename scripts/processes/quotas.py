"""A limit of executions is exact over processes: of 2,000 parallel starts over four API processes, with 900 of 1,000 used, 300 begin with
the buffer of a fifth and 100 without one. Then the same while workers and API processes are killed with -9: none beyond the limit is ever
let in, and once the shares of the dead have come back, exactly as many have begun, and the counter is the facts."""

import asyncio
import collections
import json
import random
import resource
import uuid

from fleet import Client, Site, need, node, publish, row, say, until

PROCESSES, WORKERS, STARTS = 4, 2, 2_000
LIMIT, USED = 1_000, 900
# Of a disturbed run: an API process and a worker by turns are killed, once so many starts were answered.
KILLS_AT = (20, 40, 80, 160, 320, 640)
# Tries of a request that gets no answer, each at another process.
TRIES = 50
ANSWER_TIME_S = 120
PAUSE_S = 0.2
dice = random.Random(1)


async def post(url, key, body, idempotency_key):
    """Status and headers of the answer to a start, on a connection of its own; none if there is no answer."""
    host, port = url.removeprefix("http://").split(":")
    text = json.dumps(body).encode()
    head = (
        f"POST /api/v1/executions HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n"
        f"Idempotency-Key: {idempotency_key}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(ANSWER_TIME_S):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(head.encode() + text)
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return None
    first, _, rest = answer.partition(b"\r\n")
    return (int(first.split()[1]), rest.lower()) if first else None


class Ground:
    """Four API processes and two workers, of which some are killed."""

    def __init__(self, site):
        self.site = site
        self.servers = [site.serve() for _ in range(PROCESSES)]
        self.workers = [site.worker() for _ in range(WORKERS)]
        self.answers = self.kills = 0

    def kill_one(self):
        """Kills an API process and a worker by turns; another one takes its place."""
        kind, start = ((self.servers, self.site.serve), (self.workers, self.site.worker))[self.kills % 2]
        at = dice.randrange(len(kind))
        kind[at].kill()
        kind[at] = start()
        self.kills += 1

    async def start(self, number, key, body, idempotency_key):
        """Status of a start. What is not answered is sent again, with its key, to another process, as good clients do."""
        for again in range(TRIES):
            answer = await post(self.servers[(number + again) % PROCESSES].ready["url"], key, body, idempotency_key)
            if answer:
                need(answer[0] != 429 or b"retry-after:" in answer[1], "a refusal does not say when to come again")
                self.answers += 1
                return answer[0]
            await asyncio.sleep(PAUSE_S)
        raise SystemExit(f"a start was not answered in {TRIES} tries")

    async def start_all(self, key, workflow_id, names, kills_at=()):
        """Statuses of starts under these names, all at once, while processes are killed."""

        async def disturb():
            for answers in kills_at:
                while self.answers < begun + answers:
                    await asyncio.sleep(0)
                await asyncio.to_thread(self.kill_one)

        begun, body = self.answers, {"workflow_id": workflow_id, "input": {}}
        kept = asyncio.create_task(disturb())
        statuses = await asyncio.gather(*(self.start(number, key, body, name) for number, name in enumerate(names)))
        await kept
        return statuses


class Tenant:
    def __init__(self, ground, slug, buffer):
        self.ground, self.slug = ground, slug
        self.key = ground.site.workspace(slug)
        limit = f"executions_per_month={LIMIT}"
        ground.site.command("plan", "set", "--workspace", slug, "--limit", limit, "--buffer", str(buffer))
        self.hard = LIMIT + LIMIT * buffer // 100
        self.workspace_id = ground.site.sql(f"SELECT workspace_id FROM workspaces WHERE slug = '{slug}'")[0]
        url = ground.servers[0].ready["url"]
        self.workflow_id = publish(Client(self.key), url, "metered", row(node("a", "debug.noop", {})))

    def start_all(self, names, kills_at=()):
        statuses = asyncio.run(self.ground.start_all(self.key, self.workflow_id, names, kills_at))
        counts = collections.Counter(statuses)
        need(set(counts) <= {202, 429}, f"starts were answered {counts}")
        return counts[202], counts[429], [name for name, status in zip(names, statuses) if status == 429]

    def count(self, of):
        return self.ground.site.count(f"{of} workspace_id = '{self.workspace_id}'")

    def facts(self):
        return self.count("executions WHERE")

    def counter(self):
        told = f"SELECT sum(granted) FROM quota_counters WHERE meter = 'executions' AND workspace_id = '{self.workspace_id}'"
        return int(self.ground.site.sql(told)[0])

    def settle(self):
        """Waits until no process holds a share any more; the counter is the facts then."""
        until(lambda: self.count("quota_slices WHERE") == 0, "shares to come back")
        facts, counter = self.facts(), self.counter()
        need(facts == counter, f"{self.slug}: the counter says {counter}, and there are {facts} executions")
        return facts

    def events(self, kind):
        return self.count(f"events WHERE type = 'quota.{kind}' AND")


def names(count, prefix):
    return [f"{prefix}-{number}-{uuid.uuid4()}" for number in range(count)]


def used(ground, slug, buffer):
    """A workspace that has used up 900."""
    tenant = Tenant(ground, slug, buffer)
    started, refused, _ = tenant.start_all(names(USED, "before"))
    need((started, refused, tenant.events("soft")) == (USED, 0, 0), f"{slug}: {started} started and {refused} were refused at first")
    return tenant


def calm(ground, slug, buffer):
    tenant = used(ground, slug, buffer)
    started, refused, _ = tenant.start_all(names(STARTS, "now"))
    facts = tenant.settle()
    told = {"started": started, "refused": refused, "soft": tenant.events("soft"), "exceeded": tenant.events("exceeded")}
    begun = tenant.hard - USED
    need(told == {"started": begun, "refused": STARTS - begun, "soft": 1, "exceeded": 1}, f"{slug}: {told}")
    need(facts == tenant.hard, f"{slug}: {facts} executions")
    return told


def disturbed(ground, slug, buffer):
    tenant = used(ground, slug, buffer)
    started, _, refused = tenant.start_all(names(STARTS, "now"), KILLS_AT)
    most = tenant.facts()
    need(most <= tenant.hard, f"{slug}: {most} executions were let in")
    tenant.settle()
    # What the dead held is there for others. Of those that were refused some may have begun before their process died: then again is once.
    rounds = 0
    while tenant.facts() < tenant.hard:
        rounds += 1
        need(rounds <= TRIES, f"{slug}: {tenant.facts()} executions, and no more begin")
        again, _, refused = tenant.start_all(refused)
        started += again
        tenant.settle()
    facts = tenant.settle()
    need(facts == tenant.hard, f"{slug}: {facts} executions")
    late, _, _ = tenant.start_all(names(20, "late"))
    need((late, tenant.events("soft")) == (0, 1), f"{slug}: {late} began beyond the limit, {tenant.events('soft')} events")
    until(lambda: tenant.count("executions WHERE ended_at IS NULL AND") == 0, "all executions to end")
    return {"started": facts - USED, "acknowledged": started, "at_first": most - USED, "kills": ground.kills}


def main():
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (room, room))
    with Site() as site:
        ground = Ground(site)
        told = {"buffer": calm(ground, "buffer", 20)}
        say("300 of 2,000 began, and 1,700 were refused")
        told["no_buffer"] = calm(ground, "none", 0)
        say("without a buffer 100 began, and 1,900 were refused")
        told["killed"] = disturbed(ground, "killed", 20)
        say("with API processes and workers killed, 300 began, no more and no fewer")
        for process in ground.servers + ground.workers:
            process.end()
    print(json.dumps({"processes": PROCESSES, "starts": STARTS} | told))


main()
