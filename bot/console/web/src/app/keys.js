// The keyboard. Letters are shortcuts only while nobody writes, and only if one wants them (WCAG 2.1.4); docs/desk.md tells them all.

import { writes } from "./dom.js";
import { anyOpen } from "./dialogs.js";

const STILL = 1500; // ms without a key, after which whoever wrote knows that the box has gone
const table = new Map();
let letters = localStorage.getItem("desk-letters") !== "off";
let prefix = 0;
let wrote = 0; // when somebody last wrote in a field that they have not left by themselves
let taken = false; // the field went, and the focus was put elsewhere

export const lettersOn = () => letters;
export function wantLetters(yes) {
  letters = yes;
  localStorage.setItem("desk-letters", yes ? "on" : "off");
}

/** What a key does: "a", "g q", "shift+h", "?". */
export const onKey = (keys, call) => table.set(keys, call);

/** The field in which somebody writes goes: what they go on typing is no shortcut, until they have stopped. */
export const fieldGoes = () => {
  taken = true;
};
addEventListener("pointerdown", () => ([wrote, taken] = [0, false]), true);

/** Whether a letter was meant for a field that has just gone. */
function meantForAField(target) {
  if (writes(target)) return false;
  if (Date.now() - wrote >= STILL) taken = false;
  else if (taken || target === document.body) {
    wrote = Date.now();
    return true;
  }
  return false;
}

/** Notes that somebody writes; and that they leave by themselves: with Escape, Tab, or Enter in a field of one line. */
function noted({ target, key }) {
  if (!writes(target)) return;
  const leaves = key === "Escape" || key === "Tab" || (key === "Enter" && !target.matches("textarea"));
  [wrote, taken] = [leaves ? 0 : Date.now(), false];
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey) return;
  noted(event);
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.matches("input, textarea, select") ? event.target.form : null; // what one writes in is what is sent, and nothing that lies under a sheet
    if (form) form.requestSubmit();
    else if (anyOpen() || !table.get("ctrl+enter")?.(event)) return;
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    if (!anyOpen() && table.get("escape")?.(event)) event.preventDefault();
    return;
  }
  if (writes(event.target) || !letters || meantForAField(event.target)) return;
  const key = event.key.length === 1 ? (event.shiftKey && /[a-z]/i.test(event.key) ? `shift+${event.key.toLowerCase()}` : event.key.toLowerCase()) : "";
  if (!key) return;
  const after = Date.now() - prefix < 1200 ? `g ${key}` : key;
  prefix = key === "g" ? Date.now() : 0;
  if (anyOpen() && key !== "shift+h") return; // the screen can be hidden with a sheet on it, too
  const call = table.get(after);
  if (call && key !== "g") {
    event.preventDefault();
    call(event);
  }
});
