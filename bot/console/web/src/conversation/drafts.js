// What is being written, in memory only: it outlives a dropped line, a change of section and a session that ended, and nothing else.

const drafts = new Map();

export const draftOf = (key) => drafts.get(key) ?? "";
export function keepDraft(key, text) {
  if (text) drafts.set(key, text);
  else drafts.delete(key);
}
export const forgetDrafts = () => drafts.clear();

/** Has a field keep what is written in it under a key, and shows what was kept. */
export function keepsDraft(field, key) {
  field.value = draftOf(key);
  field.addEventListener("input", () => keepDraft(key, field.value));
}

addEventListener("beforeunload", (event) => {
  if (drafts.size) event.preventDefault();
});
