"""Signs the examples with the vendor's library, sends them to the API, and compares what both say."""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

import stripe

URL, KEY, PASSWORD = (os.environ[name] for name in ("CAPSTAN_URL", "CAPSTAN_KEY", "CAPSTAN_PASSWORD"))
SECRET, OLD_SECRET = os.environ["CAPSTAN_BILLING_STRIPE_SECRETS"].split(",")
NOW = int(time.time())
HOUR = 3600
# Where we refuse what the library takes: times that are ahead, times and lists that Stripe does not write.
STRICTER = {"ahead", "padded time", "twelfth signature"}


def ask(method, path, body=None, **headers):
    """Status and body of the answer."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null"), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null"), error.headers


def sign(payload, secret=SECRET, at=NOW):
    return stripe.WebhookSignature.generate_signature_header(payload, secret, at)


def library_takes(payload, header):
    """Whether the library takes it under one of the secrets; what it makes of it."""
    for secret in (SECRET, OLD_SECRET):
        try:
            return stripe.Webhook.construct_event(payload, header, secret)
        except (stripe.SignatureVerificationError, ValueError):
            pass
    return None


def we_take(payload, header):
    headers = {} if header is None else {"Stripe_Signature": header}
    status, body, _ = ask("POST", "/api/public/billing/stripe", payload, **headers)
    assert status in (200, 400, 401), (status, body)
    return body if status == 200 else None


def variants(text):
    """The same event, signed well and badly, by name."""
    good = sign(text)
    stamp, digits = good.split(",")
    digest = digits.split("=")[1]
    payload = text.encode()
    yield "good", payload, good
    yield "signed with the old secret", payload, sign(text, OLD_SECRET)
    yield "older", payload, sign(text, at=NOW - 200)
    yield "a little ahead", payload, sign(text, at=NOW + 200)
    yield "first signature bad", payload, f"{stamp},v1={'0' * 64},v0={digest},{digits}"
    yield "empty parts", payload, f"{good},,x"
    yield "ahead", payload, sign(text, at=NOW + 2 * HOUR)
    yield "padded time", payload, f"t=0{NOW},{digits}"
    yield "twelfth signature", payload, f"{stamp},{','.join(['v1=' + '0' * 64] * 11)},{digits}"
    yield "signed with another secret", payload, sign(text, "whsec_of_somebody_else")
    yield "too old", payload, sign(text, at=NOW - 2 * HOUR)
    yield "of another body", payload, sign(text + " ")
    yield "of another time", payload, f"t={NOW - 1},{digits}"
    yield "body altered", payload.replace(b"Example", b"example", 1), good
    yield "body with another end", payload + b"\n", good
    yield "body not UTF-8", payload + b"\xff", good
    yield "of the old scheme", payload, f"{stamp},v0={digest}"
    yield "no signature", payload, stamp
    yield "no time", payload, digits
    yield "time without a value", payload, f"{good},t"
    yield "signature without a value", payload, f"{good},v1"
    yield "time that is none", payload, f"t=now,{digits}"
    yield "spaces", payload, f"{stamp}, {digits}"
    yield "upper case", payload, f"{stamp},v1={digest.upper()}"
    yield "cut off", payload, good[:-2]
    yield "empty", payload, ""
    yield "no header", payload, None


def prepare():
    """The price of the examples is a plan; the id of the workspace."""
    status, _, headers = ask("POST", "/api/v1/session", {"email": "admin@example.com", "password": PASSWORD})
    assert status == 200, status
    cookie = headers["Set-Cookie"].split(";")[0]
    status, told, _ = ask("PUT", "/api/v1/platform/billing/prices/price_ExampleStarter", {"plan": "starter"}, Cookie=cookie)
    assert status == 200, told
    _, told, _ = ask("GET", "/api/v1/platform/tenants?q=acme", Cookie=cookie)
    return told["items"][0]["id"]


def billing():
    status, told, _ = ask("GET", "/api/v1/billing", X_API_Key=KEY)
    assert status == 200, told
    return told


workspace = prepare()
counts = {"taken": 0, "refused": 0, "stricter": 0}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    example = json.loads(path.read_text(encoding="utf-8"))
    for number in range(len(list(variants("{}")))):
        # An event of its own, so that none is a repetition.
        one = json.loads(json.dumps(example))
        one["id"] = f"{example['id']}_{number}"
        if one["type"] == "checkout.session.completed":
            one["data"]["object"]["client_reference_id"] = workspace
        elif one["type"].startswith("customer.subscription."):
            for item in one["data"]["object"]["items"]["data"]:
                item["current_period_end"] = NOW + HOUR
        text = json.dumps(one, separators=(",", ":"))
        name, payload, header = list(variants(text))[number]
        event, ours = library_takes(payload, header), we_take(payload, header)
        case = f"{path.name}, {name}"
        if event is None:
            assert ours is None, f"{case}: the library refuses it, and we have taken it"
            counts["refused"] += 1
        elif name in STRICTER:
            assert ours is None, f"{case}: we were to refuse it"
            counts["stricter"] += 1
        else:
            assert ours is not None, f"{case}: the library takes it, and we have refused it"
            assert ours["event_id"] == event.id and not ours["replayed"], (case, ours)
            assert we_take(payload, header)["replayed"], f"{case}: a repetition was taken in"
            counts["taken"] += 1
assert counts["taken"] >= 40 and counts["refused"] >= 100, counts

# What the library reads in the events is what the workspace has come to.
paid = stripe.Event.construct_from(json.loads((pathlib.Path(sys.argv[1]) / "invoice_paid.json").read_text()), None)
told = billing()
assert told["customer_id"] == paid.data.object.customer, told
assert told["plan"] == "starter", told
assert told["subscriptions"][0]["status"] == "canceled", told
amounts = {invoice["amount"] for invoice in told["invoices"] if invoice["is_paid"]}
assert amounts == {paid.data.object.amount_paid}, told
print(f"stripe {stripe.VERSION}: {counts}", file=sys.stderr)
print(json.dumps({"disagreements": 0, **counts}))
