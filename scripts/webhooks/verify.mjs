// Verifies captured deliveries with the published library of npm.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const FOREIGN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

function taken({ secret, body, headers }) {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

const captures = JSON.parse(readFileSync(process.argv[2], "utf8"));
assert.ok(captures.length > 0, "nothing was captured");
for (const one of captures) {
  const { body, headers } = one;
  const later = String(Number(headers["webhook-timestamp"]) + 1);
  assert.ok(taken(one), JSON.stringify(one));
  assert.ok(!taken({ ...one, body: body.replace("evt_", "evt-") }), "body");
  assert.ok(!taken({ ...one, headers: { ...headers, "webhook-id": `${headers["webhook-id"]}0` } }), "id");
  assert.ok(!taken({ ...one, headers: { ...headers, "webhook-timestamp": later } }), "time");
  assert.ok(!taken({ ...one, secret: FOREIGN }), "secret");
}
console.error(`npm: ${captures.length} deliveries taken, ${4 * captures.length} altered ones refused`);
