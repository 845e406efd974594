// What is being written, in memory only: it outlives a dropped line, a change of section and a session that ended, if the same person
// comes back; nothing else.

const drafts = new Map();

export const draftOf = (key) => drafts.get(key) ?? "";
export function keepDraft(key, text) {
  if (text) drafts.set(key, text);
  else drafts.delete(key);
}
/** Those whose key begins so, oldest first: [key, text]. */
export const draftsUnder = (begin) => [...drafts].filter(([key]) => key.startsWith(begin));
export const forgetDrafts = () => drafts.clear();

/** Has a field keep what is written in it under a key, and shows what was kept. On a slow line somebody may have begun to write before. */
export function keepsDraft(field, key) {
  if (field.value && !draftOf(key)) keepDraft(key, field.value);
  else field.value = draftOf(key);
  field.addEventListener("input", () => keepDraft(key, field.value));
}

addEventListener("beforeunload", (event) => {
  if (drafts.size) event.preventDefault();
});
