// After the unit's key was changed: the keys of its cases, sealed to the newest one, in portions. Whoever has gone has the former key.
// It goes on where it stopped, in any lead's browser: what is left is what the server still has under a former key.

import { hex, openCaseKey, same, sealCaseKey, sealingPublic, unhex } from "../vault/index.js";
import { get, post } from "./call.js";
import { me, unitKeys } from "./held.js";

let working = false;

/** One case's key, or null if it does not open with any key of the unit's, or is not the case's. */
async function sealedAnew(row, keys, unitPublic, unitId) {
  const caseId = unhex(row.case_id);
  const key = await openCaseKey(unhex(row.sealed), keys, caseId, unitId).catch(() => null);
  if (!key || !same(await sealingPublic(key), unhex(row.public))) return null;
  const sealed = await sealCaseKey(key, unitPublic, caseId, unitId);
  // What lies there is overwritten: it has to open, here and now, before it goes.
  if (!same(await openCaseKey(sealed, keys.slice(0, 1), caseId, unitId), key)) throw new Error("reseal");
  return { case_id: row.case_id, was: row.sealed, sealed: hex(sealed) };
}

/** Seals all that are left; gives {done, broken}: `broken` do not open, and stay as they are. `progress(done, left)` after each portion. Only a lead can; with
 *  a page that does not have the unit's newest key nothing happens. */
export async function reseal(progress = () => {}) {
  const count = { done: 0, broken: 0 };
  if (working || me()?.role !== "lead") return count;
  working = true;
  try {
    const unitId = unhex(me().unit_id);
    for (let after = ""; ; ) {
      const keys = unitKeys(me()?.unit_id);
      const portion = await get(`stale-keys?after=${after}`);
      if (!portion.keys.length || !keys.length) return count;
      const unitPublic = await sealingPublic(keys[0]);
      if (!same(unitPublic, unhex(portion.public))) return count; // changed elsewhere: after the next sign-in
      const sealed = (await Promise.all(portion.keys.map((row) => sealedAnew(row, keys, unitPublic, unitId)))).filter(Boolean);
      count.broken += portion.keys.length - sealed.length;
      if (sealed.length) await post("stale-keys", { version: portion.version, keys: sealed });
      count.done += sealed.length;
      after = portion.keys.at(-1).case_id;
      progress(count.done, Math.max(0, portion.left - sealed.length));
    }
  } finally {
    working = false;
  }
}
