// The open line to the server: it says that something changed, never what it says. If the line breaks it comes back by itself, and
// everything on the screen is asked for again.

import { $ } from "./dom.js";
import { get } from "./api.js";
import { t } from "./words.js";

const SILENT = 40_000; // ms without a sign (the server gives one every 15 s) after which the line counts as broken
let source = null;
let watch = null;
let heard = 0;
let state = "offline";
const listeners = { changed: new Set(), state: new Set(), here: new Set() };

export const onChanged = (call) => listeners.changed.add(call);
/** Called with "online" or "offline"; online again means: something may have been missed. */
export const onLine = (call) => listeners.state.add(call);
export const onHere = (call) => listeners.here.add(call);
export const online = () => state === "online";

function become(next) {
  if (state === next) return;
  state = next;
  const shown = $("#link");
  shown.dataset.state = next;
  shown.firstElementChild.dataset.t = `link.${next}`;
  shown.firstElementChild.textContent = t(`link.${next}`);
  for (const call of listeners.state) call(next);
}

export function openLine() {
  closeLine();
  source = new EventSource("/console/events");
  heard = Date.now();
  source.addEventListener("here", () => {
    heard = Date.now();
    become("online");
    for (const call of listeners.here) call();
  });
  source.addEventListener("changed", (event) => {
    heard = Date.now();
    const { what, id, version } = JSON.parse(event.data);
    for (const call of listeners.changed) call(what, id, version);
  });
  source.addEventListener("error", () => {
    become("offline");
    // Refused for good: the browser does not try again by itself.
    if (source?.readyState === EventSource.CLOSED) void refused();
  });
  watch = setInterval(() => {
    if (Date.now() - heard > SILENT) {
      become("offline");
      openLine();
    }
  }, 5000);
}

/** The session is over, which the server says when it is asked (`onSignedOut`); or the server is just starting. */
async function refused() {
  await get("/console/j/me").catch(() => {});
  setTimeout(() => source?.readyState === EventSource.CLOSED && openLine(), 2000 + Math.random() * 2000);
}

/** Whoever comes next looks at everything once their own line is open. */
export function closeLine() {
  clearInterval(watch);
  source?.close();
  source = null;
  become("offline");
}
addEventListener("online", () => source && openLine());
addEventListener("offline", () => become("offline"));
