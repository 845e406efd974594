// Fragments: the server's HTML, swapped in by htmx. What is in them was rendered from our own templates, escaped.

import htmx from "htmx.org";
import { byItself, csrf } from "../session/index.js";
import { Problem } from "./api.js";
import { tick } from "./ticker.js";

const lost = new Set();
/** Called when a fragment says that the session is over. */
export const onLost = (call) => lost.add(call);

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyEnabled = false;
htmx.config.historyCacheSize = 0;
htmx.config.allowScriptTags = false;
htmx.config.timeout = 20_000;
htmx.config.scrollBehavior = "auto";

document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, byItself()));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) for (const call of lost) call();
});
document.addEventListener("htmx:afterSwap", (event) => tick(event.detail.target));

/** Puts a fragment into an element. With `values` these are posted, and stand in no address. Throws a Problem if it did not come. */
export function swap(path, target, how = "innerHTML", values = null) {
  return new Promise((resolve, reject) => {
    const failed = (event) => {
      if (event.detail.target !== target) return;
      done();
      reject(event.type === "htmx:responseError" ? new Problem(codeOf(event.detail.xhr), event.detail.xhr.status) : new Problem("offline"));
    };
    const done = () => {
      for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.removeEventListener(name, failed);
    };
    for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, failed);
    const more = values ? { values, headers: { "X-CSRF": csrf() } } : {};
    htmx.ajax(values ? "POST" : "GET", path, { target, swap: how, source: target, ...more }).then(() => {
      done();
      resolve();
    });
  });
}

function codeOf(request) {
  try {
    return JSON.parse(request.responseText).error ?? "busy";
  } catch {
    return "busy";
  }
}

/** Has an element fetch its own fragment again. */
export const refresh = (element) => htmx.trigger(element, "refresh");
