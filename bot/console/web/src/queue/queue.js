// The queue: the server's list, fetched anew whenever something changed; accepting, refusing, taking.

import { $, $$, el, writesIn } from "../app/dom.js";
import { onAction } from "../app/actions.js";
import { alertsAre, messageCame } from "../app/alerts.js";
import { Problem, post } from "../app/api.js";
import { drop, swap } from "../app/fragments.js";
import { gathered } from "../app/gather.js";
import { settle } from "../app/roving.js";
import { show as showPresence } from "../app/presence.js";
import { say, saw } from "../app/toast.js";
import { t } from "../app/words.js";
import { openTalk, shownTalk } from "../conversation/talk.js";
import { stillMine, transfers } from "./handing.js";

// ms: many changes at once are one look, for with twenty consoles these looks are most of what the service does. What happens to others'
// conversations can wait longer than what calls or concerns whoever looks.
const GATHER = 450;
const OTHERS = 3000;
let all = false; // of a long group every entry, because somebody asked for it
const unseen = new Set(); // of one's own: changed since one looked

async function load() {
  const target = $("#queue");
  const focused = document.activeElement?.closest?.("#queue") ? document.activeElement.id : "";
  const scrolled = target.scrollTop;
  const current = $("#queue-rows")?.dataset.current ?? "";
  const asked = transfers($("#queue-rows"));
  await swap(all ? "/console/f/queue?all=1" : "/console/f/queue", target);
  const rows = $("#queue-rows");
  if (!rows) return; // somebody has gone meanwhile
  rows.dataset.current = current;
  settle(rows);
  if (focused && document.activeElement === document.body) (document.getElementById(focused) ?? $(".row[tabindex='0']", rows))?.focus({ preventScroll: true });
  target.scrollTop = scrolled;
  mark(shownTalk());
  if (looked(shownTalk())) unseen.delete(shownTalk());
  dots();
  showPresence(rows.dataset.mine, Number(rows.dataset.until) || null);
  stillMine(rows, asked);
  alertsAre({ danger: Number(rows.dataset.danger), offered: Number(rows.dataset.offered), invited: Number(rows.dataset.invited) });
}

const looked = (id) => id === shownTalk() && document.visibilityState === "visible" && !$("#view-queue").hidden;

/** A hand-off changed: unless one looks at it, its row says so; one's own that is not open is heard as well. What is open tells by itself. */
export function touched(id) {
  if (looked(id)) return;
  if (id !== shownTalk() && $$("#queue-rows .mine .row").some((row) => row.dataset.id === id)) messageCame({ elsewhere: true });
  unseen.add(id);
  dots();
}

export function seen(id) {
  unseen.delete(id);
  dots();
}

function dots() {
  for (const row of $$("#queue-rows .mine .row, #queue-rows .invited .row")) {
    const dot = $(".dot", row);
    dot.hidden = !unseen.has(row.dataset.id);
    if (!dot.hidden && !dot.firstChild) dot.append(el("span", { class: "unseen", text: t("queue.news") }));
  }
  const rows = $("#queue-rows");
  const calls = rows !== null && (Number(rows.dataset.offered) > 0 || Number(rows.dataset.danger) > 0 || $(".dot:not([hidden])", rows) !== null);
  $("[data-view=queue] .dot").hidden = !(calls && $("#view-queue").hidden);
}

const looks = gathered(() => load().catch((problem) => (problem.status !== 401 && problem.code !== "offline" && saw(problem), problem)), GATHER, OTHERS);

/** Looks anew, soon. */
export const changed = looks.soon;
const OWN = [".crisis", ".offered", ".mine", ".wrap_up", ".invited"].map((group) => `#queue-rows ${group} .row`).join(", ");

/** Something changed in the queue: one's own conversations are looked at sooner than what others do. */
export function stirred(id) {
  if (id && $$(OWN).some((row) => row.dataset.id === id)) looks.soon();
  else looks.later();
}
export const show = looks.now;

/** Looks no more: somebody goes. */
export function rest() {
  looks.rest();
  drop($("#queue"));
  all = false;
  unseen.clear();
}

onAction("queue-all", async (button) => {
  const group = `.${[...button.closest(".group").classList].at(-1)} .row`;
  const first = $$(group).length;
  all = true;
  await show();
  $$(group)[first]?.focus();
});

/** Marks the row whose conversation is open. */
export function mark(id) {
  for (const row of $$("#queue-rows .row")) {
    if (row.dataset.id === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

async function order(name, button) {
  const { id, version } = button.dataset;
  try {
    await post(`/console/j/hand-off/${id}/${name}`, { version: Number(version) });
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 409) {
      say("queue.gone");
      await show();
      return false;
    }
    if (problem.code === "full") say("error.capacity");
    else if (problem.code === "absent") say("error.not_ready");
    else saw(problem);
    return false;
  }
  return true;
}

async function taken(name, button) {
  const { id } = button.dataset;
  const before = shownTalk();
  if (!(await order(name, button))) return;
  // The list follows; until then nothing in it asks for what has been done.
  for (const one of $$("#queue :is([data-do=accept], [data-do=pull], [data-do=refuse])")) if (one.dataset.id === id) one.remove();
  changed();
  // Whoever writes to somebody else by now, or has opened them, is not called away: what they go on typing would stand in front of the wrong person.
  const other = shownTalk();
  if (other !== id && (writesIn($("#talk")) || (other && other !== before))) {
    say("queue.taken");
    return;
  }
  await openTalk(id, { toReply: true });
  seen(id);
}

onAction("accept", (button) => taken("accept", button));
onAction("pull", (button) => taken("pull", button));
onAction("refuse", async (button) => {
  if (!(await order("refuse", button))) return;
  await show();
  say("queue.refused_note"); // whoever refuses is there all the same
});

/** What "A" does: a crisis that nobody has first, then what is offered to me, then what is chosen in the list. */
export function acceptFirst() {
  const danger = $("#queue .crisis [data-do=accept], #queue .crisis [data-do=pull]");
  const offered = danger ?? $("#queue .entry.offered [data-do=accept]");
  const chosen = document.activeElement?.closest?.("#queue li") ?? $("#queue-rows .row[tabindex='0']")?.closest("li");
  (offered ?? $("[data-do=pull]", chosen ?? document.createElement("i")))?.click();
}
