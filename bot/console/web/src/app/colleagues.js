// Who wrote something: a colleague's key counts only if a lead of the unit signed for it, up to the root that this browser knows.

import { signers } from "../session/index.js";

let known = null;

/** Asks anew next time: somebody came or went. */
export const forgetColleagues = () => {
  known = null;
};

/** {id, shown, role, state, signingPublic} of a colleague whose certificate holds. Throws if there is none. */
export async function colleague(id) {
  known ??= signers();
  let found = (await known).find((one) => one.id === id);
  if (!found) {
    known = signers();
    found = (await known).find((one) => one.id === id);
  }
  if (!found?.trusted) throw new Error("colleague");
  return found;
}

/** The name to show for an author; empty if unknown. Never a reason to trust what stands beside it. */
export async function nameOf(id) {
  try {
    return (await colleague(id)).shown;
  } catch {
    return "";
  }
}

/** Puts the names of their authors to entries that have none yet. */
export const named = (entries) =>
  Promise.all(entries.filter((entry) => entry.author && entry.name === undefined).map(async (entry) => (entry.name = await nameOf(entry.author))));
