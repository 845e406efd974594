// What is being written, in memory only: it outlives a dropped line, a change of section and a session that ended, if the same person
// comes back; nothing else.

import { random } from "../vault/index.js";

const drafts = new Map();

export const draftOf = (key) => drafts.get(key) ?? "";
export function keepDraft(key, text) {
  if (text) drafts.set(key, text);
  else drafts.delete(key);
}
/** Those whose key begins so, oldest first: [key, text]. */
export const draftsUnder = (begin) => [...drafts].filter(([key]) => key.startsWith(begin));
export const forgetDrafts = () => {
  drafts.clear();
  unsure.clear();
};

/** What was sent has arrived: it is out of the draft, and out of the box if that is there. What was written since stays in both. */
export function leavesBox(key, text, field) {
  const rest = (written) => {
    const begin = written.trim();
    if (begin === text) return "";
    return begin.startsWith(text) && /^\s/.test(begin.slice(text.length)) ? begin.slice(text.length).trimStart() : written;
  };
  if (field) field.value = rest(field.value);
  keepDraft(key, field ? field.value : rest(draftOf(key)));
}

const UNSURE = 10 * 60_000; // ms: for so long the same words, sent once more, are the same entry
const unsure = new Map(); // what was sent last from where, if it is not known whether it arrived: {words, id, until}

/** The id of an entry that is sent. If only the answer was lost, the same words keep it, and stand there once. */
export function idOf(from, words) {
  const known = unsure.get(from);
  const id = known?.words === words && known.until > Date.now() ? known.id : random(16);
  unsure.set(from, { words, id, until: Date.now() + UNSURE });
  return id;
}
export const arrived = (from) => unsure.delete(from);

/** Has a field keep what is written in it under a key, and shows what was kept. On a slow line somebody may have begun to write before. */
export function keepsDraft(field, key) {
  if (field.value && !draftOf(key)) keepDraft(key, field.value);
  else field.value = draftOf(key);
  field.addEventListener("input", () => keepDraft(key, field.value));
}

const stands = (form) => JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string"));

function restore(form, kept) {
  for (const field of form.elements) {
    if (!field.name || field.type === "submit") continue;
    const values = kept.filter(([name]) => name === field.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(field.type)) field.checked = values.includes(field.value);
    else if (values.length) [field.value] = values;
  }
}

/** Has a whole form keep what is chosen and written in it under a key, and shows what was kept. Gives whether something was. */
export function keepsForm(form, key) {
  if (!form) return false;
  const begin = stands(form);
  const kept = draftOf(key);
  if (kept) restore(form, JSON.parse(kept));
  const keep = () => keepDraft(key, stands(form) === begin ? "" : stands(form));
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  return kept !== "";
}

addEventListener("beforeunload", (event) => {
  if (drafts.size) event.preventDefault();
});
