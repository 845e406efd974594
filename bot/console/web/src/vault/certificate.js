// Who a colleague is, and which key is a unit's: signed by a lead (bot/vault/certificate.py).

import { identifier, join, sha256, uint32, utf8 } from "./bytes.js";
import { sign, verify } from "./keys.js";

const key32 = (key) => {
  if (key.length !== 32) throw new Error("a public key has 32 bytes");
  return key;
};

// holder: {staffId, unitId, role, sealingPublic, signingPublic}
const certified = ({ staffId, unitId, role, sealingPublic, signingPublic }) => {
  if (!/^[\x20-\x7e]+$/.test(role)) throw new Error("role");
  const keys = [key32(sealingPublic), key32(signingPublic)];
  return join(utf8("ruang-aman/1 certificate"), identifier(staffId), identifier(unitId), utf8(role), ...keys);
};
const unitKey = (unitId, version, publicKey) => join(utf8("ruang-aman/1 unit-key"), identifier(unitId), uint32(version), key32(publicKey));

export const certify = async (holder, leadPrivate) => sign(certified(holder), leadPrivate);
export const checkCertificate = async (holder, certificate, leadPublic) => verify(certified(holder), certificate, leadPublic);
export const signUnitKey = async (publicKey, unitId, version, leadPrivate) => sign(unitKey(unitId, version, publicKey), leadPrivate);
export const checkUnitKey = async (publicKey, signature, unitId, version, leadPublic) =>
  verify(unitKey(unitId, version, publicKey), signature, leadPublic);

/** The six words for two public keys. `identity`: the unit's id for its root, else the colleague's. `words`: the list of 2,048. */
export async function fingerprint(identity, sealingPublic, signingPublic, words) {
  const parts = [identifier(identity), key32(sealingPublic), key32(signingPublic)];
  const digest = await sha256(join(utf8("ruang-aman/1 fingerprint"), ...parts));
  const bits = digest.slice(0, 9).reduce((number, byte) => (number << 8n) | BigInt(byte), 0n) >> 6n;
  return [55n, 44n, 33n, 22n, 11n, 0n].map((shift) => words[Number((bits >> shift) & 2047n)]);
}
