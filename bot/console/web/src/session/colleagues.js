// Colleagues: who may be believed, who is admitted, who goes. What a lead seals and signs is made here.

import {
  WORDS, certify, fingerprint, generateSealing, hex, sealFormer, sealToMember, signUnitKey, unhex,
} from "../vault/index.js";
import { DoorError, get, post } from "./call.js";
import { addUnitKey, me, ownKeys, rootOf } from "./held.js";
import { believed, checkUnit, compared, differed, wasCompared } from "./trust.js";
import { newestKey } from "./units.js";

export const KEYLESS = ["auditor", "administrator", "partner"]; // who read no case (actions/access.py)

const shownRow = async (row, trusted) => ({
  ...row,
  trusted: trusted.has(row.id),
  signingPublic: unhex(row.signing_public),
  sealingPublic: unhex(row.sealing_public),
  fingerprint: await fingerprint(unhex(row.id), unhex(row.sealing_public), unhex(row.signing_public), WORDS),
});

const team = async () => {
  const { unit, members: rows } = await get("members");
  return { unit, rows, ...(await believed(rows, unit.id)) };
};

/** One's own unit: [{id, name, shown, role, state, has_key, trusted, signingPublic, sealingPublic, fingerprint}], who went included. */
export async function members() {
  const { rows, trusted } = await team();
  return Promise.all(rows.map((row) => shownRow(row, trusted)));
}

/** Everybody of every unit, to check who wrote what in a case that several share: as `members`, without names to sign in with. */
export async function signers() {
  const { signers: rows } = await get("signers");
  const found = [];
  for (const unitId of new Set(rows.map((row) => row.unit_id))) {
    const own = rows.filter((row) => row.unit_id === unitId);
    // A unit whose root is another one is not believed; one's own refuses the sign-in already.
    const { trusted } = await believed(own, unitId).catch(() => ({ trusted: new Map() }));
    found.push(...(await Promise.all(own.map((row) => shownRow(row, trusted)))));
  }
  return found;
}

const words = (text) => text.trim().toLowerCase().split(/[\s,.-]+/).join(" ");

/** Admits a colleague whose six words were heard in person. Throws `mismatch` if these are not the words of the keys that the server has. `withKey`: gives
 *  the unit's key; by default to every role that works with cases. */
export async function admit(memberId, typed, { withKey } = {}) {
  const { unit, rows, trusted } = await team();
  const row = rows.find((one) => one.id === memberId);
  if (!row) throw new DoorError("unknown");
  const keys = [unhex(row.sealing_public), unhex(row.signing_public)];
  if (words(typed) !== (await fingerprint(unhex(row.id), ...keys, WORDS)).join(" ")) throw new DoorError("mismatch");
  await checkUnit(unit, trusted);
  const unitId = unhex(unit.id);
  const body = { staff_id: row.id, sealed_unit_keys: [] };
  if (row.state === "new") {
    const holder = { staffId: unhex(row.id), unitId, role: row.role, sealingPublic: keys[0], signingPublic: keys[1] };
    body.certificate = hex(await certify(holder, ownKeys().signing));
  }
  if (withKey ?? !KEYLESS.includes(row.role)) {
    const key = await newestKey(unit);
    const { version } = unit.keys[0];
    body.sealed_unit_keys = [{ version, sealed: hex(await sealToMember(key, keys[0], unitId, version, unhex(row.id))) }];
  }
  await post("admit", body);
}

/** How many conversations at a time a colleague may have, and what they are trained for. */
export const changeMember = (memberId, { capacity, skills }) => post("member", { staff_id: memberId, capacity, skills });

/** In which languages one talks with reporters. */
export const speak = (languages) => post("languages", { languages });

/** One's own row. */
export const mine = async () => (await get("members")).members.find((row) => row.id === me().id);

/** The unit's next key, sealed to all who have the present one but one. Throws `changed` if one of them may not be believed. */
async function nextKey({ unit, rows, trusted }, without) {
  await checkUnit(unit, trusted);
  const [version, unitId, former] = [unit.keys[0].version + 1, unhex(unit.id), await newestKey(unit)];
  const pair = await generateSealing();
  const sealed = [];
  for (const row of rows.filter((one) => one.has_key && one.id !== without)) {
    if (!trusted.has(row.id)) throw new DoorError("changed");
    sealed.push({ staff_id: row.id, sealed: hex(await sealToMember(pair.private, unhex(row.sealing_public), unitId, version, unhex(row.id))) });
  }
  return {
    pair,
    body: {
      version,
      public: hex(pair.public),
      signature: hex(await signUnitKey(pair.public, unitId, version, ownKeys().signing)),
      former: hex(await sealFormer(former, pair.public, unitId, version)),
      members: sealed,
    },
  };
}

/** Somebody goes; if they had the unit's key, it is another one from now on. */
export async function remove(memberId) {
  const found = await team();
  const row = found.rows.find((one) => one.id === memberId);
  if (!row?.has_key) return post("remove", { staff_id: memberId });
  const { pair, body } = await nextKey(found, memberId);
  await post("remove", { staff_id: memberId, unit_key: body });
  addUnitKey(found.unit.id, pair.private);
  return {};
}

/** Another key for the unit, for all who have the present one. */
export async function changeUnitKey() {
  const found = await team();
  const { pair, body } = await nextKey(found, null);
  await post("unit-key", { unit_key: body });
  addUnitKey(found.unit.id, pair.private);
}

/** A link for a new colleague; with `staffId` for one whose passphrase is lost (of the same role): the name stays, the keys are new. */
export async function invite(role, staffId = null) {
  const { token } = await post("invite", { role, ...(staffId ? { staff_id: staffId } : {}) });
  return `${location.origin}/console#join=${token}`;
}

/** The links that are still good: [{id, role, until, by, again}]; `again` names whose keys are lost. */
export const invites = async () => (await get("invites")).invites;

/** A link is good no more. Throws `bad_token` if it was not any more. */
export const takeBack = (id) => post("invites/take-back", { id });

/** The six words of one's own keys. */
export async function myFingerprint() {
  const who = me();
  return fingerprint(unhex(who.id), unhex(who.sealing_public), unhex(who.signing_public), WORDS);
}

/** The six words of a unit's root, or null. */
export async function unitFingerprint(unitId) {
  const root = rootOf(unitId);
  return root && fingerprint(unhex(unitId), unhex(root.sealing_public), unhex(root.signing_public), WORDS);
}

/** The six words of one's own unit that are still to be compared with the lead's in this browser; null if they were, or are one's own. */
export async function wordsToCompare() {
  const root = rootOf(me().unit_id);
  if (!root || root.id === me().id || (await wasCompared(root))) return null;
  return unitFingerprint(me().unit_id);
}
export const unitsCompared = () => compared(rootOf(me().unit_id));
export const unitsDiffer = () => differed(rootOf(me().unit_id));
