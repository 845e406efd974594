// Short sentences that come and go, and the banner of an alarm that stays until somebody looked.

import { $, el } from "./dom.js";
import { t } from "./words.js";

/** Says a sentence; it is read aloud and goes by itself. */
export function say(key, values) {
  const words = el("p", { class: "toast", text: t(key, values) });
  $("#toasts").append(words);
  setTimeout(() => words.remove(), 6000);
}

/** Says what went wrong. That something newer was asked for is nothing of the kind. `again`: it is asked for again by itself, which nothing is that
 *  somebody ordered. */
export function saw(problem, { again = false } = {}) {
  if (problem?.code === "replaced") return;
  if (problem?.code === "offline" && again) {
    say("error.offline_again");
    return;
  }
  const known = ["refused", "not_there", "conflict", "busy", "offline", "too_long", "bad", "capacity", "not_ready", "doubtful_key"];
  say(`error.${known.includes(problem?.code) ? problem.code : "busy"}`);
}
