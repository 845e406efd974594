// Times that go on: how long somebody waits, what is left of an offer. One timer for all of them.

import { $$ } from "./dom.js";
import { clock, span } from "./words.js";

const now = () => Date.now() / 1000 - skew;
let skew = 0;

/** The server's clock, when it tells: waiting times must not depend on a laptop's. */
export const setClock = (server) => {
  skew = Date.now() / 1000 - server;
};

const worded = (element, words) => {
  const text = (element.dataset.words ?? "{time}").replace("{time}", words).replace("{seconds}", words);
  if (element.textContent !== text) element.textContent = text;
};

export function tick(root = document) {
  const at = now();
  for (const one of $$("time", root)) {
    const { age, left, until, clock: moment, over } = one.dataset;
    if (age) worded(one, span(at - Number(age)));
    else if (left) worded(one, String(Math.max(0, Math.round(Number(left) - at))));
    else if (until) {
      const rest = Number(until) - at;
      if (rest > 0) worded(one, span(rest));
      else one.textContent = over ?? "";
      one.classList.toggle("late", rest < 3600);
    } else if (moment) worded(one, clock(Number(moment)));
  }
}

export const startTicking = () => setInterval(() => document.visibilityState === "visible" && tick(), 1000);
export { now };
