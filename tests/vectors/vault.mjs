// The vault's formats (docs/decisions/vault-formats.md) with what a browser has: WebCrypto, @hpke/core, hash-wasm.
// Bytes are Uint8Array. Whatever does not open throws.

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { argon2id } from "hash-wasm";

const { subtle } = globalThis.crypto;
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export const utf8 = (text) => new TextEncoder().encode(text);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const random = (size) => globalThis.crypto.getRandomValues(new Uint8Array(size));

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const uint32 = (value) => new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);

export function uint64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** The parts, each with its length before it (32 bit, big-endian). */
export const join = (...parts) => concat(...parts.flatMap((part) => [uint32(part.length), part]));

export function pad(content, step) {
  const padded = new Uint8Array(Math.ceil((content.length + 1) / step) * step);
  padded.set(content);
  padded[content.length] = 0x80;
  return padded;
}

export function unpad(padded, step) {
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end -= 1;
  if (!padded.length || padded.length % step || padded[end - 1] !== 0x80 || padded.length - end >= step) throw new Error("padding");
  return padded.slice(0, end - 1);
}

const aesKey = (key) => subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);

async function encrypt(key, nonce, content, associated) {
  return new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: associated }, await aesKey(key), content));
}

async function decrypt(key, nonce, sealed, associated) {
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: associated }, await aesKey(key), sealed));
}

const firstByte = (blob) => {
  if (blob[0] !== 1) throw new Error("suite");
};

export async function wrap(content, publicKey, info) {
  const sender = await suite.createSenderContext({ recipientPublicKey: await suite.kem.importKey("raw", publicKey, true), info });
  return concat(new Uint8Array([1]), new Uint8Array(sender.enc), new Uint8Array(await sender.seal(content)));
}

export async function unwrap(blob, privateKey, info) {
  firstByte(blob);
  const recipientKey = await suite.kem.importKey("raw", privateKey, false);
  const recipient = await suite.createRecipientContext({ recipientKey, enc: blob.slice(1, 33), info });
  return new Uint8Array(await recipient.open(blob.slice(33)));
}

export async function sealBody(content, publicKey, info, associated) {
  const key = random(32);
  const nonce = random(12);
  return concat(await wrap(key, publicKey, info), nonce, await encrypt(key, nonce, pad(content, 512), associated));
}

export async function openBody(blob, privateKey, info, associated) {
  const key = await unwrap(blob.slice(0, 81), privateKey, info);
  return unpad(await decrypt(key, blob.slice(81, 93), blob.slice(93), associated), 512);
}

export const recordInfo = (caseId, recordId, version) => join(utf8("ruang-aman/1 case-record"), caseId, recordId, uint64(version));
export const keyInfo = (caseId, recipientId) => join(utf8("ruang-aman/1 case-key"), caseId, recipientId);
export const messageInfo = (mailboxId, messageId) => join(utf8("ruang-aman/1 mailbox-message"), mailboxId, messageId);
export const addressInfo = (caseId) => join(utf8("ruang-aman/1 return-address"), caseId);

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

// PKCS #8 of a raw X25519 private key (RFC 8410, 7): WebCrypto imports no raw ones.
const PKCS8 = unhex("302e020100300506032b656e04220420");

export async function publicOf(privateKey) {
  const key = await subtle.importKey("pkcs8", concat(PKCS8, privateKey), "X25519", true, ["deriveBits"]);
  const { x } = await subtle.exportKey("jwk", key);
  return Uint8Array.from(atob(x.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
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
