"""Real processes of Capstan around a database of their own, and clients that speak to them. Loaded by `scripts/processes.sh`."""

import base64
import concurrent.futures
import contextlib
import glob
import http.client
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

BINARY, SERVER = os.environ["CAPSTAN_BINARY"], os.environ["CAPSTAN_TEST_POSTGRES_URL"]
FOLDER = pathlib.Path(os.environ["PROCESSES_FOLDER"])
# Longest that anything here may take; reaching it is a failure.
PATIENCE_S = 300
LOOK_EVERY_S = 0.1
REQUEST_TIME_S = 60
# What a process may need after SIGTERM: its drain, and some room.
END_TIME_S = 60


def say(text):
    print(text, file=sys.stderr, flush=True)


def need(condition, text):
    """Fails with the text unless the condition holds; `assert` would go away with `-O`."""
    if not condition:
        raise SystemExit(text)


def until(look, what):
    """Waits until `look` gives something true, and gives it back."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        need(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(LOOK_EVERY_S)
    return found


def side_by_side(count, work, items):
    """Runs `work` for each item in so many threads, and gives the results in order; the first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, items))


def new_secret_key(name):
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def postgres_program(name):
    """Of the newest PostgreSQL that is installed, else of the path."""
    folders = [os.environ.get("CAPSTAN_POSTGRES_BIN", "")]
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]), reverse=True)
    found = (f"{folder}/{name}" for folder in folders if folder and os.access(f"{folder}/{name}", os.X_OK))
    return next(found, name)


class Process:
    """A running process; what it says goes to files of its own."""

    number = 0

    def __init__(self, args, env):
        Process.number += 1
        self.name = f"{args[0]}-{Process.number}"
        self.errors = FOLDER / f"{self.name}.err"
        with open(self.errors, "wb") as errors:
            command = [BINARY, "--json", *args]
            self.child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        line = self.child.stdout.readline()
        need(line, f"{self.name} ended before it was ready, see {self.errors}")
        self.ready = json.loads(line)
        # Whatever it says later is kept, too.
        threading.Thread(target=self.keep, args=(line,), daemon=True).start()

    def keep(self, line):
        with open(FOLDER / f"{self.name}.out", "wb") as out:
            while line:
                out.write(line)
                out.flush()
                line = self.child.stdout.readline()

    def kill(self):
        """As `kill -9`."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(END_TIME_S)

    def end(self):
        """As an operator stops it: it has to end well."""
        self.child.send_signal(signal.SIGTERM)
        status = self.child.wait(END_TIME_S)
        need(status == 0, f"{self.name} ended with {status} after SIGTERM, see {self.errors}")


class Site:
    """An installation that an operator has set up by commands. Ends all its processes when it is left."""

    def __init__(self, **env):
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.env = keep | {"DATABASE_URL": SERVER, "CAPSTAN_LOG": "error", "CAPSTAN_BLACK_BOXES": str(FOLDER / "boxes")} | env
        self.processes = []
        self.command("migrate")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.child.poll() is None:
                process.child.kill()

    def command(self, *args, given="", **env):
        """Result of a command that has to end well; it is given a text."""
        words = [BINARY, "--json", *args, "--allow-unsafe-database"]
        done = subprocess.run(words, env=self.env | env, input=given.encode(), capture_output=True, timeout=PATIENCE_S, check=False)
        need(done.returncode == 0, f"{args} ended with {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
        return json.loads(done.stdout.splitlines()[-1])

    def workspace(self, slug):
        """Makes it, and a key for it."""
        self.command("workspace", "create", slug)
        return self.command("key", "create", "--workspace", slug)["key"]

    def start(self, *args, **env):
        process = Process([*args, "--allow-unsafe-database"], self.env | env)
        self.processes.append(process)
        return process

    def serve(self, **env):
        return self.start("serve", "--listen", "127.0.0.1:0", **env)

    def worker(self, **env):
        return self.start("worker", **env)

    def sql(self, query):
        """The only column of the rows of a query, as text."""
        command = [postgres_program("psql"), "-XAtqc", f"SET search_path = cell_1, control; {query}", SERVER]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
        need(done.returncode == 0, f"{query}: {done.stderr.decode()}")
        return done.stdout.decode().splitlines()

    def count(self, query):
        return int(self.sql(f"SELECT count(*) FROM {query}")[0])


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:500].decode(errors='replace')}"


class Client:
    """Speaks to processes with a key, each request over a connection of its own. `tape` hears all answers; `source` is the address that
    requests come from."""

    def __init__(self, key=None, tape=None, source=None):
        self.key, self.tape, self.source = key, tape, source

    def ask(self, url, method, path, body=None, **headers):
        """What is answered; `OSError` or `HTTPException` if nothing is."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"Connection": "close"}
        sent |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        source = (self.source, 0) if self.source else None
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=REQUEST_TIME_S, source_address=source)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        if self.tape:
            self.tape(f"{answer.status} {path}\n{answer.headers}\n".encode() + answer.body + b"\n")
        return answer

    def well(self, url, method, path, body=None, **headers):
        """The same; a status that is not one of success fails."""
        answer = self.ask(url, method, f"/api/v1{path}", body, **headers)
        need(200 <= answer.status < 300, f"{method} {path}: {answer}")
        return answer.json() if answer.body else None


def node(name, kind, config):
    return {"id": name, "type": kind, "data": {"config": config}}


def row(*nodes):
    """A graph of nodes in a row, started by hand."""
    names = ["start", *(one["id"] for one in nodes)]
    edges = [{"id": f"e{at}", "source": one, "target": other} for at, (one, other) in enumerate(zip(names, names[1:]))]
    return {"nodes": [node("start", "trigger.manual", {}), *nodes], "edges": edges}


def publish(client, url, name, graph):
    """Id of a new workflow that can be started."""
    workflow_id = client.well(url, "POST", "/workflows", {"name": name, "graph": graph})["id"]
    client.well(url, "POST", f"/workflows/{workflow_id}/publish", {})
    return workflow_id
