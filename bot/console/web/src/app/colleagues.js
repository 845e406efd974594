// Who wrote something: a colleague's key counts only if a lead of the unit signed for it, up to the root that this browser knows.

import { signers } from "../session/index.js";

/** There is no such colleague, or none whose certificate holds. */
export class Stranger extends Error {}

let held = { list: [], asking: null };

/** Whoever comes next asks for themselves. */
export const forgetColleagues = () => {
  held = { list: [], asking: null };
};

/** Asks anew; those who ask at once ask once. Nothing is kept of an answer that did not come. */
function look(here) {
  here.asking ??= signers()
    .then((list) => {
      here.list = list;
    })
    .finally(() => {
      here.asking = null;
    });
  return here.asking;
}

/** {id, shown, role, state, signingPublic} of a colleague whose certificate holds: whoever was admitted once stays who they are, also for what they wrote before
 *  they went. Throws Stranger if there is none, and what went wrong if that could not be asked. */
export async function colleague(id) {
  const here = held;
  const found = () => here.list.find((one) => one.id === id && one.trusted);
  if (!found()) await look(here);
  if (!found()) throw new Stranger(id);
  return found();
}

/** Undefined: it could not be asked. */
const shownOf = (id) =>
  colleague(id).then(
    (one) => one.shown,
    (problem) => (problem instanceof Stranger ? "" : undefined),
  );

/** The name to show for an author; empty if unknown. Never a reason to trust what stands beside it. */
export const nameOf = async (id) => (await shownOf(id)) ?? "";

/** Puts the names of their authors to entries that have none yet. */
export const named = (entries) =>
  Promise.all(entries.filter((entry) => entry.author && entry.name === undefined).map(async (entry) => (entry.name = await shownOf(entry.author))));
