// Lists that one moves through with arrows: one of them is in the order of Tab, the others are reached from it.

import { $$ } from "./dom.js";

const ITEMS = ".row, .choice";
const REACHED = ".row[tabindex='0'], .choice[tabindex='0']";
const shown = (item) => item.offsetParent !== null;
const firstOf = (list) => $$(ITEMS, list).find(shown) ?? null;

const buttonsOf = (item) => $$(".acts button", item.closest("li") ?? item);

function reach(item, yes) {
  item.tabIndex = yes ? 0 : -1;
  for (const button of buttonsOf(item)) button.tabIndex = yes ? 0 : -1;
}

/** Makes exactly one item, and the buttons that stand with it, reachable by Tab. Only what was reachable before is touched: a list may be long. */
export function settle(list, wanted = null) {
  const held = list.dataset.current ? document.getElementById(list.dataset.current) : null;
  const current = wanted ?? (held && list.contains(held) && held.matches(ITEMS) && shown(held) ? held : firstOf(list));
  for (const item of $$(REACHED, list)) if (item !== current) reach(item, false);
  if (current && current.tabIndex !== 0) reach(current, true);
  if (current?.id) list.dataset.current = current.id;
  return current;
}

/** Moves by so many items from where one is; gives where one is then. */
export function move(list, by) {
  const items = [...list.querySelectorAll(ITEMS)];
  const here = document.activeElement?.closest?.("li")?.querySelector(ITEMS) ?? document.activeElement;
  let at = items.indexOf(here);
  if (at < 0) at = by > 0 ? Math.max(0, items.findIndex((item) => item.tabIndex === 0)) - 1 : items.length; // the first press enters the list
  const step = by > 0 ? 1 : -1;
  let next = null;
  for (let place = at + step, left = Math.abs(by); left > 0 && items[place]; place += step) {
    if (!shown(items[place])) continue;
    next = items[place];
    left -= 1;
  }
  next ??= items[at] ?? null;
  if (!next) return null;
  settle(list, next);
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return next;
}

document.addEventListener("keydown", (event) => {
  const list = event.target instanceof Element ? event.target.closest("[data-roving]") : null;
  if (!list || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 }[event.key];
  if (by === undefined || event.target.matches("input, textarea")) return;
  event.preventDefault();
  move(list, by);
});

document.addEventListener("focusin", (event) => {
  const list = event.target instanceof Element ? event.target.closest("[data-roving]") : null;
  const item = event.target instanceof Element ? (event.target.closest(ITEMS) ?? event.target.closest("li")?.querySelector(ITEMS)) : null;
  if (list && item) settle(list, item);
});
