// Raw X25519 and Ed25519 keys. WebCrypto imports no raw private ones: they go in as PKCS #8 (RFC 8410, 7).

import { concat, unhex } from "./bytes.js";

const { subtle } = globalThis.crypto;
const PKCS8 = { X25519: unhex("302e020100300506032b656e04220420"), Ed25519: unhex("302e020100300506032b657004220420") };
const USE = { X25519: ["deriveBits"], Ed25519: ["sign"] };

function unbase64url(digits) {
  return Uint8Array.from(atob(digits.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}

const imported = (kind, privateKey) => {
  if (privateKey.length !== 32) throw new Error("a private key has 32 bytes");
  return subtle.importKey("pkcs8", concat(PKCS8[kind], privateKey), kind, true, USE[kind]);
};

async function generate(kind) {
  const pair = await subtle.generateKey(kind, true, kind === "X25519" ? ["deriveBits"] : ["sign", "verify"]);
  const { d, x } = await subtle.exportKey("jwk", pair.privateKey);
  return { private: unbase64url(d), public: unbase64url(x) };
}

const publicOf = async (kind, privateKey) => unbase64url((await subtle.exportKey("jwk", await imported(kind, privateKey))).x);

/** {private, public} to open with. */
export const generateSealing = () => generate("X25519");
/** {private, public} to sign with. */
export const generateSigning = () => generate("Ed25519");
export const sealingPublic = (privateKey) => publicOf("X25519", privateKey);
export const signingPublic = (privateKey) => publicOf("Ed25519", privateKey);

export async function sign(message, privateKey) {
  return new Uint8Array(await subtle.sign("Ed25519", await imported("Ed25519", privateKey), message));
}

/** Throws unless the key's holder signed exactly these bytes. */
export async function verify(message, signature, publicKey) {
  const key = await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  if (!(await subtle.verify("Ed25519", key, signature, message))) throw new Error("signature");
}
