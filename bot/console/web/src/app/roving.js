// Lists that one moves through with arrows: one of them is in the order of Tab, the others are reached from it.

import { $$ } from "./dom.js";

const ITEMS = ".row, .choice";

/** The items of a list that are shown. */
export const itemsOf = (list) => $$(ITEMS, list).filter((item) => item.offsetParent !== null);

/** Makes exactly one item, and the buttons that stand with it, reachable by Tab. */
export function settle(list, wanted = null) {
  const items = itemsOf(list);
  const current = (wanted && items.find((item) => item === wanted)) || items.find((item) => item.id && item.id === list.dataset.current) || items[0];
  for (const item of items) {
    const here = item === current;
    item.tabIndex = here ? 0 : -1;
    for (const button of $$(".acts button", item.closest("li") ?? item)) button.tabIndex = here ? 0 : -1;
  }
  if (current?.id) list.dataset.current = current.id;
  return current ?? null;
}

/** Moves by so many items from where one is; gives where one is then. */
export function move(list, by) {
  const items = itemsOf(list);
  if (!items.length) return null;
  const at = items.findIndex((item) => item === document.activeElement || item.closest("li")?.contains(document.activeElement));
  const next = items[at < 0 ? (by > 0 ? Math.max(0, items.findIndex((item) => item.tabIndex === 0)) : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))];
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
