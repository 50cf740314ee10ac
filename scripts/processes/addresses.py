"""A hundred public requests of an address within a minute are taken, by four API processes together, and the next ones are refused:
whatever `X-Forwarded-For` says if nobody is trusted, and whatever is put before the address that a trusted proxy has added."""

import collections
import itertools
import json
import time

from fleet import Client, Site, need, say, side_by_side

PROCESSES, REQUESTS, LIMIT, AT_ONCE = 4, 160, 100, 16
# Addresses of this machine: clients of their own, and a proxy that is trusted.
SOMEBODY, ANOTHER, PROXY = "127.0.0.2", "127.0.0.3", "127.0.0.9"
MINUTE_S = 60


def send(urls, source, forwarded):
    """Sends one request for each text of `forwarded`, to each process in turns; how often what was answered."""
    client = Client(source=source)

    def one(numbered):
        number, text = numbered
        # It names no workspace, so that nothing comes of it.
        answer = client.ask(urls[number % len(urls)], "POST", "/api/public/lead", {}, X_Forwarded_For=text)
        return f"{answer.status} {answer.json()['code']}", answer.headers.get("Retry-After")

    begun = time.monotonic()
    answers = side_by_side(AT_ONCE, one, enumerate(forwarded))
    need(time.monotonic() - begun < MINUTE_S, "the machine is too slow for this: the requests took more than a minute")
    refused = [after for verdict, after in answers if verdict == "429 too_many_tries"]
    need(all(after and 1 <= int(after) <= MINUTE_S for after in refused), f"Retry-After is {refused}")
    return collections.Counter(verdict for verdict, _ in answers)


def forged(suffix=""):
    return (f"203.0.113.{number % 250}, 2001:db8::{number:x}{suffix}" for number in range(REQUESTS))


def main():
    expected = {"400 workspace_required": LIMIT, "429 too_many_tries": REQUESTS - LIMIT}
    taken = {}
    with Site() as site:
        plain = [site.serve().ready["url"] for _ in range(PROCESSES)]
        proxied = [site.serve(CAPSTAN_TRUSTED_PROXIES=f"{PROXY}/32").ready["url"] for _ in range(PROCESSES)]
        begun = time.monotonic()
        taken["forged"] = send(plain, SOMEBODY, forged())
        need(taken["forged"] == expected, f"forged headers: {taken['forged']}")
        # Who was not there yet has a hundred of their own.
        other = send(plain, ANOTHER, itertools.islice(forged(), LIMIT))
        need(other == {"400 workspace_required": LIMIT}, f"another address: {other}")
        taken["proxied"] = send(proxied, PROXY, forged(", 198.51.100.7"))
        need(taken["proxied"] == expected, f"behind a proxy: {taken['proxied']}")
        other = send(proxied, PROXY, ["198.51.100.8"])
        need(other == {"400 workspace_required": 1}, f"another address behind the proxy: {other}")
        # Who is no proxy of ours cannot say so.
        outside = send(proxied, SOMEBODY, ["198.51.100.9"])
        need(time.monotonic() - begun < MINUTE_S, "the machine is too slow for this: a minute has passed since the first request")
        need(outside == {"429 too_many_tries": 1}, f"a header of somebody: {outside}")
        for process in site.processes:
            process.end()
    say("a hundred of an address are taken within a minute, and no more, by all processes together")
    print(json.dumps({"processes": PROCESSES, "requests": REQUESTS} | {how: counts["400 workspace_required"] for how, counts in taken.items()}))


main()
