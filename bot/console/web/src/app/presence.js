// That somebody sits here. The server hears it every 15 seconds: by its own sign on the open line, for a tab in the background may not keep
// time by itself, and by a timer for when the line is down.

import { $, $$ } from "./dom.js";
import { post } from "./api.js";
import { onHere } from "./live.js";
import { saw, say } from "./toast.js";
import { clock, t } from "./words.js";

let wanted = null; // what the person chose and the server has not heard yet
let state = null;
let last = 0;
let working = false;
let started = false;

export const presence = () => state;

async function beat() {
  if (!started || working || (Date.now() - last < 10_000 && wanted === null)) return;
  working = true;
  const told = wanted;
  try {
    const answer = await post("/console/j/presence", told === null ? {} : { state: told });
    last = Date.now();
    if (wanted === told) wanted = null;
    show(answer.state, answer.until);
  } catch (problem) {
    if (told !== null && problem.code !== "offline") {
      wanted = null;
      saw(problem);
    }
  } finally {
    working = false;
  }
  if (wanted !== null && wanted !== told) await beat();
}

/** Why nothing is offered, and until when: a pause after a danger, or an offer that nobody answered (`until` is when the desk took one for
    away); else one has said so. */
function why(next, until) {
  if (next === "pause") return t(until ? "queue.paused" : "queue.paused_open", { time: until ? clock(until) : "" });
  return next === "away" ? t(until ? "queue.sent_away" : "queue.not_ready", { time: until ? clock(until) : "" }) : "";
}

export function show(next, until = null) {
  if (state === "ready" && next === "away" && until) say("queue.sent_away", { time: clock(until) }); // it is not what one chose
  state = next;
  const note = $("#not-ready");
  const words = why(next, until);
  if (note && note.textContent !== words) note.textContent = words;
  if (note) note.hidden = words === "";
  for (const button of $$("[data-do=presence]")) {
    const on = button.dataset.state === next || (next === "pause" && button.dataset.state === "away");
    button.setAttribute("aria-pressed", String(on));
    if (button.dataset.state !== "away") continue;
    button.dataset.t = next === "pause" ? "presence.pause" : "presence.away"; // fifteen minutes after a danger, unless nobody else is there
    button.textContent = t(button.dataset.t);
  }
}

export function choose(next) {
  wanted = next;
  show(next);
  return beat();
}

export const toggle = () => choose(state === "ready" ? "away" : "ready");

export function startPresence() {
  $(".presence").hidden = false;
  started = true;
  return beat();
}

/** Somebody leaves: whoever comes next says for themselves whether they are there, and at once. */
export const stopPresence = () => {
  started = false;
  state = wanted = null;
  last = 0;
};

onHere(beat);
setInterval(beat, 15_000);
