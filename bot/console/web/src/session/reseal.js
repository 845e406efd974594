// After the unit's key was changed: another key for its open cases, and the keys of closed ones sealed to the newest one, in portions. Whoever has gone has the
// former key of the unit, and may have kept those of cases. It goes on where it stopped, in any lead's browser.

import {
  generateSealing, hex, openCaseKey, random, same, sealCaseKey, sealRecord, sealingPublic, signEntry, unhex, utf8,
} from "../vault/index.js";
import { get, post } from "./call.js";
import { me, signingKey, unitKeys } from "./held.js";
import { believed, checkUnit, recoveryKey } from "./trust.js";
import { renewUnitKeys } from "./units.js";

const AT_ONCE = 20; // cases that get another key in one request
const ROUNDS = 4; // something may come to a case while its key is changed: then once more
let working = false;

/** A case's key as it lies there, or null if it does not open with any key of the unit's, or is not the case's. */
async function opened(row, keys, unitId) {
  const key = await openCaseKey(unhex(row.sealed), keys, unhex(row.case_id), unitId).catch(() => null);
  return key && same(await sealingPublic(key), unhex(row.public)) ? key : null;
}

/** A case's key sealed to the unit's newest one. What lies there is overwritten: it has to open, here and now, before it goes. */
async function sealedToUnit(key, keys, unitPublic, caseId, unitId) {
  const sealed = await sealCaseKey(key, unitPublic, caseId, unitId);
  if (!same(await openCaseKey(sealed, keys.slice(0, 1), caseId, unitId), key)) throw new Error("reseal");
  return sealed;
}

/** Whom a portion's open cases may be sealed to: a Map id → {version, public}. Another unit only if this browser believes who signed for its key. */
async function readersOf(portion, own) {
  const found = new Map([own]);
  for (const unit of portion.units) {
    if (unit.id === own[0]) continue;
    try {
      await checkUnit(unit, (await believed(portion.signers, unit.id)).trusted);
      found.set(unit.id, { version: unit.keys[0].version, public: unhex(unit.public) });
    } catch {
      // its cases keep the key that they have
    }
  }
  const recovery = recoveryKey();
  if (recovery) found.set(recovery.id, { version: null, public: unhex(recovery.public) });
  return found;
}

/** A case's next key, sealed to all its readers, and the entry that says so: the former one lies in it, sealed to the new one. */
async function nextKey(row, former, readers, unitId, keys) {
  const [caseId, recordId] = [unhex(row.case_id), random(16)];
  const pair = await generateSealing();
  const body = {
    format: 1, kind: "key", language: "id", told_at: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"), from: "staff",
    public: hex(pair.public), former: hex(former),
  };
  const sealed = await sealRecord(utf8(JSON.stringify(body)), pair.public, caseId, recordId, 1);
  const entry = { caseId, recordId, version: 1, authorId: unhex(me().id), previous: unhex(row.head), sealed };
  const sealedKeys = row.readers.map(async (id) => {
    const { version, public: reader } = readers.get(id);
    const key = id === hex(unitId) ? await sealedToUnit(pair.private, keys, reader, caseId, unitId) : await sealCaseKey(pair.private, reader, caseId, unhex(id));
    return { id, version, sealed: hex(key) };
  });
  return {
    case_id: row.case_id, was: row.public, public: hex(pair.public), keys: await Promise.all(sealedKeys), record_id: hex(recordId), sealed: hex(sealed),
    signature: hex(await signEntry(entry, signingKey())), previous: row.head,
  };
}

/** One round over all that is left; gives {changed, done, broken, kept, moved}. */
async function round(progress, before) {
  const count = { changed: 0, done: 0, broken: 0, kept: 0, moved: 0 };
  const unitId = unhex(me().unit_id);
  for (let after = ""; ; ) {
    const keys = unitKeys(me()?.unit_id);
    const portion = await get(`stale-keys?after=${after}`);
    if (!portion.keys.length || !keys.length) return count;
    const unitPublic = await sealingPublic(keys[0]);
    if (!same(unitPublic, unhex(portion.public))) return count; // changed elsewhere, this moment: once that lead's browser, or this one, looks again
    const readers = await readersOf(portion, [me().unit_id, { version: portion.version, public: unitPublic }]);
    const [turned, sealed] = [[], []];
    for (const row of portion.keys) {
      const key = await opened(row, keys, unitId);
      if (!key) count.broken += 1;
      else if (row.readers?.every((id) => readers.has(id))) turned.push(await nextKey(row, key, readers, unitId, keys));
      else {
        if (row.readers) count.kept += 1;
        if (row.version === portion.version) continue;
        const caseId = unhex(row.case_id);
        sealed.push({ case_id: row.case_id, was: row.sealed, sealed: hex(await sealedToUnit(key, keys, unitPublic, caseId, unitId)) });
      }
    }
    if (sealed.length) await post("stale-keys", { version: portion.version, keys: sealed });
    count.done += sealed.length;
    for (let at = 0; at < turned.length; at += AT_ONCE) {
      const cases = turned.slice(at, at + AT_ONCE);
      const { moved } = await post("case-keys", { version: portion.version, cases });
      count.moved += moved.length;
      count.changed += cases.length - moved.length;
    }
    after = portion.keys.at(-1).case_id;
    const done = before + count.done + count.changed;
    progress(done, Math.max(0, portion.left - sealed.length - turned.length));
  }
}

/** Gives the open cases of the unit another key, and seals the keys of the others anew: {changed, done, broken, kept}. `broken` do not open, and stay as they
 *  are; `kept` are open and keep their key, because this browser does not believe somebody to whom they are sealed. `progress(done, left)` after each portion.
 *  Only a lead can; who was not given the unit's key changes nothing. */
export async function reseal(progress = () => {}) {
  const count = { changed: 0, done: 0, broken: 0, kept: 0 };
  if (working || me()?.role !== "lead") return count;
  working = true;
  try {
    await renewUnitKeys(); // another lead may have changed it
    for (let attempt = 1; attempt <= ROUNDS; attempt += 1) {
      const { moved, ...found } = await round(progress, count.done + count.changed);
      count.changed += found.changed;
      count.done += found.done;
      [count.broken, count.kept] = [found.broken, found.kept];
      if (!moved) break;
    }
    return count;
  } finally {
    working = false;
  }
}
