// Verifies captured deliveries with the published library of npm.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
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

/** What stands before the 32 bytes of a public key of ed25519 in DER. */
const DER = Buffer.from("302a300506032b6570032100", "hex");

function keyOf(text) {
  assert.ok(text.startsWith("whpk_"), text);
  return createPublicKey({ key: Buffer.concat([DER, Buffer.from(text.slice(5), "base64")]), format: "der", type: "spki" });
}

function isSigned(key, { body, headers }) {
  const content = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const given = headers["webhook-signature"].split(" ").filter((item) => item.startsWith("v1a,"));
  return given.some((item) => verify(null, content, key, Buffer.from(item.slice(4), "base64")));
}

const captures = JSON.parse(readFileSync(process.argv[2], "utf8"));
assert.ok(captures.length > 0, "nothing was captured");
let pairs = 0;
for (const one of captures) {
  const { body, headers } = one;
  const later = String(Number(headers["webhook-timestamp"]) + 1);
  assert.ok(taken(one), JSON.stringify(one));
  assert.ok(!taken({ ...one, body: body.replace("evt_", "evt-") }), "body");
  assert.ok(!taken({ ...one, headers: { ...headers, "webhook-id": `${headers["webhook-id"]}0` } }), "id");
  assert.ok(!taken({ ...one, headers: { ...headers, "webhook-timestamp": later } }), "time");
  assert.ok(!taken({ ...one, secret: FOREIGN }), "secret");
  for (const key of one.public_keys.map(keyOf)) {
    pairs += 1;
    assert.ok(isSigned(key, one), JSON.stringify(one));
    assert.ok(!isSigned(key, { ...one, body: `${body} ` }), "body");
    assert.ok(!isSigned(key, { body, headers: { ...headers, "webhook-id": `${headers["webhook-id"]}0` } }), "id");
    assert.ok(!isSigned(key, { body, headers: { ...headers, "webhook-timestamp": later } }), "time");
    assert.ok(!isSigned(generateKeyPairSync("ed25519").publicKey, one), "key");
  }
}
console.error(`npm: ${captures.length} deliveries taken, ${4 * captures.length} altered ones refused, ${pairs} signatures of key pairs`);
