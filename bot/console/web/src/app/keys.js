// The keyboard. Letters are shortcuts only while nobody writes, and only if one wants them (WCAG 2.1.4); docs/desk.md tells them all.

import { writes } from "./dom.js";
import { anyOpen } from "./dialogs.js";

const table = new Map();
let letters = localStorage.getItem("desk-letters") !== "off";
let prefix = 0;

export const lettersOn = () => letters;
export function wantLetters(yes) {
  letters = yes;
  localStorage.setItem("desk-letters", yes ? "on" : "off");
}

/** What a key does: "a", "g q", "shift+h", "?". */
export const onKey = (keys, call) => table.set(keys, call);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    if (table.get("ctrl+enter")?.(event)) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    if (!anyOpen() && table.get("escape")?.(event)) event.preventDefault();
    return;
  }
  if (writes(event.target) || anyOpen() || !letters) return;
  const key = event.key.length === 1 ? (event.shiftKey && /[a-z]/i.test(event.key) ? `shift+${event.key.toLowerCase()}` : event.key.toLowerCase()) : "";
  if (!key) return;
  const after = Date.now() - prefix < 1200 ? `g ${key}` : key;
  prefix = key === "g" ? Date.now() : 0;
  const call = table.get(after);
  if (call && key !== "g") {
    event.preventDefault();
    call(event);
  }
});
