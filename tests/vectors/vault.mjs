// The vault's formats (docs/decisions/vault-formats.md) as a browser reads them: the console's own modules, and what no console needs
// beside them (an identity, a file that is sealed, drafts, the code). Bytes are Uint8Array. Whatever does not open throws.

import { argon2id } from "hash-wasm";
import { concat, hex, join, random, uint64, unhex, utf8 } from "../../bot/console/web/src/vault/bytes.js";
import { openFile } from "../../bot/console/web/src/vault/case.js";
import { decrypt, encrypt, openBody, sealBody, unwrap, wrap } from "../../bot/console/web/src/vault/envelope.js";
import { sealingPublic as publicOf } from "../../bot/console/web/src/vault/keys.js";
import { pad, unpad } from "../../bot/console/web/src/vault/padding.js";

export { concat, hex, join, openBody, openFile, pad, publicOf, random, sealBody, unhex, unpad, unwrap, utf8, wrap };

const { subtle } = globalThis.crypto;
const PIECE = 65536;
const fileNonce = (number, last) => concat(new Uint8Array(3), uint64(number), Uint8Array.of(last ? 1 : 0));

export async function sealFile(key, evidenceId, content) {
  const padded = pad(content, PIECE);
  const [associated, count, pieces] = [concat(Uint8Array.of(1), evidenceId), padded.length / PIECE, []];
  for (let i = 0; i < count; i += 1) {
    const piece = padded.slice(i * PIECE, (i + 1) * PIECE);
    pieces.push(concat(Uint8Array.of(1), await encrypt(key, fileNonce(i, i === count - 1), piece, associated)));
  }
  return pieces;
}

const firstByte = (blob) => {
  if (blob[0] !== 1) throw new Error("suite");
};

export const recordInfo = (caseId, recordId, version) => join(utf8("ruang-aman/1 case-record"), caseId, recordId, uint64(version));
export const keyInfo = (caseId, recipientId) => join(utf8("ruang-aman/1 case-key"), caseId, recipientId);
export const messageInfo = (mailboxId, messageId) => join(utf8("ruang-aman/1 mailbox-message"), mailboxId, messageId);
export const addressInfo = (caseId) => join(utf8("ruang-aman/1 return-address"), caseId);

// Two roles, by name. The one whose name comes first (in the order of the bytes: names are ASCII) is the outer one.
const outerFirst = (keys) => {
  const roles = Object.keys(keys).sort();
  if (roles.length !== 2 || hex(keys[roles[0]]) === hex(keys[roles[1]])) throw new Error("roles");
  return roles;
};

export const identityInfo = (layer, roles, caseId, recordId, version) =>
  join(utf8(`ruang-aman/1 identity ${layer}`), caseId, recordId, uint64(version), ...roles.map(utf8));

export async function sealIdentity(content, publicKeys, caseId, recordId, version) {
  const roles = outerFirst(publicKeys);
  const inner = await wrap(pad(content, 1024), publicKeys[roles[1]], identityInfo("inner", roles, caseId, recordId, version));
  return wrap(inner, publicKeys[roles[0]], identityInfo("outer", roles, caseId, recordId, version));
}

export async function openIdentity(blob, privateKeys, caseId, recordId, version) {
  const roles = outerFirst(privateKeys);
  const inner = await unwrap(blob, privateKeys[roles[0]], identityInfo("outer", roles, caseId, recordId, version));
  return unpad(await unwrap(inner, privateKeys[roles[1]], identityInfo("inner", roles, caseId, recordId, version)), 1024);
}

export async function lock(key, content, context) {
  const nonce = random(12);
  return concat(new Uint8Array([1]), nonce, await encrypt(key, nonce, pad(content, 64), context));
}

export async function unlock(key, blob, context) {
  firstByte(blob);
  return unpad(await decrypt(key, blob.slice(1, 13), blob.slice(13), context), 64);
}

export async function rowKey(key, ...parts) {
  const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", imported, join(...parts)));
}

/** The five words of 50 random bits (a BigInt). `words` is the list. */
export async function toWords(bits, words) {
  const digest = new Uint8Array(await subtle.digest("SHA-256", concat(utf8("ruang-aman/1 receipt check"), uint64(bits).slice(1))));
  const code = (bits << 5n) | BigInt(digest[0] >> 3);
  return [44n, 33n, 22n, 11n, 0n].map((shift) => words[Number((code >> shift) & 2047n)]).join(" ");
}

async function expanded(seed, info) {
  const key = await subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) }, key, 256));
}

export async function derive(words, pepper) {
  const seed = await argon2id({
    password: words,
    salt: utf8("ruang-aman/1 receipt"),
    secret: pepper,
    memorySize: 19 * 1024,
    iterations: 2,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  });
  const mailboxPrivate = await expanded(seed, "ruang-aman/1 receipt mailbox");
  return {
    locator: await expanded(seed, "ruang-aman/1 receipt locator"),
    mailboxPrivate,
    mailboxPublic: await publicOf(mailboxPrivate),
  };
}
