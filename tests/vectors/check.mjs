// Opens every vector that Python made, refuses every wrong one, and prints blobs for Python to open, as one line of JSON:
// {"opened": n, "refused": n, "made": {...}}. Exits with 1 and says which vector, if any of it fails.

import { readFileSync } from "node:fs";
import {
  addressInfo, concat, derive, hex, join, keyInfo, lock, messageInfo, openBody, openFile, openIdentity, pad, publicOf, random, recordInfo, rowKey,
  sealBody, sealFile, sealIdentity, toWords, unhex, unlock, unpad, unwrap, utf8, wrap,
} from "./vault.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8"));
const count = { opened: 0, refused: 0 };

function same(what, got, expected) {
  if (got !== expected) throw new Error(`${what}: got ${got.slice(0, 80)}, expected ${expected.slice(0, 80)}`);
  count.opened += 1;
}

const openers = {
  record: (v) =>
    openBody(unhex(v.blob), unhex(v.private), recordInfo(unhex(v.case_id), unhex(v.record_id), v.version), unhex(v.record_id)),
  case_key: (v) => unwrap(unhex(v.blob), unhex(v.private), keyInfo(unhex(v.case_id), unhex(v.recipient_id))),
  mailbox: (v) => openBody(unhex(v.blob), unhex(v.private), messageInfo(unhex(v.mailbox_id), unhex(v.message_id)), unhex(v.message_id)),
  delivery: async (v) => unpad(await unwrap(unhex(v.blob), unhex(v.private), addressInfo(unhex(v.case_id))), 256),
  identity: (v) =>
    openIdentity(
      unhex(v.blob),
      { uptd_head: unhex(v.private_uptd_head), legal_companion: unhex(v.private_legal_companion) },
      unhex(v.case_id),
      unhex(v.record_id),
      v.version,
    ),
  draft: (v) => unlock(unhex(v.key), unhex(v.blob), unhex(v.context)),
};

for (const [name, open] of Object.entries(openers)) {
  const file = read(name);
  for (const [number, vector] of file.open.entries()) {
    same(`${name} ${number}`, hex(await open(vector)), vector.plaintext);
    if (vector.public) same(`${name} ${number} public key`, hex(await publicOf(unhex(vector.private))), vector.public);
    if (vector.outer) same(`${name} ${number} outer layer`, hex(await openers.record(vector.outer)), vector.outer.plaintext);
  }
  if (!file.refuse.length) throw new Error(`${name}: nothing to refuse`);
  for (const vector of file.refuse) {
    const opened = await open(vector).then(
      () => true,
      () => false,
    );
    if (opened) throw new Error(`${name}: opened although ${vector.why}`);
    count.refused += 1;
  }
}

const sha256 = async (bytes) => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
const files = read("file");
let last = [];
for (const [number, vector] of files.good.entries()) {
  const content = concat(...Array.from({ length: vector.times }, () => unhex(vector.unit)));
  last = await sealFile(unhex(vector.key), unhex(vector.evidence_id), content);
  same(`file ${number}`, JSON.stringify(await Promise.all(last.map(sha256))), JSON.stringify(vector.pieces));
  same(`file ${number} opened`, hex(await openFile(unhex(vector.key), unhex(vector.evidence_id), last)), hex(content));
}
for (const wrong of files.refuse) {
  const good = files.good.at(-1);
  const pieces = wrong.order.map((i) => last[i].slice());
  if (wrong.flip !== null) pieces[0][wrong.flip] ^= 1;
  const opened = await openFile(unhex(wrong.key ?? good.key), unhex(wrong.evidence_id ?? good.evidence_id), pieces).then(
    () => true,
    () => false,
  );
  if (opened) throw new Error(`file: opened although ${wrong.why}`);
  count.refused += 1;
}

for (const [number, vector] of read("draft").row_keys.entries()) {
  same(`row key ${number}`, hex(await rowKey(unhex(vector.key), ...vector.parts.map(unhex))), vector.row_key);
}

const padding = read("padding");
for (const [number, vector] of padding.pad.entries()) {
  same(`pad ${number}`, hex(pad(unhex(vector.plain), vector.step)), vector.padded);
  same(`unpad ${number}`, hex(unpad(unhex(vector.padded), vector.step)), vector.plain);
}
for (const [number, vector] of padding.refuse.entries()) {
  let opened = true;
  try {
    unpad(unhex(vector.padded), vector.step);
  } catch {
    opened = false;
  }
  if (opened) throw new Error(`padding ${number} was not refused`);
  count.refused += 1;
}

const receipt = read("receipt");
const list = readFileSync(new URL("../../bot/vault/words.txt", import.meta.url));
same("word list", hex(new Uint8Array(await crypto.subtle.digest("SHA-256", list))), receipt.words_sha256);
const words = list.toString("ascii").trim().split("\n");
for (const vector of receipt.derive) {
  same("words", await toWords(BigInt(`0x${vector.bits}`), words), vector.words);
  const keys = await derive(vector.words, unhex(vector.pepper));
  same("locator", hex(keys.locator), vector.locator);
  same("mailbox private key", hex(keys.mailboxPrivate), vector.mailbox_private);
  same("mailbox public key", hex(keys.mailboxPublic), vector.mailbox_public);
}

// The other way: made here, for Python to open.
const text = utf8("Balasan dari petugas. 🙂".repeat(30));
const [privateKey, serverKey, caseKey] = [random(32), random(32), random(32)];
const [publicKey, serverPublic] = [await publicOf(privateKey), await publicOf(serverKey)];
const [one, other, third] = [random(16), random(16), random(16)];
const inner = await wrap(pad(utf8("telegram:1234567890"), 256), serverPublic, addressInfo(one));
const bits = BigInt(`0x${hex(random(7))}`) & ((1n << 50n) - 1n);
const made = {
  private: privateKey,
  public: publicKey,
  server: serverKey,
  one,
  other,
  text,
  record: await sealBody(text, publicKey, recordInfo(one, other, 2 ** 40), other),
  case_private: caseKey,
  case_key: await wrap(caseKey, publicKey, keyInfo(one, third)),
  recipient: third,
  reply: await sealBody(text, publicKey, messageInfo(one, third), third),
  address: utf8("telegram:1234567890"),
  outer: await sealBody(inner, publicKey, recordInfo(one, other, 1), other),
  identity: await sealIdentity(text, { uptd_head: publicKey, legal_companion: serverPublic }, one, other, 7),
  key: caseKey,
  draft: await lock(caseKey, text, join(utf8("outbox"), one)),
  row_key: await rowKey(caseKey, utf8("web"), concat(one, other)),
};
const shown = Object.fromEntries(Object.entries(made).map(([name, value]) => [name, hex(value)]));
console.log(JSON.stringify({ ...count, made: { ...shown, receipt: await toWords(bits, words) } }));
