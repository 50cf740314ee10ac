"""Says what a run of schemathesis came to, and fails if it was too small or something was found: `judge.py COUNTS REQUESTS_MIN`."""

import json
import sys

GRAPHS_ACCEPTED_MIN = 0.5

with open(sys.argv[1], encoding="utf-8") as file:
    told = json.load(file)
counts, found = told["counts"], told["found"]
requests_min = int(sys.argv[2])


def share(part, whole):
    return round(counts.get(part, 0) / max(counts.get(whole, 0), 1), 3)


for what, times in sorted(found.items()):
    print(f"{times:6} {what}", file=sys.stderr)
for status, times in sorted((name, times) for name, times in counts.items() if name.startswith("status_")):
    print(f"{times:6} answers with {status[7:]}", file=sys.stderr)
result = {
    "requests": counts.get("requests", 0),
    "accepted_share": share("accepted", "requests"),
    "well_formed": counts.get("well_formed", 0),
    "well_formed_accepted_share": share("well_formed_accepted", "well_formed"),
    "graphs": counts.get("graphs", 0),
    "graphs_accepted_share": share("graphs_accepted", "graphs"),
    "failures": sum(found.values()),
}
print(json.dumps(result))
too_small = result["requests"] < requests_min or result["graphs_accepted_share"] <= GRAPHS_ACCEPTED_MIN
sys.exit(bool(found) or too_small)
