// Suite 1: HPKE in base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Formats: docs/decisions/vault-formats.md.
// Whatever does not open throws.

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { concat, random } from "./bytes.js";
import { pad, unpad } from "./padding.js";

const { subtle } = globalThis.crypto;
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const SUITE = 1;
const STEP = 512;
const aesKey = (key) => subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);

export async function encrypt(key, nonce, content, associated) {
  return new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: associated }, await aesKey(key), content));
}

export async function decrypt(key, nonce, sealed, associated) {
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: associated }, await aesKey(key), sealed));
}

/** `content` sealed to a raw public key, bound to `info`. */
export async function wrap(content, publicKey, info) {
  const sender = await suite.createSenderContext({ recipientPublicKey: await suite.kem.importKey("raw", publicKey, true), info });
  return concat(Uint8Array.of(SUITE), new Uint8Array(sender.enc), new Uint8Array(await sender.seal(content)));
}

export async function unwrap(blob, privateKey, info) {
  if (blob[0] !== SUITE || blob.length < 49) throw new Error("suite");
  const recipientKey = await suite.kem.importKey("raw", privateKey, false);
  const recipient = await suite.createRecipientContext({ recipientKey, enc: blob.slice(1, 33), info });
  return new Uint8Array(await recipient.open(blob.slice(33)));
}

/** A text of any length: padded, under a fresh data key, and that key sealed. */
export async function sealBody(content, publicKey, info, associated) {
  const [key, nonce] = [random(32), random(12)];
  return concat(await wrap(key, publicKey, info), nonce, await encrypt(key, nonce, pad(content, STEP), associated));
}

export async function openBody(blob, privateKey, info, associated) {
  const key = await unwrap(blob.slice(0, 81), privateKey, info);
  return unpad(await decrypt(key, blob.slice(81, 93), blob.slice(93), associated), STEP);
}
