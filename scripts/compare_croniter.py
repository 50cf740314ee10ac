#!/usr/bin/env python3
"""Compares a year of fire times with those of `croniter` from PyPI, in UTC, expression by expression.

Usage: compare_croniter.py PROGRAM, which is the example `firings`. Makes expressions from a fixed seed, as people write them. The last
line is a JSON object with what was compared."""

import datetime
import json
import random
import subprocess
import sys

from croniter import croniter

YEAR = (datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), datetime.datetime(2027, 1, 1, tzinfo=datetime.timezone.utc))
HAND = ["0 9 * * 1-5", "*/15 * * * *", "0 0 13 * 5", "0 0 1,15 * 1", "0 0 * * 7", "0 0 * * 0", "30 6 29 2 *", "0 0 31 * *",
        "0 12 1-7 * 1", "5 4 * * sun", "0 22 * * 1-5", "23 0-20/2 * * *", "@hourly", "@daily", "@weekly", "@monthly",
        "@yearly", "0 0 1 jan,jul *", "10-20/3 8-18 * * MON-FRI", "0 0 * * 5-7", "7/10 * * * *"]


def field(rng, low, high):
    kind = rng.randrange(6)
    if kind < 2:
        return "*"
    if kind == 2:
        return f"*/{rng.randint(2, max(2, (high - low) // 2))}"
    if kind == 3:
        # A range of one value is a week, a year and so on to croniter, which no crontab means.
        first = rng.randint(low, high - 1)
        return f"{first}-{rng.randint(first + 1, high)}"
    return ",".join(str(value) for value in sorted(rng.sample(range(low, high + 1), rng.randint(1, 3))))


def expressions(count):
    rng = random.Random(7)
    # Few minutes of an hour, so that a year is quickly told.
    made = [" ".join([f"{rng.randint(0, 29)},{rng.randint(30, 59)}", field(rng, 0, 23), field(rng, 1, 28), field(rng, 1, 12), field(rng, 0, 6)])
            for _ in range(count)]
    return HAND + made


def main():
    program = sys.argv[1]
    crons = expressions(200)
    start, end = (int(moment.timestamp()) for moment in YEAR)
    lines = "".join(f"{cron}\tUTC\t{start - 1}\t{end}\n" for cron in crons)
    told = subprocess.run([program], input=lines, text=True, capture_output=True, check=True).stdout.split("\n")
    differing, compared = [], 0
    for cron, line in zip(crons, told):
        ours = [int(second) for second in line.split()]
        every = croniter(cron, start - 1)
        theirs = []
        while (second := int(every.get_next())) < end:
            theirs.append(second)
        compared += len(theirs)
        if ours != theirs:
            differing.append(cron)
            print(f"{cron}: {len(ours)} fire times here, {len(theirs)} there", file=sys.stderr)
    print(json.dumps({"expressions": len(crons), "firings": compared, "differing": len(differing)}))
    return 1 if differing else 0


sys.exit(main())
