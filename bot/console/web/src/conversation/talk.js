// An open conversation: fetched sealed, opened here, kept up to date; writing, notes and orders.

import { $, $$, el, focus, writesIn } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { messageCame } from "../app/alerts.js";
import { Problem, get, post } from "../app/api.js";
import { named } from "../app/colleagues.js";
import { closeDialogs } from "../app/dialogs.js";
import { drop, swap } from "../app/fragments.js";
import { gathered } from "../app/gather.js";
import { TOLD, asked, openCase } from "../app/keyring.js";
import { fieldGoes, onKey } from "../app/keys.js";
import { online } from "../app/live.js";
import { setClock, tick } from "../app/ticker.js";
import { say, saw } from "../app/toast.js";
import { t } from "../app/words.js";
import { chosenWordIn, proposedWordIn, questions, recordShown } from "../case/report.js";
import { draftOf, forgetDrafts as forget, keepDraft, keepsDraft, keepsForm, leavesBox } from "./drafts.js";
import { putAway } from "./files.js";
import { Log, isSaid } from "./log.js";
import { notesShown } from "./notes.js";
import { mayWrite, obstacle, writesFirst } from "./obstacle.js";
import { sendEntry } from "./outgoing.js";
import { Replies } from "./replies.js";

export { forget as forgetDrafts };

const FIRST_LOOK = 60; // records opened before anything is shown: as many messages as the first page holds

let current = null; // the conversation on the screen

export const shownTalk = () => current?.id ?? "";
/** The conversation whose words stand on the screen; null while it is still on its way. */
export const talkNow = () => (current?.log ? current : null);

class Talk {
  constructor(id) {
    this.id = id;
    this.caseId = "";
    this.opened = null;
    this.state = null; // what the server said last
    this.log = null;
    this.looks = gathered(() => this.#load(), 0);
    this.heads = gathered(() => head(this), 0); // of two at once, the second would be put in the place of a head that is not there any more
    this.failed = false; // it did not come, for the line is bad
    this.begun = null; // the first look, on its way
    this.missed = false; // something changed since that
    this.known = null; // ids of records that had come before: of what comes later, one is told
    this.fresh = new Set(); // ids of those of which one was not told yet
    this.summarised = new Set();
    this.wrapped = new Map(); // entries of its wrap-up, word for word → their ids
  }

  get here() {
    return current === this;
  }

  /** Fetches and shows what is so now: what a look that is under way already finds may be older. */
  load() {
    return this.looks.now();
  }

  /** Fetches and opens what is to be shown first, before there is anything to show it in. */
  first() {
    this.begun = this.#asked().then((answer) => this.take(answer));
    return this.begun;
  }

  async #load() {
    const begun = this.begun;
    this.begun = null;
    await (begun ?? this.#asked().then((answer) => this.take(answer)));
    // Dated before what was here already: it took long on its way.
    if (this.opened.missing) await this.take(await get(`/console/j/hand-off/${this.id}?since=0`));
    if (!this.here) return;
    await this.show();
    if (this.opened.sealed.size) void this.rest();
  }

  /** What is new for this page, sealed: the newest page of it the first time. */
  #asked() {
    return asked(`/console/j/hand-off/${this.id}`, this.opened, this.caseId);
  }

  async take(answer) {
    this.caseId = answer.case_id;
    this.opened = await openCase(answer, answer.case_id);
    this.opened.take(answer.records, answer.from);
    this.#came(answer.records);
    this.state = answer;
    setClock(answer.now);
    await this.opened.openSome(FIRST_LOOK);
  }

  #came(records) {
    const ids = records.map((record) => record.id);
    if (this.known) for (const id of ids) if (!this.known.has(id)) this.fresh.add(id);
    this.known = new Set([...(this.known ?? []), ...ids]);
  }

  /** Whoever looks elsewhere hears that the reporter has written, by whichever look it came. */
  #tells(entries) {
    const came = entries.filter((entry) => this.fresh.delete(entry.id) && entry.body?.from === "reporter");
    if (!came.length) return;
    $("#talk-typing")?.toggleAttribute("hidden", true);
    if (this.state.mine) messageCame({ elsewhere: $("#view-queue").hidden });
  }

  /** Opens what is left while nothing else is to be done: only then is it known whether the chain is whole. */
  async rest() {
    while (this.here && this.opened.sealed.size) {
      await new Promise((next) => (window.requestIdleCallback ?? setTimeout)(next));
      await this.opened.openSome(40);
    }
    if (this.here) await this.show();
  }

  async show() {
    const entries = this.opened.all;
    await named(entries);
    if (!this.here) return;
    this.log.add(entries.filter(isSaid));
    for (const entry of entries) if (entry.mine) this.log.sent(entry.id);
    this.log.ticks(this.state.ticks);
    this.log.earlier(this.opened.from !== null);
    await this.#summary(entries);
    if (!this.here) return;
    notesShown($("#notes"), entries, ["note", "relayed", "duty", "closing", "related", "form", "block", "unblock", "key"]);
    this.writing();
    this.#tells(entries);
  }

  /** Fetches a page of what was said before, and shows it. */
  async earlier() {
    if (this.opened.from === null) return;
    const answer = await get(`/console/j/hand-off/${this.id}/earlier?before=${this.opened.from}`);
    this.opened.take(answer.records, answer.from);
    for (const record of answer.records) this.known.add(record.id);
    await this.opened.openSome();
    if (!this.here) return;
    Object.assign(this.state.ticks, answer.ticks);
    await this.show();
    if (this.here) focus($("#log .earlier button") ?? $("#log"));
  }

  async #summary(entries) {
    const box = $("#summary .summary-in");
    const wanted = entries.filter((entry) => TOLD.includes(entry.kind) && !this.summarised.has(entry.id));
    if (!wanted.length && this.summarised.size) return;
    if (!this.summarised.size) box.replaceChildren();
    for (const entry of wanted) {
      this.summarised.add(entry.id);
      box.append(entry.problem ? el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }) : await recordShown(entry.body));
    }
  }

  /** Whether one may write, and what stands in the way. Time alone changes it, too: WhatsApp's day ends while one looks. */
  writing() {
    const { mine, state, safe } = this.state;
    const closed = !mayWrite(this.state) || this.opened.doubtful;
    if (closed && document.activeElement === $("#reply")) {
      fieldGoes();
      focus($("#log"));
    }
    $("#compose").hidden = closed;
    $("#compose [data-do=safe]").disabled = safe === "asked" || safe === "no";
    for (const button of $$("#talk [data-own]")) button.hidden = !(mine && state === "active");
    const notice = $("#talk-notice");
    const { doubtful, whole, all } = this.opened;
    const words = doubtful ? "talk.doubtful_key" : obstacle(this.state, whole, writesFirst(all.map((entry) => entry.body)));
    notice.hidden = words === "";
    if (words && notice.textContent !== t(words)) notice.textContent = t(words);
    notice.classList.toggle("wrong", doubtful || words === "talk.broken_chain");
    $("#to-mail").hidden = !["talk.window_over", "talk.message_only"].includes(words);
  }

  /** The id of what the reporter wrote last; "" if there is nothing. */
  get newest() {
    return this.opened.all.filter((entry) => entry.body?.from === "reporter").at(-1)?.id ?? "";
  }

  /** The word that the reporter chose before the talk; "" if none. */
  get chosenWord() {
    return this.lastWord(chosenWordIn);
  }

  /** By what the two know each other: what the reporter chose, else what was agreed upon in the talk. */
  get safeWord() {
    return this.chosenWord || this.lastWord(proposedWordIn);
  }

  lastWord(wordIn) {
    return this.opened.all.map((entry) => (entry.problem ? "" : wordIn(entry.body))).filter(Boolean).at(-1) ?? "";
  }
}

async function head(talk) {
  const old = $("#talk-head");
  if (!talk.here || !old) return;
  const focused = document.activeElement?.closest?.("#talk-head") ? document.activeElement.dataset.do : "";
  const open = $("#talk .talk")?.hasAttribute("data-side");
  await swap(`/console/f/hand-off/${talk.id}/head`, old, "outerHTML");
  if (!talk.here) return;
  if (open) side(true);
  if (focused) focus($(`#talk-head [data-do="${focused}"]`) ?? $("#talk-heading"));
}

/** Opens a conversation beside the queue. `toReply`: one wants to write at once. */
export async function openTalk(id, { toReply = false, quietly = false } = {}) {
  const pane = $("#talk");
  $("#view-queue").dataset.pane = "open";
  if (current?.id === id && current.log && !quietly) {
    const talk = current;
    await Promise.all([talk.load(), talk.heads.now()]);
    if (toReply && talk.here && !$("#compose").hidden) focus($("#reply"));
    return;
  }
  const talk = new Talk(id);
  // Nobody goes on writing to somebody else: what was open is gone before what comes in its place.
  if (current?.id !== id) emptied(pane);
  current = talk;
  try {
    // Side by side: whoever has just been accepted waits for all of it.
    await Promise.all([swap(`/console/f/hand-off/${id}`, pane), talk.first(), questions().catch(() => null)]);
    if (!talk.here) return;
    putAway();
    talk.log = new Log($("#log"), "earlier");
    replies.opened(talk);
    keepsDraft($("#reply"), `reply ${id}`);
    keepsDraft($("#note"), `note ${id}`);
    for (const name of ["wrap", "relayed", "block"]) keepsForm($(`#${name}-form`), `${name} ${id}`);
    tick(pane);
    markRow(id);
    await talk.load();
    if (!talk.here) return;
    backInBox(talk);
    for (const item of replies.of(id)) talk.log.sending(item.id, item.text, item.at);
    if (!talk.log.empty && matchMedia("(max-width: 52rem)").matches) $("#summary").open = false; // the words of now need the room
    talk.log.toEnd();
    if (!quietly && !writesIn(pane)) focus(toReply && !$("#compose").hidden ? $("#reply") : $("#talk-heading"));
    if (talk.missed) void changed(id);
  } catch (problem) {
    if (!talk.here) return;
    if (problem.code === "no_key" || problem.status === 404) {
      pane.replaceChildren(el("p", { class: "notice", text: t("case.no_key") }));
      return;
    }
    talk.failed = problem.code === "offline";
    if (!talk.failed && problem.status !== 401) closeTalk();
    if (!quietly) saw(problem instanceof Problem ? problem : { code: "busy" }, { again: talk.failed });
  }
}

function emptied(pane) {
  closeDialogs();
  putAway();
  pane.replaceChildren(el("div", { class: "empty" }, el("p", { text: t("app.loading") })));
}

function markRow(id) {
  for (const row of $$("#queue-rows .row")) row.dataset.id === id ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
}

export function closeTalk() {
  const was = current?.id;
  current = null;
  drop($("#talk"));
  closeDialogs();
  delete $("#view-queue").dataset.pane;
  $("#talk").replaceChildren($("#empty-pane").content.cloneNode(true));
  for (const one of $$("#talk [data-t]")) one.textContent = t(one.dataset.t);
  putAway();
  markRow("");
  if (was) focus(document.getElementById(`row-${was}`));
}

/** In another language: the frame comes anew, what was opened is shown again. */
export function again() {
  if (current) void openTalk(current.id, { quietly: true });
}

/** The server says that a hand-off is another than before. */
export async function changed(id) {
  const talk = current;
  if (!talk || talk.id !== id) return;
  if (!talk.log) {
    talk.missed = true;
    return;
  }
  try {
    await Promise.all([talk.load(), talk.heads.now()]);
  } catch (problem) {
    if (problem.status !== 404 || !talk.here) return;
    if (writesIn($("#talk"))) fieldGoes();
    closeTalk();
  }
}

/** A case is another than before. If its key was changed while it was on its way here, it is looked at once more; else the next word brings that along. */
export const caseChanged = (id) => current?.caseId === id && current.opened?.doubtful && void changed(current.id);

// That somebody is writing: a hint for a few seconds. The server sends it on only while it may be seen.
const HINT = 4000; // ms
let hinted = 0;
let fades = null;

document.addEventListener("input", (event) => {
  const talk = current;
  if (event.target.id !== "reply" || !talk?.state?.mine || !event.target.value.trim() || Date.now() - hinted < HINT) return;
  hinted = Date.now();
  post(`/console/j/hand-off/${talk.id}/typing`).catch(() => {}); // a hint that does not arrive is none
});

/** The reporter is writing. */
export function reporterTypes(id) {
  const shown = $("#talk-typing");
  if (current?.id !== id || !shown) return;
  clearTimeout(fades);
  shown.hidden = false;
  fades = setTimeout(() => ($("#talk-typing") ?? shown).toggleAttribute("hidden", true), HINT + 2000);
}

export function lineIsBack() {
  replies.goOn();
  if (current?.log) void changed(current.id);
  else if (current) void openTalk(current.id, { quietly: true });
}

/** Writes a staff entry into the conversation that is open. */
export function entered(talk, name, kind, body, more = {}) {
  return sendEntry({
    opened: talk.opened,
    path: `/console/j/hand-off/${talk.id}/${name}`,
    kind,
    body,
    language: talk.state.language,
    renew: () => talk.load(),
    ...more,
  });
}

const replies = new Replies({
  deliver: (talk, text, recordId) => entered(talk, "reply", "said", { from: "staff", n: talk.state.version + 1, text }, { along: { text }, recordId }),
  changed: replyIs,
});
/** Somebody leaves. */
export const endReplies = () => replies.end();
/** Whether a reply is still on its way in a conversation. */
export const onItsWay = (id) => replies.of(id).length > 0;

/** What somebody wrote before the session ended is in the box again. */
function backInBox(talk) {
  replies.back(talk.id, (id) => talk.opened.has(id));
  $("#reply").value = draftOf(`reply ${talk.id}`);
}

function replyIs(id, item, problem) {
  const log = current?.id === id ? current.log : null;
  if (item.state === "sending") log?.sending(item.id, item.text, item.at);
  if (item.state === "sent") {
    log?.sent(item.id);
    if (current?.id === id) void changed(id);
  }
  if (item.state === "waiting") say(online() ? "talk.not_sent" : "link.offline");
  if (item.state === "refused") {
    log?.drop(item.id);
    if (log && $("#reply")) $("#reply").value = draftOf(`reply ${id}`);
    if (current?.id !== id) {
      say("talk.other_refused");
      for (const call of elsewhere) call(id);
      return;
    }
    const words = { not_yours: "talk.not_yours", taken: "talk.not_yours", over: "talk.left", gone: "talk.left", unsafe: "talk.not_safe", too_long: "error.too_long" }[problem.code];
    say(words ?? "talk.moved");
    void changed(id);
  }
}

const elsewhere = new Set();
/** Called with the conversation, one that is not on the screen, in which a reply was refused. */
export const onRefusedElsewhere = (call) => elsewhere.add(call);

/** Says something to the reporter: it is on the screen at once, and goes as soon as it can. */
export function reply(talk, text) {
  if (text.trim()) replies.add(talk, text.trim());
}

/** What has not gone is nowhere but here. */
addEventListener("beforeunload", (event) => {
  if (replies.any) event.preventDefault();
});

setInterval(() => {
  if (!online()) return;
  replies.tryAgain();
  if (current?.failed) void openTalk(current.id, { quietly: true });
}, 5000);
setInterval(() => current?.log && current.state?.window && current.writing(), 1000);

/** That a reply went out is no event of the desk's: it is asked for while one is on its way, or held back and the reporter wrote. */
setInterval(() => {
  const open = current?.state && obstacle(current.state, true) !== "talk.window_over";
  if (online() && current?.log?.any("pending", ...(open ? ["held"] : []))) void current.load().catch(() => {});
}, 2000);

onForm("compose", () => {
  const field = $("#reply");
  if (!talkNow() || !field.value.trim()) return;
  if (current.state.safe === "no") {
    say("talk.not_safe"); // the desk would refuse it as well
    return;
  }
  reply(current, field.value);
  field.value = "";
  keepDraft(`reply ${current.id}`, "");
  focus(field);
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "reply" || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (matchMedia("(hover: none) and (pointer: coarse)").matches && !event.ctrlKey) return; // on a phone, Enter is a new line
  event.preventDefault();
  $("#compose").requestSubmit();
});

onForm("note-form", async (form) => {
  const talk = talkNow();
  if (!talk || !form.closest(".talk")) return undefined;
  const text = $("#note").value.trim();
  if (!text) return undefined;
  await entered(talk, "note", "note", { from: "staff", text });
  leavesBox(`note ${talk.id}`, text, current?.id === talk.id ? $("#note") : null);
  say("app.saved");
  return talk.load();
});

// On a narrow screen notes and tools lie over the conversation, when one wants them.
function side(open) {
  const button = $("#talk-head [data-do=side]");
  if (!button) return;
  button.setAttribute("aria-expanded", String(open));
  $("#talk .talk").toggleAttribute("data-side", open);
}
onAction("side", (button) => side(button.getAttribute("aria-expanded") !== "true"));
onAction("earlier", () => talkNow()?.earlier());
onAction("safe", async () => {
  if (!talkNow()) return;
  const { id, state } = current;
  try {
    await post(`/console/j/hand-off/${id}/safe`, { version: state.version });
    say("talk.safe_sent");
  } catch (problem) {
    if (problem.status !== 409) throw problem;
    say("talk.moved");
  }
  await changed(id);
  if (current?.id === id) focus($("#reply"));
});

const pane = () => $("#talk .talk") !== null && !$("#view-queue").hidden;
onKey("r", () => (pane() && !$("#compose").hidden ? focus($("#reply")) : focus($("#mail"))));
onKey("n", () => {
  if (!$("#view-cases").hidden) return focus($("#case-note"));
  side(true);
  return focus($("#note"));
});
onKey("s", () => pane() && !$("#compose").hidden && $("[data-do=safe]").click());
onKey("c", () => pane() && !$("#compose").hidden && $("[data-do=canned]").click());
onKey("w", () => pane() && $("#talk-head [data-do=wrap], #talk-head [data-do=close]")?.click());
onKey("ctrl+enter", () => {
  if (!pane() || $("#compose").hidden) return false;
  $("#compose").requestSubmit();
  return true;
});
onKey("escape", (event) => {
  if (event.target.matches?.("#case-number")) {
    focus($("#cases-heading"));
    return true;
  }
  if (event.target.matches?.("#reply, #note, #mail, #case-note")) {
    event.target.blur();
    focus($(event.target.closest(".case") ? "#case-heading" : "#talk-heading"));
    return true;
  }
  if ($("#talk .talk[data-side]") && $("#talk-head .mid-only")?.checkVisibility()) {
    side(false);
    focus($("#talk-head [data-do=side]"));
    return true;
  }
  if (current && !$("#view-queue").hidden) {
    closeTalk();
    return true;
  }
  return false;
});
