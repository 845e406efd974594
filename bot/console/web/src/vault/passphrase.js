// What a passphrase becomes (bot/vault/staff_auth.py): one half for the server, one that never leaves this page.

import { argon2id } from "hash-wasm";
import { concat, identifier, join, random, same, utf8 } from "./bytes.js";
import { decrypt, encrypt } from "./envelope.js";
import { sealingPublic, signingPublic } from "./keys.js";

const { subtle } = globalThis.crypto;
const WRAPPED = 93;
export const WORDS = 6;

export const plain = (passphrase) => passphrase.normalize("NFC").replace(/[ \t\r\n\u00a0\u3000]+/g, " ").replace(/^ | $/g, "");

async function expanded(seed, info) {
  const key = await subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) }, key, 256));
}

/** {auth, wrap}: about a second of work, and 64 MiB. */
export async function deriveSecrets(passphrase, salt) {
  if (salt.length !== 16) throw new Error("a salt has 16 bytes");
  const seed = await argon2id({
    password: plain(passphrase),
    salt,
    memorySize: 64 * 1024,
    iterations: 3,
    parallelism: 4,
    hashLength: 64,
    outputType: "binary",
  });
  return { auth: await expanded(seed, "ruang-aman/1 staff auth"), wrap: await expanded(seed, "ruang-aman/1 staff wrap") };
}

const associated = (staffId, sealing, signing) => join(utf8("ruang-aman/1 staff-wrap"), identifier(staffId), sealing, signing);

/** Both private keys ({sealing, signing}) under the wrap key. */
export async function wrapKeys(keys, wrap, staffId) {
  const nonce = random(12);
  const bound = associated(staffId, await sealingPublic(keys.sealing), await signingPublic(keys.signing));
  return concat(Uint8Array.of(1), nonce, await encrypt(wrap, nonce, concat(keys.sealing, keys.signing), bound));
}

/** {sealing, signing}. Throws on another passphrase, person or public half. */
export async function unwrapKeys(blob, wrap, staffId, sealing, signing) {
  if (blob.length !== WRAPPED || blob[0] !== 1) throw new Error("suite");
  const both = await decrypt(wrap, blob.slice(1, 13), blob.slice(13), associated(staffId, sealing, signing));
  const keys = { sealing: both.slice(0, 32), signing: both.slice(32) };
  if (!same(await sealingPublic(keys.sealing), sealing) || !same(await signingPublic(keys.signing), signing)) throw new Error("keys");
  return keys;
}

/** Whether a passphrase of one's own will do: five words, or 20 characters, and not the same ones over and over. Six generated words are better. */
export function strong(passphrase) {
  const given = plain(passphrase).toLowerCase();
  const words = given.split(" ").filter((word) => word.length > 1);
  if (new Set(given.replaceAll(" ", "")).size < 8) return false;
  return [...given].length >= 20 || (words.length >= 5 && new Set(words).size === words.length);
}

/** Six words of the list, each with 11 random bits. */
export function newPassphrase(words) {
  if (words.length !== 2048) throw new Error("the list has 2,048 words");
  const numbers = new Uint16Array(random(WORDS * 2).buffer);
  return Array.from(numbers, (number) => words[number & 2047]).join(" ");
}
