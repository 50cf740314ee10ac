"""Asks the API for the overview, lists and board of a workspace with many leads, each some times, and prints one JSON object with the
median and the longest time in milliseconds. Exits with 1 if the overview takes DASHBOARD_MS_MAX or longer, or if an answer is wrong."""

import http.client
import json
import os
import sys
import time
from datetime import date, datetime, timedelta, timezone
from urllib.parse import urlsplit

DASHBOARD_MS_MAX = 500
TIMES = 20
WARM_UP = 2

leads = int(sys.argv[1])
address = urlsplit(os.environ["CAPSTAN_URL"])
connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
headers = {"Authorization": "Bearer " + os.environ["CAPSTAN_KEY"]}


def get(path):
    """The JSON of an answer, and how long it took in milliseconds."""
    while True:
        begun = time.perf_counter()
        connection.request("GET", "/api/v1" + path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status == 429:
            time.sleep(float(answer.getheader("Retry-After", "1")))
            continue
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {body[:300]!r}")
        return json.loads(body), took


def measure(path, is_right):
    """Median and longest time; the answer has to be right each time."""
    took = []
    for turn in range(WARM_UP + TIMES):
        answer, ms = get(path)
        if not is_right(answer):
            sys.exit(f"{path}: {json.dumps(answer)[:300]}")
        if turn >= WARM_UP:
            took.append(ms)
    took.sort()
    return {"p50_ms": round(took[len(took) // 2], 1), "max_ms": round(took[-1], 1)}


def items(at_least):
    return lambda answer: len(answer["items"]) >= at_least


today = datetime.now(timezone.utc).date()
first: date = today - timedelta(days=29)
page, _ = get("/leads?limit=100")
deep = page["next_cursor"]
for _ in range(20):
    deep = get(f"/leads?limit=100&cursor={deep}")[0]["next_cursor"]

figures = {
    "leads": leads,
    "dashboard": measure(
        f"/stats/daily?from={first}&to={today}",
        lambda answer: sum(day["leads_created"] for day in answer["items"]) >= leads // 24,
    ),
    "list": measure("/leads", items(50)),
    "list_of_status": measure("/leads?status=qualified", items(50)),
    "list_of_source": measure("/leads?source=fair", items(50)),
    "list_deep": measure(f"/leads?limit=100&cursor={deep}", items(100)),
    "by_email": measure(f"/leads?email=lead{leads // 2}@example.com", items(1)),
    "words_common": measure("/leads?q=example", items(50)),
    "words_rare": measure("/leads?q=singular", items(0)),
    "board": measure("/lead-board", lambda answer: sum(column["count"] for column in answer["columns"]) >= 3000),
}
print(json.dumps(figures))
if figures["dashboard"]["max_ms"] >= DASHBOARD_MS_MAX:
    sys.exit(f"the overview took {figures['dashboard']['max_ms']} ms, and should take less than {DASHBOARD_MS_MAX}")
