// As verify.py, with the library for Node. It knows shared secrets alone: what is signed by ed25519 is verified as the
// specification says it, by Node's own means. `verify.mjs MESSAGE --packages NODE_MODULES`.

import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , path, , packages] = process.argv;
const { Webhook, WebhookVerificationError } = createRequire(`${packages}/`)("standardwebhooks");
const PUBLIC = "whpk_";

const message = JSON.parse(readFileSync(path, "utf8"));
const forged = { ...message, body: message.body.replace("alert.", "alarm.") };
console.log(JSON.stringify({ taken: taken(message), forged: taken(forged) }));

function taken(message) {
  return message.keys.map((key) => (key.startsWith(PUBLIC) ? isSigned(key, message) : isTaken(key, message)));
}

function isTaken(key, { headers, body }) {
  try {
    new Webhook(key).verify(body, headers);
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
}

function isSigned(key, { headers, body }) {
  const x = Buffer.from(key.slice(PUBLIC.length), "base64").toString("base64url");
  const publicKey = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const signatures = headers["webhook-signature"].split(" ").filter((one) => one.startsWith("v1a,"));
  return signatures.some((one) => verify(null, signed, publicKey, Buffer.from(one.slice("v1a,".length), "base64")));
}
