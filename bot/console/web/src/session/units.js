// A unit's private keys, opened with one's own: at the sign-in, and again while one is in once the unit has another key.

import { openAsMember, openFormer, same, sealingPublic, unhex } from "../vault/index.js";
import { DoorError, get } from "./call.js";
import { me, ownKeys, setUnitKeys, unitKeys } from "./held.js";
import { believed, checkUnit } from "./trust.js";

/** The private keys, newest first, of a unit as the server tells of it; null if none is sealed to this colleague. Throws `changed` if they, or whoever signed for the
 *  newest one, may not be believed. */
export async function openUnit(unit, trusted, staffId, sealingPrivate) {
  const mine = unit.keys.findIndex((key) => key.sealed);
  if (mine < 0) return null;
  if (!trusted.has(staffId)) throw new DoorError("changed");
  await checkUnit(unit, trusted);
  const list = [];
  let key = null; // of the version that it is at: out of the next one, or sealed to oneself (recovery makes a key that opens none before it)
  for (const one of unit.keys.slice(mine)) {
    if (!key && one.sealed) key = await openAsMember(unhex(one.sealed), sealingPrivate, unhex(unit.id), one.version, unhex(staffId));
    if (!key) continue;
    list.push(key);
    key = one.former ? await openFormer(unhex(one.former), key, unhex(unit.id), one.version) : null;
  }
  if (!same(await sealingPublic(list[0]), unhex(unit.keys[mine].public))) throw new DoorError("changed");
  return list;
}

let looking = null;

async function look() {
  const { unit, members } = await get("members");
  const { trusted } = await believed(members, unit.id);
  const list = await openUnit(unit, trusted, me().id, ownKeys().sealing);
  if (list) setUnitKeys(unit.id, list);
}

/** Asks for one's unit's keys anew: it may have got another one since one came in. Those who ask at once ask once. Throws `changed`. */
export function renewUnitKeys() {
  looking ??= look().finally(() => (looking = null));
  return looking;
}

/** The unit's newest private key, of a unit as the server tells of it now. Throws `changed` if that is another one than one can have. */
export async function newestKey(unit) {
  const is = async () => {
    const [key] = unitKeys(unit.id);
    return key && same(await sealingPublic(key), unhex(unit.public)) ? key : null;
  };
  const found = (await is()) ?? (await renewUnitKeys().then(is));
  if (!found) throw new DoorError("changed");
  return found;
}
