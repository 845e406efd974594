// The trail of who opened what: where its end was is remembered here, and at each sign-in of a lead or an auditor it has to go on from there. Somebody who
// can write to the database can cut its end off, or make all of it anew; he cannot do so in this browser.

import { chained, hex, unhex } from "../vault/index.js";
import { DoorError, get } from "./call.js";

const HEAD = "ruang-aman.audit-head."; // and the unit's id → number:hash
export const FOLLOWS = ["lead", "auditor"]; // who may see it (actions/access.py)

function remembered(unitId) {
  const found = /^(\d+):([0-9a-f]{64})$/.exec(localStorage.getItem(HEAD + unitId) ?? "");
  return found ? { number: Number(found[1]), hash: found[2] } : { number: 0, hash: "" };
}

const written = ({ number, hash }) => `${number}:${hash}`;

function broken(unitId, known, found) {
  const problem = new DoorError("chain");
  problem.unitId = unitId;
  problem.heads = { known: written(known), found: written(found) };
  return problem;
}

/** Follows the trail from where it was for somebody of a unit to its end, and remembers that; gives its number. Nothing remembered: takes its end as it is. Throws `chain` (with
 *  .heads and .unitId) if what was remembered is not there any more, or does not lead to what is. */
export async function follow(unitId) {
  const known = remembered(unitId);
  for (let at = known; ; ) {
    const found = await get(`audit-head?from=${at.number}`);
    if (at.number) {
      if (found.first !== at.hash) throw broken(unitId, known, found.head);
      let hash = unhex(at.hash);
      for (const digest of found.digests) hash = await chained(hash, unhex(digest));
      if (hex(hash) !== found.head.hash || at.number + found.digests.length !== found.head.number) throw broken(unitId, known, found.head);
    }
    at = found.head;
    if (found.left) continue;
    if (at.number) localStorage.setItem(HEAD + unitId, written(at)); // an empty trail has no end
    return at.number;
  }
}

/** Begins anew at the next sign-in: the operator has said why it does not go on. */
export const forgetTrail = (unitId) => localStorage.removeItem(HEAD + unitId);
