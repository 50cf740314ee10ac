"""Secrets of 8 to 4,096 characters are sent by steps to a server that gives them away in every form, in executions that fail, while all
processes log at the level debug and export their traces. Then they are looked for in a dump of the database, in what processes have
said, in traces, in exports, and in all that the API answers: raw, as base64, base64url, percent-encoded, escaped for JSON and more, whole
and in pieces, and across lines of logs. So that the search is known to find, values that are no secrets are printed where each can be,
and have to be found there. `CANARY_SECRETS` (1,000) says how many."""

import json
import os
import re
import subprocess
import threading
import uuid

from echo import Collector, Echo
from fleet import FOLDER, SERVER, Client, Site, need, new_secret_key, node, postgres_program, publish, row, say, side_by_side, until
from forms import Search, forms, secret

SECRETS = int(os.environ.get("CANARY_SECRETS", "1000"))
WORKSPACES, AT_ONCE = 4, 6
# What no step gets from a credential, so that nothing takes it out: a value that differs in each form, one that is printed as two lines,
# ids of a request and of its trace.
PRINTED = "~&~'0~ '\\/ß=/0== %+'~Z'+~%\"Z~/<+<\"'%Za%%x"
SPLIT, REQUEST_ID, TRACE_ID = uuid.uuid4().hex[:24], f"control-{uuid.uuid4()}", uuid.uuid4().hex
# Where they have to be found.
CONTROLS = {
    "database": {"printed"},
    "lines": {"printed", "split"},
    "logs": {"request", "trace"},
    "traces": {"trace"},
    "exports": {"printed"},
    "answers": {"printed"},
}
PERSON = "ada@canary.example"
BYTEA = re.compile(rb"\\x((?:[0-9a-f]{2})+)")
ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Tape:
    """A file that hears from many threads."""

    def __init__(self, name):
        self.path, self.lock = FOLDER / name, threading.Lock()
        self.file = open(self.path, "wb")

    def __call__(self, some):
        with self.lock:
            self.file.write(some)
            self.file.flush()


class Tenant:
    def __init__(self, site, urls, number, tape):
        self.site, self.urls, self.slug = site, urls, f"acme{number}"
        self.client = Client(site.workspace(self.slug), tape)
        self.executions = []

    def well(self, at, *args, **headers):
        return self.client.well(self.urls[at % len(self.urls)], *args, **headers)

    def run(self, number, graph, **headers):
        workflow_id = publish(self.client, self.urls[number % len(self.urls)], f"canary {number}", graph)
        started = self.well(number, "POST", "/executions", {"workflow_id": workflow_id, "input": {"of": PERSON}}, **headers)
        self.executions.append(started["id"])

    def canary(self, number, text, echo):
        """Keeps a secret, and starts an execution that gets it back and then fails over it."""
        fields = [{"token": text}, {"username": "u" * (1 + number % 5), "password": text}, {"query": {"key": text}}][number % 3]
        kind, name = ["bearer", "basic", "custom"][number % 3], f"canary-{number}"
        wish = {"name": name, "type": kind, "allowed_hosts": [f"http://{echo.address}"], "fields": fields}
        self.well(number, "POST", "/credentials", wish)

        def call(at, path):
            return node(at, "action.http_request", {"url": f"http://{echo.address}{path}", "credential": name, "success": [200]})

        self.run(number, row(call("good", "/echo"), call("bad", "/fail")))

    def control(self):
        """An execution that prints what nobody has said to be a secret."""
        texts = [*forms(PRINTED).values(), SPLIT[:12], SPLIT[12:]]
        lines = [node(f"log{at:02}", "debug.log", {"message": text}) for at, text in enumerate(texts)]
        trace = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
        self.run(0, row(*lines, node("bad", "debug.fail", {})), x_request_id=REQUEST_ID, traceparent=trace)


def wait(site):
    """Until all executions have failed, as they should."""
    until(lambda: site.count("executions WHERE ended_at IS NULL") == 0, "all executions to end")
    ends = site.sql("SELECT DISTINCT status || ' ' || coalesce(error ->> 'class', '') FROM executions")
    need(all(end.startswith("failed") for end in ends), f"executions have ended {ends}")


def dump(path):
    """All rows of all tables as a dump has them, without its escapes, and bytes as such."""
    command = [postgres_program("pg_dump"), "--data-only", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as dumping, open(path, "wb") as out:
        for line in dumping.stdout:
            plain = re.sub(rb"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), line)
            out.write(plain)
            for found in BYTEA.finditer(plain):
                out.write(bytes.fromhex(found[1].decode()) + b"\n")
    need(dumping.returncode == 0, "pg_dump failed")


def export(tenants, path):
    """Of workspaces by the command, of a person by a job, and of the audit log."""
    with open(path, "wb") as out:
        for tenant in tenants:
            words = [os.environ["CAPSTAN_BINARY"], "workspace", "export", tenant.slug, "--allow-unsafe-database"]
            out.write(subprocess.run(words, env=tenant.site.env, capture_output=True, check=True).stdout)
            job = f"/person-jobs/{tenant.well(0, 'POST', '/person-jobs', {'kind': 'export', 'email': PERSON})['id']}"
            until(lambda: tenant.well(0, "GET", job)["status"] == "completed", "the export of a person")
            address = f"/api/v1{job}/lines"
            while address:
                answer = tenant.client.ask(tenant.urls[0], "GET", address)
                need(answer.status == 200, f"{address}: {answer}")
                out.write(answer.body)
                leads_on = re.search(r"<([^>]+)>", answer.headers.get("Link", ""))
                address = leads_on and leads_on[1]
            answer = tenant.client.ask(tenant.urls[0], "GET", "/api/v1/audit/export")
            need(answer.status in (200, 404), f"the audit log: {answer}")
            out.write(answer.body)


def pages(tenant, path):
    """Reads all pages of a list."""
    cursor = ""
    while cursor is not None:
        page = tenant.well(0, "GET", f"{path}{'&' if '?' in path else '?'}limit=100{cursor}")
        yield from page["items"]
        cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None


def read_all(tenant):
    """Asks for all that the API tells of executions, workflows and credentials; the tape hears it. What lines of a log come to, joined."""
    operations = tenant.well(0, "GET", "/openapi.json")["paths"]
    # The events of an execution that has ended have an end, those of a workspace have none.
    is_read = [path for path, ways in operations.items() if "get" in ways and path != "/stream"]
    ids = {"execution_id": tenant.executions}
    ids["credential_id"] = [one["id"] for one in pages(tenant, "/credentials")]
    ids["workflow_id"] = [one["id"] for one in pages(tenant, "/workflows")]
    for path in ("/executions", "/audit"):
        for _ in pages(tenant, path):
            pass
    wanted = [path for path in is_read if "{" not in path and not path.startswith(("/platform", "/openapi"))]
    for name, known in ids.items():
        of_it = [path for path in is_read if re.findall("{([^}]+)}", path) == [name]]
        wanted += [path.replace(f"{{{name}}}", one) for path in of_it for one in known]
    answers = side_by_side(AT_ONCE, lambda path: tenant.client.ask(tenant.urls[0], "GET", f"/api/v1{path}"), wanted)
    bad = [f"{path}: {answer}" for path, answer in zip(wanted, answers) if answer.status >= 500]
    need(not bad, f"{bad[:3]}")
    return len(answers)


def join_lines(site, path):
    """The lines that each step has logged, one directly after the other."""
    joined = "SELECT to_json(string_agg(message, '' ORDER BY created_at, log_id)) FROM execution_logs GROUP BY execution_id"
    with open(path, "w", encoding="utf-8") as out:
        for line in site.sql(joined):
            out.write(json.loads(line) + "\n")


def main():
    secrets = {number: secret(number, SECRETS) for number in range(SECRETS)}
    echo, collector, tape = Echo(), Collector(FOLDER / "traces"), Tape("answers")
    env = {
        "CAPSTAN_LOG": "debug",
        "CAPSTAN_ALLOW_PRIVATE": echo.address,
        "CAPSTAN_SECRET_KEYS": new_secret_key("canary"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.address}",
    }
    with Site(CAPSTAN_SECRET_KEYS=env["CAPSTAN_SECRET_KEYS"]) as site:
        servers = [site.serve(**env, OTEL_EXPORTER_OTLP_PROTOCOL="http/json"), site.serve(**env, CAPSTAN_LOG_FORMAT="json")]
        workers = [site.worker(**env, OTEL_EXPORTER_OTLP_PROTOCOL="http/json"), site.worker(**env, CAPSTAN_LOG_FORMAT="json")]
        tenants = [Tenant(site, [server.ready["url"] for server in servers], number, tape) for number in range(WORKSPACES)]
        work = lambda number: tenants[number % WORKSPACES].canary(number, secrets[number], echo)
        side_by_side(AT_ONCE, work, range(SECRETS))
        tenants[0].control()
        wait(site)
        need(echo.heard == set(secrets.values()), f"{len(echo.heard)} of {SECRETS} secrets were sent")
        say(f"{SECRETS} executions have failed over their secrets")
        reads = sum(read_all(tenant) for tenant in tenants)
        export(tenants, FOLDER / "exports")
        # Their ends send what is left of the traces.
        for process in workers + servers:
            process.end()
        dump(FOLDER / "rows")
        join_lines(site, FOLDER / "joined")
    judge(secrets, collector, tape, reads)


def judge(secrets, collector, tape, reads):
    places = {
        "database": [FOLDER / "rows"],
        "lines": [FOLDER / "joined"],
        # With what workers note of what they run.
        "logs": [*FOLDER.glob("*.err"), *FOLDER.glob("*.out"), *(file for file in FOLDER.glob("boxes/**/*") if file.is_file())],
        "traces": [collector.path],
        "exports": [FOLDER / "exports"],
        "answers": [tape.path],
    }
    search = Search(secrets, FOLDER / "needles")
    controls = Search({"printed": PRINTED, "split": SPLIT, "request": REQUEST_ID, "trace": TRACE_ID}, FOLDER / "controls")
    told, found = {}, []
    for place, files in places.items():
        hits = search.find(*files)
        found += [f"secret {number}, {len(secrets[number])} characters, is in {place} as {form}" for number, form in hits]
        controlled = {what for what, _ in controls.find(*files)}
        told[place] = {"bytes": sum(file.stat().st_size for file in files), "controls": sorted(controlled)}
        found += [f"the search does not find what is printed in {place}: {what}" for what in CONTROLS[place] - controlled]
    told_forms = {form for what, form in controls.find(FOLDER / "rows") if what == "printed"}
    found += [f"the search does not find the form {form}" for form in set(forms(PRINTED)) - told_forms]
    for line in found[:20]:
        say(line)
    print(json.dumps({"secrets": len(secrets), "found": len(found), "reads": reads, "searched": told}))
    raise SystemExit(bool(found))


main()
