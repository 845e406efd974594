// Short sentences that come and go, and the banner of an alarm that stays until somebody looked.

import { $, el } from "./dom.js";
import { t } from "./words.js";

/** Says a sentence; it is read aloud and goes by itself. */
export function say(key, values) {
  const words = el("p", { class: "toast", text: t(key, values) });
  $("#toasts").append(words);
  setTimeout(() => words.remove(), 6000);
}

/** Says what went wrong. */
export function saw(problem) {
  const known = ["refused", "not_there", "conflict", "busy", "offline", "too_long", "bad", "csrf", "capacity", "not_ready"];
  say(`error.${known.includes(problem?.code) ? problem.code : "busy"}`);
}
