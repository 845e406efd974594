// The list of cases: what is in clear of them, a page at a time, and the search in it. What is searched for goes in the body of a request and is
// kept nowhere but in this page.

import { $, $$, focus } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { drop, swap } from "../app/fragments.js";
import { gathered } from "../app/gather.js";
import { settle } from "../app/roving.js";
import { saw } from "../app/toast.js";
import { language, t } from "../app/words.js";

const TYPING = 200; // ms: a look for what was typed, not for each key
const NUMBER = /^#?[0-9a-f]{0,32}$/i;

let which = "open";
let pages = [""]; // where each page that was turned over begins; the last one is shown
let framed = ""; // the language in which heading and search stand there
let framing = null; // heading and search, on their way
let chosen = "";
let picked = false; // somebody chose which cases; until then what is late comes first
let late = false; // there are cases that somebody should have read by now

const wanted = () => Object.fromEntries([...new FormData($("#case-search"))].filter(([, value]) => value.trim()));

async function load() {
  const box = $("#case-list");
  if (!box) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = $("#cases").scrollTop;
  const held = $("#case-rows")?.dataset.current ?? "";
  await swap("/console/f/cases", box, "innerHTML", { ...wanted(), which, before: pages.at(-1) });
  const rows = $("#case-rows");
  if (!rows) return; // somebody has gone meanwhile
  rows.dataset.current = held;
  settle(rows);
  mark(chosen);
  $("#case-found").textContent = rows.dataset.found;
  $("[data-view=cases] .dot").hidden = rows.dataset.unread === "0";
  $("#cases").scrollTop = scrolled;
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
}

const looks = gathered(load, TYPING);

async function frame() {
  const kept = $("#case-search") ? wanted() : {};
  await swap("/console/f/cases", $("#cases"));
  framed = language;
  for (const [name, value] of Object.entries(kept)) $("#case-search").elements.namedItem(name).value = value;
}

/** Shows the list as it is now; heading and search stay as they are. Who asks while these are on their way waits for them: a second frame would come
 *  after the list, and stand there without one. */
export async function show() {
  if (framing || !$("#case-search") || framed !== language) {
    framing ??= frame().finally(() => (framing = null));
    await framing;
  }
  await looks.now();
}

/** Marks the row of the case that is open. */
export function mark(id = "") {
  chosen = id;
  for (const row of $$("#case-rows .row")) {
    if (row.dataset.id === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

/** Somebody goes: what they were looking for goes, too. */
export function forget() {
  looks.rest();
  drop($("#cases"));
  framing = null;
  [which, pages, framed, chosen, picked, late] = ["open", [""], "", "", false, false];
}

/** So many cases should have been read by now. Where there are any, the list begins with what nobody has read. */
export function unreadLate(count) {
  late = count > 0;
  if (late) begin();
}

/** Somebody comes to the list: it begins with what is to be done, unless something else was chosen. */
export function begin() {
  const first = late ? "unread" : "open";
  if (picked || which === first) return;
  [which, pages] = [first, [""]];
}

/** Begins at the first page again. */
async function anew() {
  pages = [""];
  await looks.now();
}

/** The first row gets the focus: where somebody who searched or turned the page goes on. */
function first() {
  $("#cases").scrollTop = 0;
  focus($("#case-rows .row"));
}

onAction("which", async (button) => {
  which = button.dataset.which;
  picked = true;
  await anew();
  focus($(`[data-do=which][data-which=${which}]`));
});
onAction("cases-older", async (button) => {
  pages.push(button.dataset.before);
  await looks.now();
  first();
});
onAction("cases-newer", async () => {
  if (pages.length > 1) pages.pop();
  await looks.now();
  first();
});

onForm("case-search", async () => {
  await anew();
  first();
});

function changed() {
  if (!NUMBER.test($("#case-number").value.replaceAll(" ", ""))) {
    $("#case-found").textContent = t("case.number_wrong");
    return;
  }
  pages = [""];
  looks.soon();
}
document.addEventListener("input", (event) => event.target.closest?.("#case-search") && changed());
document.addEventListener("reset", (event) => event.target.id === "case-search" && setTimeout(() => void anew().catch(saw)));
