"""Runs the services of deploy/compose.yaml in roots: in the order of their conditions, with their environment, volumes and rights, over a
loopback of their own. An operator's verbs make a workspace, an execution completes, and all end as they are told to. Loaded by
`scripts/deploy.sh`."""

import base64
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import yaml

FOLDER = pathlib.Path(os.environ["DEPLOY_FOLDER"])
IMAGE = json.loads((FOLDER / "image.json").read_text(encoding="utf-8"))
PATIENCE_S, LOOK_EVERY_S = 120, 0.2
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SIGNAL = getattr(signal, IMAGE["stopsignal"])
# Of what the image of PostgreSQL does before it serves: a cluster with the user, password and database that its environment names.
PREPARE = """set -e
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
printf %s "$POSTGRES_PASSWORD" >/tmp/password
initdb -D "$PGDATA" -U "$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --pwfile=/tmp/password >/dev/null
pg_ctl -D "$PGDATA" -o "-c listen_addresses= -k /tmp" -w start >/dev/null
createdb -h /tmp -U "$POSTGRES_USER" --maintenance-db postgres "$POSTGRES_DB"
pg_ctl -D "$PGDATA" -w stop >/dev/null
"""


def need(condition, text):
    if not condition:
        raise SystemExit(f"deploy: {text}")


def until(look, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        need(time.monotonic() < deadline, f"waited in vain for {what}")
        time.sleep(LOOK_EVERY_S)
    return found


def compose():
    """The services, with what their environment asks for filled in."""
    given = {"POSTGRES_PASSWORD": secrets.token_hex(16), "CAPSTAN_SECRET_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}"}
    text = pathlib.Path("deploy/compose.yaml").read_text(encoding="utf-8")

    def value(found):
        name, kind, default = found[1], found[2], found[3]
        need(name in given or kind == ":-", f"the compose file wants {name}, which this script does not set")
        return given.get(name, default)

    return yaml.safe_load(re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value, text))


class Container:
    """A command in a root, as a service says: its user, its rights, its environment, its volumes."""

    def __init__(self, service, root, user, command, **env):
        volumes = [entry.split(":") for entry in service.get("volumes", [])]
        is_read_only = service.get("read_only", False)
        steps = ["set -e", 'mount --bind "$ROOT" "$ROOT"', 'mount -t proc proc "$ROOT/proc"', 'mount --rbind /dev "$ROOT/dev"']
        for name, place in volumes:
            (FOLDER / "volumes" / name).mkdir(parents=True, exist_ok=True)
            steps.append(f'mkdir -p "$ROOT{place}"; mount --bind "{FOLDER}/volumes/{name}" "$ROOT{place}"')
        steps += [f'mount -t tmpfs tmpfs "$ROOT{place}"' for place in service.get("tmpfs", [])]
        steps += ['mount -o remount,bind,ro "$ROOT"'] if is_read_only else []
        steps += [f"ulimit -n {files}" for files in service.get("ulimits", {}).values()]
        rights = ["--reuid", user[0], "--regid", user[1], "--clear-groups"]
        rights += ["--bounding-set", "-all", "--inh-caps", "-all"] if service.get("cap_drop") == ["ALL"] else []
        rights += ["--no-new-privs"] if "no-new-privileges:true" in service.get("security_opt", []) else []
        settings = [f"{name}={text}" for name, text in ({"PATH": PATH} | service.get("environment", {}) | env).items()]
        words = ["unshare", "--mount", "sh", "-c", "; ".join(steps) + '; exec chroot "$ROOT" "$@"', "container"]
        words += ["setpriv", *rights, "env", "-i", *settings, *command]
        self.child = subprocess.Popen(words, env={"PATH": PATH, "ROOT": str(root)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        grace = service.get("stop_grace_period", "10s")
        self.grace_s = int(grace[:-1]) * {"s": 1, "m": 60}[grace[-1]]

    def result(self):
        """What it has said, once it has ended well."""
        out, _ = self.child.communicate(timeout=PATIENCE_S)
        need(self.child.returncode == 0, f"{self.child.args[-4:]} ended with {self.child.returncode}: {out.decode()}")
        return out.decode()

    def stop(self, how=SIGNAL):
        """As `compose stop` does it: what is not gone in time would be killed."""
        self.child.send_signal(how)
        status = self.child.wait(self.grace_s)
        need(status == 0, f"{self.child.args[-4:]} ended with {status} when it was told to stop")


class Installation:
    def __init__(self, services):
        self.services, self.image, self.running = services, FOLDER / "image", []
        self.uid = IMAGE["user"].split(":")

    def ours(self, name, command=None):
        """A container of our image."""
        command = IMAGE["entrypoint"] + (command or self.services[name].get("command") or IMAGE["cmd"])
        return Container(self.services[name], self.image, self.uid, command, **IMAGE["env"])

    def sh(self, name, text):
        return Container(self.services[name], self.image, self.uid, ["sh", "-c", text], **IMAGE["env"])

    def look_at_rights(self):
        """Of the processes in our image: a user of their own, no capability, no way to get one, a root that nobody writes to."""
        look = "id -u; id -un; grep -E '^(CapBnd|CapEff|NoNewPrivs)' /proc/self/status; touch /written 2>/dev/null && echo written; true"
        who = self.sh("serve", look).result().splitlines()
        nothing = "0" * 16
        expected = [self.uid[0], "capstan", f"CapEff:\t{nothing}", f"CapBnd:\t{nothing}", "NoNewPrivs:\t1"]
        need(who == expected, f"processes in the image are {who}")

    def database(self):
        service, root = self.services["postgres"], FOLDER / "database"
        data = dict(entry.split(":")[::-1] for entry in service["volumes"])
        [place] = data
        uid = [line.split(":")[2:4] for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("postgres:")][0]
        folder = FOLDER / "volumes" / data[place]
        folder.mkdir(parents=True)
        shutil.chown(folder, int(uid[0]), int(uid[1]))
        folder.chmod(0o700)
        Container(service, root, uid, ["sh", "-c", PREPARE], PGDATA=place).result()
        bins = next((root / "usr/lib/postgresql").glob("*/bin")).relative_to(root)
        # The image listens on all addresses and takes passwords from them.
        command = [f"/{bins}/{service['command'][0]}", *service["command"][1:], "-D", place, "-c", "listen_addresses=*", "-k", "/tmp"]
        server = Container(service, root, uid, command)
        check = service["healthcheck"]["test"]
        need(check[0] == "CMD", "the health of the database is asked otherwise than this script knows")
        until(lambda: Container(service, root, uid, [f"/{bins}/{check[1]}", *check[2:]]).child.wait() == 0, "the database to be healthy")
        return server


def ask(path, body=None, key=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"http://127.0.0.1:7400{path}", json.dumps(body).encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def execute(key):
    """Publishes a workflow and has it run to its end."""
    graph = {"nodes": [{"id": "start", "type": "trigger.manual", "data": {"config": {}}}], "edges": []}
    status, made = ask("/api/v1/workflows", {"name": "first", "graph": graph}, key)
    need(status == 201, f"no workflow was made: {made}")
    status, told = ask(f"/api/v1/workflows/{made['id']}/publish", {"note": "first"}, key)
    need(status in (200, 201), f"it was not published: {told}")
    status, started = ask("/api/v1/executions", {"workflow_id": made["id"], "input": {}}, key)
    need(status == 202, f"nothing started: {started}")
    until(lambda: ask(f"/api/v1/executions/{started['id']}", key=key)[1]["status"] == "completed", "the execution to complete")


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["rm", "-rf", str(FOLDER / "volumes")], check=True)
    services = compose()["services"]
    for root in ("image", "database"):
        (FOLDER / root / "etc/hosts").write_text("127.0.0.1 localhost postgres\n")
    here = Installation(services)
    # A volume that is empty takes over what the image has at its place.
    shutil.copytree(here.image / "var/lib/capstan", FOLDER / "volumes/state")
    for folder in (FOLDER / "volumes/state", FOLDER / "volumes/state/black-boxes"):
        shutil.chown(folder, int(here.uid[0]), int(here.uid[1]))
    database = here.database()
    here.look_at_rights()
    here.ours("migrate").result()
    serve, worker = here.ours("serve"), here.ours("worker")
    until(lambda: ask("/readyz")[0] == 200, "the API to be ready")
    here.ours("serve", ["--json", "workspace", "create", "acme"]).result()
    key = json.loads(here.ours("serve", ["--json", "key", "create", "--workspace", "acme"]).result().splitlines()[-1])["key"]
    execute(key)
    doctor = here.ours("serve", ["--json", "doctor"])
    out, _ = doctor.child.communicate(timeout=PATIENCE_S)
    bad = [check for check in json.loads(out.splitlines()[-1])["checks"] if check["state"] == "fail"]
    need(not bad, f"capstan doctor finds {bad}")
    need(any((FOLDER / "volumes/state/black-boxes").iterdir()), "the worker has no black box in its volume")
    worker.stop()
    serve.stop()
    # PostgreSQL's image is stopped by SIGINT: at once, but in order.
    database.stop(signal.SIGINT)
    version = (FOLDER / "image/etc/debian_version").read_text(encoding="utf-8").strip()
    print(json.dumps({"steps": IMAGE["steps"], "from": IMAGE["from"], "debian": version, "services": len(services), "images_built": 0}))


main()
