// What one hands on to a colleague: if they do not take it, it is still one's own, and that must not be missed.

import { $$ } from "../app/dom.js";
import { softly } from "../app/alerts.js";
import { say } from "../app/toast.js";

const JUST_NOW = 10_000; // ms
const takenBack = new Map(); // what one called off oneself, and when

/** One asks the colleague no more. */
export const tookBack = (id) => takenBack.set(id, Date.now());

/** Of the list of the queue, what of one's own a colleague is being asked to take over: id → name. */
export function transfers(rows) {
  const entries = rows ? $$(".mine .entry", rows).filter((entry) => entry.dataset.transferring) : [];
  return new Map(entries.map((entry) => [entry.dataset.handOff, entry.dataset.transferring]));
}

/** Says who did not take over, with the soft sound. `asked` as `transfers` gave it before, `rows` the list as it is now. */
export function stillMine(rows, asked) {
  const now = transfers(rows);
  const own = new Set($$(".mine .entry", rows).map((entry) => entry.dataset.handOff));
  for (const [id, name] of asked) {
    if (now.has(id) || !own.has(id) || Date.now() - (takenBack.get(id) ?? 0) < JUST_NOW) continue;
    say("talk.transfer_refused", { name });
    softly();
  }
}
