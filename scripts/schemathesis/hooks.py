"""What schemathesis has to know of Capstan: who sends a request, sound graphs, ids of what there is. Loaded by `scripts/schemathesis.sh`."""

import atexit
import collections
import json
import os
import random
import re
import threading
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL, KEY, FOLDER = (os.environ[name] for name in ("CAPSTAN_URL", "CAPSTAN_KEY", "SCHEMATHESIS_FOLDER"))
PEOPLE = {"user": ("user@example.com", "acme"), "admin": ("admin@example.com", None)}
PASSWORD, COOKIE = os.environ["CAPSTAN_PASSWORD"], "__Host-capstan"
# Ids of one kind that are remembered, the newest.
IDS_MAX = 40
# Of ten path parameters that may be anything, so many name what there is.
KNOWN_OF_TEN = 8
# Settings of the platform that are no limits of this run.
SETTINGS = ("notice", "support_address")
# Operations whose body has a graph.
WITH_GRAPH = {"createWorkflow", "saveDraft", "validateGraph"}
# How paths of lists and of what was made name the ids of their items.
NAMES = {
    "/bulk-jobs": "job_id",
    "/credentials": "credential_id",
    "/executions": "execution_id",
    "/hook-secrets": "hook_secret_id",
    "/invitations": "invitation_id",
    "/keys": "key_id",
    "/leads": "lead_id",
    "/members": "user_id",
    "/person-jobs": "person_job_id",
    "/platform/database-servers": "server_id",
    "/platform/tenants": "workspace_id",
    "/records": "record_id",
    "/rules": "rule_id",
    "/schedules": "schedule_id",
    "/sessions": "session_id",
    "/webhook-deliveries": "delivery_id",
    "/webhook-endpoints": "endpoint_id",
    "/workflows": "workflow_id",
}

dice = random.Random(int(os.environ.get("SCHEMATHESIS_SEED", "1")))
with open(f"{FOLDER}/graphs.jsonl", encoding="utf-8") as lines:
    graphs = [json.loads(line) for line in lines]
known = collections.defaultdict(lambda: collections.deque(maxlen=IDS_MAX))
tags = {}
versions = {}
lock = threading.Lock()
counts = collections.Counter()
found = collections.Counter()


def log_in(who):
    """The token of a session of its own. The client's address is another one each time: wrong tries of others do not count for it."""
    email, workspace = PEOPLE[who]
    body = {"email": email, "password": PASSWORD} | ({"workspace": workspace} if workspace else {})
    answer = requests.post(f"{URL}/api/v1/session", json=body, headers={"X-Forwarded-For": address()}, timeout=30)
    answer.raise_for_status()
    return re.search(f"{COOKIE}=([^;]+)", answer.headers["Set-Cookie"])[1]


def address():
    return ".".join(str(dice.randrange(1, 250)) for _ in range(4))


sessions = {who: log_in(who) for who in PEOPLE}


def kept():
    """What the run itself hangs on: never deleted, revoked or suspended by it."""
    headers = {"Authorization": f"Bearer {KEY}"}
    get = lambda path, headers: requests.get(f"{URL}/api/v1{path}", headers=headers, timeout=30).json()
    admin = {"Cookie": f"{COOKIE}={sessions['admin']}"}
    ids = {item["id"] for item in get("/keys", headers)["items"]}
    ids |= {item["user_id"] for item in get("/members", headers)["items"]}
    return ids | {item["id"] for item in get("/platform/tenants", admin)["items"]}


KEPT = kept()


def schemes(operation):
    return {name for way in operation.definition.raw["security"] for name in way}


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """A key where one is taken, else the session of a person, of the platform below `/platform`; nothing for public routes."""

    def get(self, case, context):
        taken = schemes(context.operation)
        if not taken:
            return None
        if "bearer" in taken:
            return ("Authorization", f"Bearer {KEY}") if dice.random() < 0.8 else ("X-Api-Key", KEY)
        platform = case.path.startswith(("/platform", "/workspaces", "/operations"))
        return ("Cookie", f"{COOKIE}={sessions['admin' if platform else 'user']}")

    def set(self, case, data, context):
        case.headers[data[0]] = data[1]


def is_negative_at(case, location):
    return case.meta is not None and case.meta.is_negative_at(location)


def fresh(prefix=""):
    return f"{prefix}{dice.getrandbits(48):x}"


# What a field of that name may well be, where the schema says no more than that it is text or a number.
GOOD = {
    "comment": lambda: "as agreed",
    "cron": lambda: "0 9 * * 1-5",
    "email": lambda: f"{fresh('ada-')}@example.com",
    "for": lambda: "1 min",
    "label": lambda: "Colour",
    "name": lambda: fresh("Some name "),
    "password": lambda: "horse battery correct",
    "reason": lambda: "it is a test",
    "secret": lambda: "s" * 40,
    "slots_max": lambda: dice.randrange(100, 1000),
    "slug": lambda: fresh("tenant-"),
    "text": lambda: "called back",
    "time_zone": lambda: "Europe/Zurich",
    "timeout_ms": lambda: 60_000,
    "types": lambda: ["*"],
    # Nothing leaves this machine: the name has no address.
    "url": lambda: "https://receiver.invalid/hook",
    "wait": lambda: "1ms",
}


def polish(fields):
    for name, value in fields.items():
        if name in GOOD and type(value) is type(good := GOOD[name]()) and dice.random() < 0.8:
            fields[name] = good


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers["X-Forwarded-For"] = address()
    spare(case)
    operation = case.operation.definition.raw.get("operationId")
    if case.meta is None or case.meta.phase.name.value == "stateful":
        return
    if not is_negative_at(case, ParameterLocation.PATH):
        choose_ids(case.path_parameters)
    if not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in case.headers and dice.random() < 0.95:
        case.headers["Idempotency-Key"] = fresh()
    query = {name: value for name, value in case.query.items() if name not in {"cursor", "status"} or dice.random() < 0.2}
    polish(query)
    if "cursor" in query and known[f"cursors of {case.path}"]:
        query["cursor"] = dice.choice(known[f"cursors of {case.path}"])
    case.query = query
    if isinstance(case.body, dict):
        fill(operation, case)


def spare(case):
    """What the run hangs on is not deleted, suspended, archived or taken away, wherever its id was learned, nor are its limits set. Most
    workflows stay, as other requests are about them; what a scenario has deleted it does not restore, as it looks whether that stays deleted."""
    if case.path == "/workflows/{workflow_id}" and case.method == "DELETE" and dice.random() < 0.8:
        case.path_parameters["workflow_id"] = str(uuid.uuid4())
    if case.path.startswith("/deleted-") and case.meta is not None and case.meta.phase.name.value == "stateful":
        for name in case.path_parameters:
            case.path_parameters[name] = str(uuid.uuid4())
    if case.path == "/platform/settings/{name}" and case.method == "PUT":
        case.path_parameters["name"] = dice.choice(SETTINGS)
    if case.method == "DELETE" or case.path.endswith(("/suspend", "/archive", "/pages")):
        for name, value in case.path_parameters.items():
            if value in KEPT:
                case.path_parameters[name] = str(uuid.uuid4())


def choose_ids(parameters):
    """Has most requests name what there is; a version is one of its workflow."""
    for name in parameters:
        if known[name] and dice.randrange(10) < KNOWN_OF_TEN:
            parameters[name] = dice.choice(known[name])
    if "version_id" in parameters and parameters.get("workflow_id") in versions:
        parameters["version_id"] = versions[parameters["workflow_id"]]


def fill(operation, case):
    polish(case.body)
    if case.path.startswith("/events"):
        events = case.body.get("events", [case.body])
        for event in events if isinstance(events, list) else []:
            event["type"] = "order.paid"
    if operation in WITH_GRAPH:
        case.body["graph"] = dice.choice(graphs)
    if "workflow_id" in case.body and known["workflow_id"]:
        case.body["workflow_id"] = dice.choice(known["workflow_id"])
        case.body.pop("version_id", None)
    if operation == "importWorkflows" and isinstance(case.body.get("workflows"), list):
        for file in case.body["workflows"]:
            if isinstance(file, dict):
                file |= dice.choice(graphs)
    if operation == "saveDraft" and case.path_parameters.get("workflow_id") in tags:
        case.headers["If-Match"] = tags[case.path_parameters["workflow_id"]]


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw.get("operationId")
    is_good = 200 <= response.status_code < 300
    # The check `ignored_auth` repeats requests without credentials.
    is_signed = not schemes(case.operation) or any(credential(response.request.headers))
    is_positive = case.meta is not None and case.meta.generation.mode.is_positive and is_signed
    with lock:
        counts["requests"] += 1
        counts["accepted"] += is_good
        counts[f"status_{response.status_code}"] += 1
        if is_positive:
            counts["well_formed"] += 1
            counts["well_formed_accepted"] += is_good
        if is_positive and operation in WITH_GRAPH and isinstance(case.body, dict):
            counts["graphs"] += 1
            counts["graphs_accepted"] += is_good
    if is_good:
        learn(case.path, case.path_parameters, response)
    if response.status_code == 204 and operation in {"logOut", "endSession", "endOtherSessions"}:
        sessions["user"] = log_in("user")


def credential(headers):
    values = (str(headers.get(name, "")) for name in ("Authorization", "X-Api-Key", "Cookie"))
    return (value for value in values if value and "SCHEMATHESIS" not in value)


def learn(path, parameters, response):
    try:
        body = response.json()
    except ValueError:
        return
    if not isinstance(body, dict):
        return
    if isinstance(body.get("next_cursor"), str):
        known[f"cursors of {path}"].append(body["next_cursor"])
    name = NAMES.get(path) or NAMES.get(path.rsplit("/{", 1)[0])
    items = body.get("items", [body])
    for item in items if name and isinstance(items, list) else []:
        identity = isinstance(item, dict) and item.get("id" if name != "user_id" else "user_id")
        if isinstance(identity, str) and identity not in KEPT and identity not in known[name]:
            known[name].append(identity)
    workflow_id = body.get("id") if name == "workflow_id" else parameters.get("workflow_id")
    etag = response.headers.get("etag")
    if etag and isinstance(workflow_id, str):
        tags[workflow_id] = etag if isinstance(etag, str) else etag[0]
    if path.endswith("/publish"):
        versions[workflow_id] = body["id"]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops none, and counts them."""
    found[f"{type(failure).__name__} {case.method} {case.path} {response.status_code}"] += 1
    return True


def seed():
    """Something of each kind, so that there is what requests may name."""

    def post(path, body, **parameters):
        address = f"{URL}/api/v1{path}".format(**parameters)
        answer = requests.post(address, json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
        answer.raise_for_status()
        learn(path, parameters, answer)
        return answer.json()

    for graph in graphs[:12]:
        workflow_id = post("/workflows", {"name": fresh("Seed "), "graph": graph})["id"]
        post("/workflows/{workflow_id}/publish", {}, workflow_id=workflow_id)
        for _ in range(3):
            post("/executions", {"workflow_id": workflow_id, "input": {"variant": 1}})
    for _ in range(3):
        post("/leads", {"email": GOOD["email"]()})
        post("/records", {"type": "pursuit"})
        post("/webhook-endpoints", {"url": GOOD["url"](), "types": ["*"]})
        post("/hook-secrets", {"name": fresh("secret_"), "secret": GOOD["secret"]()})
        post("/keys", {"name": fresh()})


seed()


@atexit.register
def write_counts():
    with open(f"{FOLDER}/counts.json", "w", encoding="utf-8") as out:
        json.dump({"counts": counts, "found": found}, out, indent=1)
