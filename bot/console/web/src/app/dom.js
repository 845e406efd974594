// Building and finding elements. What people wrote becomes text, never markup: nothing here parses HTML.

/** An element. `props`: attributes; `on…` are listeners, `data` a dataset, `text` its text; null and false leave an attribute away. */
export function el(name, props = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Shows exactly one of some elements. */
export function showOnly(shown, all) {
  for (const one of all) one.hidden = one !== shown;
}

/** Whether somebody is writing there: letters are letters then, and no shortcuts. */
export const writes = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || element.matches("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=button])"));

const DRAWN = 1000; // ms
const speaks = new WeakMap();
/** What is put into a live region within the next second is not read aloud: all of a conversation, or a page of it from before. What comes later is. */
export function fillsQuietly(region) {
  region.setAttribute("aria-live", "off");
  clearTimeout(speaks.get(region));
  speaks.set(region, setTimeout(() => region.setAttribute("aria-live", "polite"), DRAWN));
}

/** Focuses without making the page jump. */
export const focus = (element) => element?.focus({ preventScroll: false });
/** Whether somebody writes in `pane` just now: they are not called away from it. A swap keeps the focus of what has the same id, so a heading says nothing. */
export const writesIn = (pane) => pane.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
