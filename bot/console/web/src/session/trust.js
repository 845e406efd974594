// Whom this browser believes. A unit's root is its first lead, who signed for himself; whoever he admitted, and whoever those leads admitted, may be
// believed; so may a lead whom the city's recovery key admitted. The root, and both halves of the recovery key (what it opens with, what it signs with), are
// remembered here from the first time on, as is the service's own signature: another one is refused loudly.

import { checkCertificate, checkUnitKey, hex, join, sha256, unhex } from "../vault/index.js";
import { DoorError } from "./call.js";

const UNIT = "ruang-aman.root.";
const COMPARED = "ruang-aman.compared."; // the root whose words somebody compared in person
const RECOVERY = "ruang-aman.recovery";
const RECOVERY_SIGNS = "ruang-aman.recovery-signs";
const WITNESS = "ruang-aman.witness";

let authority = null; // the recovery key as one that vouches: {id, signing_public}
let sealedTo = null; // and as one that reads: {id, public}

const holder = (row) => ({
  staffId: unhex(row.id),
  unitId: unhex(row.unit_id),
  role: row.role,
  sealingPublic: unhex(row.sealing_public),
  signingPublic: unhex(row.signing_public),
});

/** Compares with what is remembered under a name; remembers it if there is nothing. Throws `changed`. */
function pinned(name, value) {
  const known = localStorage.getItem(name);
  if (known === null) localStorage.setItem(name, value);
  else if (known !== value) throw new DoorError("changed");
}

const rootMark = async (row) => hex(await sha256(join(unhex(row.unit_id), unhex(row.sealing_public), unhex(row.signing_public))));

/** Whether somebody compared the words of a unit's root in this browser. */
export const wasCompared = async (root) => localStorage.getItem(COMPARED + root.unit_id) === (await rootMark(root));
export const compared = async (root) => localStorage.setItem(COMPARED + root.unit_id, await rootMark(root));
/** They were other words: this root is not believed again unasked. */
export function differed(root) {
  for (const name of [UNIT, COMPARED]) localStorage.removeItem(name + root.unit_id);
}

async function signed(row, signingPublic) {
  if (!row.certificate) return false;
  return checkCertificate(holder(row), unhex(row.certificate), unhex(signingPublic)).then(
    () => true,
    () => false,
  );
}

const holds = async (row, by) => by.unit_id === row.unit_id && signed(row, by.signing_public);

/** The rows of one unit whose certificates lead to its root: a Map id → row; and the root. Throws `changed` if the root is not the one that this browser
 *  knows, or if there is more than one to choose from. */
export async function believed(rows, unitId) {
  const own = rows.filter((row) => row.unit_id === unitId);
  const known = localStorage.getItem(UNIT + unitId);
  const roots = [];
  for (const row of own) {
    if (row.admitted_by === row.id && row.role === "lead" && (await holds(row, row))) roots.push([await rootMark(row), row]);
  }
  const found = known === null ? (roots.length === 1 ? roots[0] : null) : roots.find(([mark]) => mark === known);
  if (!found) {
    if (known === null && !roots.length) return { root: null, trusted: new Map() }; // a unit without a lead yet
    throw new DoorError("changed");
  }
  pinned(UNIT + unitId, found[0]);
  const root = found[1];
  const trusted = new Map([[root.id, root]]);
  for (const row of own) {
    if (authority && row.role === "lead" && row.admitted_by === authority.id && (await signed(row, authority.signing_public))) trusted.set(row.id, row);
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const row of own) {
      const by = trusted.get(row.admitted_by);
      if (!trusted.has(row.id) && by?.role === "lead" && (await holds(row, by))) {
        trusted.set(row.id, row);
        grown = true;
      }
    }
  }
  return { root, trusted };
}

/** Throws `changed` unless a believed lead, or recovery, says that this is the unit's key. */
export async function checkUnit(unit, trusted) {
  const [newest] = unit.keys;
  const lead = newest && (newest.root_id === authority?.id ? { ...authority, role: "lead" } : trusted.get(newest.root_id));
  if (!newest || lead?.role !== "lead" || newest.public !== unit.public) throw new DoorError("changed");
  await checkUnitKey(unhex(newest.public), unhex(newest.signature), unhex(unit.id), newest.version, unhex(lead.signing_public)).catch(() => {
    throw new DoorError("changed");
  });
}

/** The recovery key is the one that this browser knows, or the first. Throws `changed`; also if there was one, and is none any more. */
export function checkRecovery(recovery) {
  authority = sealedTo = null;
  if (recovery) pinned(RECOVERY, recovery.public);
  else if (localStorage.getItem(RECOVERY) !== null) throw new DoorError("changed");
  if (recovery?.signing) pinned(RECOVERY_SIGNS, recovery.signing);
  else if (localStorage.getItem(RECOVERY_SIGNS) !== null) throw new DoorError("changed");
  if (recovery?.signing) authority = { id: recovery.id, signing_public: recovery.signing };
  if (recovery) sealedTo = { id: recovery.id, public: recovery.public };
}

/** The recovery key that cases are sealed to beside their units: {id, public}; null if there is none. */
export const recoveryKey = () => sealedTo;

/** What the service signs what reporters tell with is what this browser knows, or the first. Throws `changed`. */
export const checkWitness = (witness) => pinned(WITNESS, witness);
