// A unit's private key: sealed to its members, and each version under the next (bot/vault/member.py).

import { identifier, join, uint32, utf8 } from "./bytes.js";
import { unwrap, wrap } from "./envelope.js";

const memberInfo = (unitId, version, staffId) =>
  join(utf8("ruang-aman/1 unit-member"), identifier(unitId), uint32(version), identifier(staffId));
const formerInfo = (unitId, version) => join(utf8("ruang-aman/1 unit-former"), identifier(unitId), uint32(version));

const opened = async (sealed, privateKey, info) => {
  const key = await unwrap(sealed, privateKey, info);
  if (key.length !== 32) throw new Error("no key");
  return key;
};

export const sealToMember = (unitPrivate, memberPublic, unitId, version, staffId) =>
  wrap(unitPrivate, memberPublic, memberInfo(unitId, version, staffId));

export const openAsMember = (sealed, privateKey, unitId, version, staffId) => opened(sealed, privateKey, memberInfo(unitId, version, staffId));

/** The private key of the version before, for whoever has `version`. */
export const sealFormer = (formerPrivate, unitPublic, unitId, version) => wrap(formerPrivate, unitPublic, formerInfo(unitId, version));

export const openFormer = (sealed, unitPrivate, unitId, version) => opened(sealed, unitPrivate, formerInfo(unitId, version));
