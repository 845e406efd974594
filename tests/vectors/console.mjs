// The console's own modules, as a browser runs them, on every vector that the console has to do with: they open what Python made, refuse what is
// wrong, sign the same bytes, and make things for Python to open. Prints one line of JSON, or exits with 1 and says which vector.

import { readFileSync } from "node:fs";
import * as bytes from "../../bot/console/web/src/vault/bytes.js";
import * as cases from "../../bot/console/web/src/vault/case.js";
import * as certificate from "../../bot/console/web/src/vault/certificate.js";
import * as entry from "../../bot/console/web/src/vault/entry.js";
import * as keys from "../../bot/console/web/src/vault/keys.js";
import * as member from "../../bot/console/web/src/vault/member.js";
import { pad, unpad } from "../../bot/console/web/src/vault/padding.js";
import * as trail from "../../bot/console/web/src/vault/trail.js";
import * as passphrase from "../../bot/console/web/src/vault/passphrase.js";

const { hex, unhex, random, utf8 } = bytes;
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8"));
const words = readFileSync(new URL("../../bot/vault/words.txt", import.meta.url), "ascii").trim().split("\n");
const count = { opened: 0, refused: 0 };

function same(what, got, expected) {
  if (got !== expected) throw new Error(`${what}: got ${String(got).slice(0, 80)}, expected ${String(expected).slice(0, 80)}`);
  count.opened += 1;
}

async function refuses(what, work) {
  const opened = await Promise.resolve()
    .then(work)
    .then(
      () => true,
      () => false,
    );
  if (opened) throw new Error(`${what}: accepted`);
  count.refused += 1;
}

const openers = {
  record: (v) => cases.openRecord(unhex(v.blob), unhex(v.private), unhex(v.case_id), unhex(v.record_id), v.version),
  case_key: (v) => cases.openCaseKey(unhex(v.blob), [random(32), unhex(v.private)], unhex(v.case_id), unhex(v.recipient_id)),
  mailbox: (v) => cases.openReply(unhex(v.blob), unhex(v.private), unhex(v.mailbox_id), unhex(v.message_id)),
};
for (const [name, open] of Object.entries(openers)) {
  const file = read(name);
  for (const [number, vector] of file.open.entries()) same(`${name} ${number}`, hex(await open(vector)), vector.plaintext);
  for (const vector of file.refuse) await refuses(`${name}: ${vector.why}`, () => open(vector));
}

// A return address: the outer layer is the console's to open, the inner one the service's alone.
const delivery = read("delivery").open.filter((v) => v.outer);
if (!delivery.length) throw new Error("delivery: nothing to open");
const outer = ({ outer: v }, key = unhex(v.private)) => cases.openReturnAddress(unhex(v.blob), key, unhex(v.case_id), unhex(v.record_id), v.version);
for (const [number, vector] of delivery.entries()) {
  same(`delivery ${number}`, hex(await outer(vector)), vector.outer.plaintext);
  await refuses(`delivery ${number} with the service's key`, () => outer(vector, unhex(vector.private)));
}

const padding = read("padding");
for (const vector of padding.pad) {
  same("pad", hex(pad(unhex(vector.plain), vector.step)), vector.padded);
  same("unpad", hex(unpad(unhex(vector.padded), vector.step)), vector.plain);
}
for (const vector of padding.refuse) await refuses("padding", () => unpad(unhex(vector.padded), vector.step));

const staff = read("staff");
for (const v of staff.derive) {
  const secrets = await passphrase.deriveSecrets(v.passphrase, unhex(v.salt));
  same("auth", hex(secrets.auth), v.auth);
  same("wrap", hex(secrets.wrap), v.wrap);
}
const unwrap = (v) =>
  passphrase.unwrapKeys(unhex(v.blob), unhex(v.wrap), unhex(v.staff_id), unhex(v.sealing_public), unhex(v.signing_public));
const own = await unwrap(staff.wrapped.open);
same("wrapped sealing key", hex(own.sealing), staff.wrapped.open.sealing);
same("wrapped signing key", hex(own.signing), staff.wrapped.open.signing);
same("sealing public", hex(await keys.sealingPublic(own.sealing)), staff.wrapped.open.sealing_public);
same("signing public", hex(await keys.signingPublic(own.signing)), staff.wrapped.open.signing_public);
const unitOf = (v) => member.openAsMember(unhex(v.blob), unhex(v.private), unhex(v.unit_id), v.version, unhex(v.staff_id));
const formerOf = (v) => member.openFormer(unhex(v.blob), unhex(v.private), unhex(v.unit_id), v.version);
same("member", hex(await unitOf(staff.member.open)), staff.member.open.plaintext);
same("former", hex(await formerOf(staff.former.open)), staff.former.open.plaintext);

const holder = (v) => ({
  staffId: unhex(v.staff_id),
  unitId: unhex(v.unit_id),
  role: v.role,
  sealingPublic: unhex(v.sealing_public),
  signingPublic: unhex(v.signing_public),
});
const written = (v) => ({
  caseId: unhex(v.case_id),
  recordId: unhex(v.record_id),
  version: v.version,
  authorId: unhex(v.author_id),
  previous: unhex(v.previous),
  sealed: unhex(v.sealed),
});
const answered = (v) => ({
  caseId: unhex(v.case_id),
  mailboxId: unhex(v.mailbox_id),
  messageId: unhex(v.message_id),
  authorId: unhex(v.author_id),
  sealed: unhex(v.sealed),
});
const checks = {
  certificate: (v) => certificate.checkCertificate(holder(v), unhex(v.signature), unhex(v.lead_public)),
  unit_key: (v) => certificate.checkUnitKey(unhex(v.public), unhex(v.signature), unhex(v.unit_id), v.version, unhex(v.lead_public)),
  entry: (v) => entry.checkEntry(written(v), unhex(v.signature), unhex(v.author_public)),
  reply: (v) => entry.checkReply(answered(v), unhex(v.signature), unhex(v.author_public)),
};
const told = (v) => ({
  caseId: unhex(v.case_id),
  recordId: unhex(v.record_id),
  version: v.version,
  number: v.number,
  kind: v.kind,
  at: v.at,
  sealed: unhex(v.sealed),
});
const vouched = (v) => entry.checkTold(told(v), unhex(v.signature), unhex(v.witness_public));
await vouched(staff.told.hold);
for (const vector of staff.told.refuse) await refuses(`told: ${vector.why}`, () => vouched(vector));
const signers = {
  certificate: (v, key) => certificate.certify(holder(v), key),
  unit_key: (v, key) => certificate.signUnitKey(unhex(v.public), unhex(v.unit_id), v.version, key),
  entry: (v, key) => entry.signEntry(written(v), key),
  reply: (v, key) => entry.signReply(answered(v), key),
};
for (const [name, check] of Object.entries(checks)) {
  await check(staff[name].hold);
  same(`${name}: the same signature`, hex(await signers[name](staff[name].hold, unhex(staff[name].private))), staff[name].hold.signature);
  for (const vector of staff[name].refuse) await refuses(`${name}: ${vector.why}`, () => check(vector));
}
const refused = { wrapped: unwrap, member: unitOf, former: formerOf };
for (const [name, open] of Object.entries(refused)) {
  for (const vector of staff[name].refuse) await refuses(`${name}: ${vector.why}`, () => open(vector));
}
let previous = entry.FIRST;
for (const one of staff.chain.entries) {
  same("previous", hex(previous), one.previous);
  previous = await entry.link(written(one), unhex(one.signature));
}
same("last", hex(previous), staff.chain.last);
for (const v of staff.fingerprint) {
  const found = await certificate.fingerprint(unhex(v.identity), unhex(v.sealing_public), unhex(v.signing_public), words);
  same("fingerprint", found.join(" "), v.words);
}
const offered = passphrase.newPassphrase(words).split(" ");
if (offered.length !== 6 || !offered.every((word) => words.includes(word))) throw new Error("passphrase");

// The other way: made here, for Python to open.
const [sealing, signing] = [await keys.generateSealing(), await keys.generateSigning()];
const [unitKey, caseKey] = [await keys.generateSealing(), await keys.generateSealing()];
const [one, other, third] = [random(16), random(16), random(16)];
const secrets = await passphrase.deriveSecrets("kata sandi", one);
const text = utf8("Catatan. 🙂".repeat(60));
const made = {
  sealing: sealing.private,
  sealing_public: sealing.public,
  signing: signing.private,
  signing_public: signing.public,
  unit: unitKey.private,
  case_private: caseKey.private,
  one,
  other,
  third,
  text,
  wrapped: await passphrase.wrapKeys({ sealing: sealing.private, signing: signing.private }, secrets.wrap, third),
  member: await member.sealToMember(unitKey.private, sealing.public, one, 7, third),
  former: await member.sealFormer(caseKey.private, unitKey.public, one, 8),
  case_key: await cases.sealCaseKey(caseKey.private, unitKey.public, other, one),
  record: await cases.sealRecord(text, caseKey.public, other, third, 3),
  reply: await cases.sealReply(text, caseKey.public, other, third),
};
made.signature = await entry.signEntry(
  { caseId: other, recordId: third, version: 3, authorId: third, previous: entry.FIRST, sealed: made.record },
  signing.private,
);
made.certificate = await certificate.certify(
  { staffId: third, unitId: one, role: "lead", sealingPublic: sealing.public, signingPublic: signing.public },
  signing.private,
);
made.unit_signature = await certificate.signUnitKey(unitKey.public, one, 7, signing.private);
made.unit_public = unitKey.public;

// The audit chain: each entry's digest, and its hash after the one before it. Out of order it is another chain.
const { start, links } = read("audit");
let tip = unhex(start);
for (const v of links) {
  const digest = await trail.entryDigest({ ...v, subject: v.subject && unhex(v.subject), actors: v.actors.map(unhex) });
  same("audit digest", hex(digest), v.digest);
  same("audit digest of what is written", hex(await bytes.sha256(utf8(v.written))), v.digest);
  tip = await trail.chained(tip, digest);
  same("audit hash", hex(tip), v.hash);
}
for (const v of links.slice(1)) if (hex(await trail.chained(unhex(start), unhex(v.digest))) === v.hash) throw new Error("audit: moved");
await refuses("audit: a short digest", () => trail.chained(tip, tip.slice(1)));

// A file, in pieces that Python sealed; check.mjs opens those of file.json with the same module.
const file = JSON.parse(readFileSync(0, "utf8"));
const opened = await cases.openFile(unhex(file.key), unhex(file.evidence_id), file.pieces.map(unhex));
same("file", hex(await bytes.sha256(opened)), file.sha256);
await refuses("file without its end", () => cases.openFile(unhex(file.key), unhex(file.evidence_id), file.pieces.slice(0, -1).map(unhex)));
await refuses("file with its pieces swapped", () =>
  cases.openFile(unhex(file.key), unhex(file.evidence_id), file.pieces.map(unhex).reverse()),
);
console.log(JSON.stringify({ ...count, made: Object.fromEntries(Object.entries(made).map(([name, value]) => [name, hex(value)])) }));
