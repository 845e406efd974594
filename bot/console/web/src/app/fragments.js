// Fragments: the server's HTML, swapped in by htmx. What is in them was rendered from our own templates, escaped.

import htmx from "htmx.org";
import { Problem, fragment } from "./api.js";
import { tick } from "./ticker.js";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyEnabled = false;
htmx.config.historyCacheSize = 0;
htmx.config.allowScriptTags = false;
htmx.config.scrollBehavior = "auto";

document.addEventListener("htmx:afterSwap", (event) => tick(event.detail.target));

const PATIENCE = 20_000; // ms, until all of it is there
const onTheWay = new Map(); // element → what calls off the fragment that is on its way to it

/** Nothing that is still on its way is put into an element any more. */
export function drop(target) {
  const control = onTheWay.get(target);
  onTheWay.delete(target);
  control?.abort();
}

/** Somebody leaves: nothing that was asked for is put anywhere any more. */
export const dropAll = () => [...onTheWay.keys()].forEach(drop);

/** Puts a fragment into an element. With `values` these are posted, and stand in no address. Of several that were asked for only the last one is put
 *  there, and whoever asked for another learns that (`replaced`). Throws a Problem if it did not come. */
export async function swap(path, target, how = "innerHTML", values = null) {
  drop(target);
  const control = new AbortController();
  onTheWay.set(target, control);
  const newest = () => onTheWay.get(target) === control && target.isConnected;
  const timer = setTimeout(() => control.abort(), PATIENCE);
  try {
    const html = await fragment(path, values, control);
    if (!newest()) throw new Problem("replaced");
    htmx.swap(target, html, { swapStyle: how, swapDelay: 0, settleDelay: htmx.config.defaultSettleDelay }, { eventInfo: { target } });
  } catch (problem) {
    if (!newest()) throw new Problem("replaced");
    throw problem;
  } finally {
    clearTimeout(timer);
    if (onTheWay.get(target) === control) onTheWay.delete(target);
  }
}
