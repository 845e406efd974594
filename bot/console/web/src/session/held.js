// What an unlocked page holds in its memory, and nowhere else: two private keys, and the units' keys. Loading anew or locking forgets it.

let staff = null;
let keys = null;
let units = new Map(); // unit id → [private key, newest first]
let roots = new Map(); // unit id → the row of its root
let witness = null; // what the service signs what reporters tell with

const wipe = (bytes) => bytes?.fill(0);

export function hold(who, own, unitKeys, unitRoots, witnessPublic) {
  staff = who;
  keys = own;
  units = unitKeys;
  roots = unitRoots;
  witness = witnessPublic;
}

export function forget() {
  wipe(keys?.sealing);
  wipe(keys?.signing);
  for (const list of units.values()) list.forEach(wipe);
  staff = keys = null;
  units = new Map();
  roots = new Map();
}

/** null | {id, unit_id, role, name, shown, …}: the ids in hex. */
export const me = () => staff;
export const ownKeys = () => {
  if (!keys) throw new Error("locked");
  return keys;
};
export const witnessKey = () => witness;
export const signingKey = () => ownKeys().signing;
/** A unit's private keys, the newest first; none if they were not given to this colleague. */
export const unitKeys = (unitId) => units.get(unitId) ?? [];
export const rootOf = (unitId) => roots.get(unitId) ?? null;
export const setUnitKeys = (unitId, list) => units.set(unitId, list);
export const addUnitKey = (unitId, key) => units.set(unitId, [key, ...unitKeys(unitId)]);
