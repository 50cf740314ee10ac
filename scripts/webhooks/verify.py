"""Verifies captured deliveries with the published library of Python."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

FOREIGN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def taken(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False


def altered(one):
    """The same delivery with one thing changed, by name."""
    secret, body, headers = one["secret"], one["body"], one["headers"]
    later = str(int(headers["webhook-timestamp"]) + 1)
    yield "body", (secret, body.replace("evt_", "evt-", 1), headers)
    yield "id", (secret, body, headers | {"webhook-id": headers["webhook-id"] + "0"})
    yield "time", (secret, body, headers | {"webhook-timestamp": later})
    yield "secret", (FOREIGN, body, headers)


captures = json.load(open(sys.argv[1], encoding="utf-8"))
assert captures, "nothing was captured"
for one in captures:
    assert taken(one["secret"], one["body"], one["headers"]), one
    for name, other in altered(one):
        assert not taken(*other), f"{name} was altered, and it was taken"
print(f"python: {len(captures)} deliveries taken, {4 * len(captures)} altered ones refused", file=sys.stderr)
