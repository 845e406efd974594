// A case opened here: all of it in the order of time, its form, its mailbox, what belongs to it, and how far it is.

import { $, el, focus, writesIn } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { base64, get, post } from "../app/api.js";
import { nameOf, named } from "../app/colleagues.js";
import { drop, swap } from "../app/fragments.js";
import { gathered } from "../app/gather.js";
import { asked, openCase } from "../app/keyring.js";
import { lookLate } from "../app/late.js";
import { online } from "../app/live.js";
import { tick } from "../app/ticker.js";
import { say, saw } from "../app/toast.js";
import { clock, t } from "../app/words.js";
import { keepDraft, keepsDraft, keepsForm, leavesBox } from "../conversation/drafts.js";
import { putAway } from "../conversation/files.js";
import { sendEntry } from "../conversation/outgoing.js";
import { hex, random, sealReply, sha256, signReply, unhex, utf8 } from "../vault/index.js";
import { me, signingKey } from "../session/index.js";
import * as list from "./list.js";
import { formGiven, formShown } from "./form.js";
import { caseByNumber, nearShown, NotFound, relatedBody, relatedShown } from "./related.js";
import { namesSexual } from "./report.js";
import { Timeline } from "./timeline.js";

const GATHER = 200; // ms: many changes at once are one look
const LIST = 1500; // the list is much to fetch, and on a busy evening cases come all the time

const FORMS = ["status", "duty", "related"]; // what is written in them is kept, as in the boxes

const AGAIN = 5000; // ms
const TELLS = 60; // times that the chat is tried: for five minutes

let current = null; // {id, opened, answer, line, failed}

export const shownCase = () => current?.id ?? "";

export async function show() {
  list.begin();
  await list.show();
  mark();
  if (!current) empty();
}

function mark() {
  list.mark(current?.id);
}

function empty(words = "case.choose") {
  $("#case").replaceChildren(el("div", { class: "empty" }, el("p", { text: t(words) })));
}

export function closeCase() {
  const was = current?.id;
  current = null;
  drop($("#case"));
  delete $("#view-cases").dataset.pane;
  empty();
  putAway();
  mark();
  if (was) focus(document.getElementById(`case-${was}`));
}

export async function openTheCase(id, { quietly = false } = {}) {
  const one = { id, opened: null, answer: null, line: null, failed: false };
  // Nobody goes on writing to somebody else: what was open is gone before what comes in its place.
  if (current?.id !== id) {
    putAway();
    empty("app.loading");
  }
  current = one;
  $("#view-cases").dataset.pane = "open";
  try {
    const [answer] = await Promise.all([get(`/console/j/case/${id}`), framed(one)]);
    if (current !== one) return;
    tick($("#case"));
    mark();
    await Promise.all([take(one, answer), nearShown(id).catch(() => {})]);
    if (!quietly && !writesIn($("#case"))) focus($("#case-heading"));
  } catch (problem) {
    if (current !== one) return;
    if (problem.status === 404 || problem.code === "no_key") {
      $("#case").replaceChildren(el("p", { class: "notice", text: t("case.no_key") }));
      return;
    }
    one.failed = problem.code === "offline";
    if (!one.failed && problem.status !== 401) closeCase();
    if (!quietly) saw(problem, { again: one.failed });
  }
}
/** Puts the frame of a case there. What one goes on writing in it is kept from the first letter; the focus stays in it. */
async function framed(one) {
  const stood = $("#case").contains(document.activeElement);
  await swap(`/console/f/case/${one.id}`, $("#case"));
  if (current !== one) return;
  keepsDraft($("#mail"), `mail ${one.id}`);
  keepsDraft($("#case-note"), `note ${one.id}`);
  for (const name of FORMS) keepsForm($(`#${name}-form`), `${name} ${one.id}`);
  if (stood && document.activeElement === document.body) focus($("#case-heading"));
}
setInterval(() => online() && current?.failed && void openTheCase(current.id, { quietly: true }), AGAIN);

async function take(one, answer) {
  one.answer = answer;
  one.opened = await openCase(answer, one.id);
  one.opened.take(answer.records, answer.from);
  await one.opened.openSome();
  const entries = one.opened.all;
  await named(entries);
  if (current !== one) return;
  const status = $("#case-status");
  if (status) status.textContent = t(`case.${answer.status}`);
  await shown(one, entries);
}

/** Shows all that is known of a case, from top to bottom. */
async function shown(one, entries) {
  if (!one.line) {
    putAway();
    one.line = new Timeline($("#timeline"));
  }
  const offs = one.answer.hand_offs ?? [];
  const ids = new Set(offs.flatMap((off) => [off.owner, off.closing, off.closed]).filter(Boolean));
  const names = new Map(await Promise.all([...ids].map(async (id) => [id, id === me()?.id ? t("talk.me") : await nameOf(id)])));
  await one.line.show({ entries, offs, names, unread: new Set(one.answer.waiting.map((message) => message.id)), earlier: one.opened.from !== null });
  if (current !== one) return;
  $("#records-locked").hidden = true;
  relatedShown(one.id, entries);
  if ($("#duty-named")) $("#duty-named").hidden = !entries.some((entry) => !entry.problem && namesSexual(entry.body));
  mailbox(one, entries);
  blockShown(one.answer.block);
  const notice = $("#case-notice");
  const wrong = one.opened.doubtful ? "talk.doubtful_key" : one.opened.whole ? "" : "talk.broken_chain";
  notice.hidden = !wrong;
  notice.textContent = wrong && t(wrong);
  notice.classList.toggle("wrong", Boolean(wrong));
  await formShown(one.id, entries);
}

onAction("case-earlier", async () => {
  const one = current;
  if (!one?.opened || one.opened.from === null) return;
  const answer = await get(`/console/j/case/${one.id}/earlier?before=${one.opened.from}`);
  one.opened.take(answer.records, answer.from);
  await one.opened.openSome();
  await named(one.opened.all);
  if (current !== one) return;
  one.line.quiet = true;
  await shown(one, one.opened.all);
  focus($(".earlier button", one.line.element) ?? one.line.element);
});

/** Until when the address is blocked that this case came from, and the way to lift that for whoever may. */
function blockShown(block) {
  $("#case-block").hidden = !block;
  if (!block) return;
  $("#case-block-until").textContent = t("case.blocked_until", { time: clock(block.until) });
  $("#case-block button").hidden = !block.lifts;
}

onAction("unblock", async () => {
  const one = current;
  if (!one?.line) return;
  try {
    await entered(one, "unblock", "unblock", { from: "staff" }, { recordId: random(16) }); // another one lifts another block
    say("case.unblocked");
  } catch (problem) {
    if (!["over", "not_yours"].includes(problem.code)) throw problem;
    say(`case.unblock_${problem.code}`);
  }
  await renew(one);
  if (current === one) focus($("#case-heading"));
});

/** Whether one can answer. What lies in a mailbox and nobody signed for is called forged. */
function mailbox(one, entries) {
  const { mailboxes, waiting } = one.answer;
  const has = mailboxes.length > 0;
  $("#mail-form").hidden = !has;
  $("#mail-note").textContent = t(has ? "case.reply_note" : "case.reply_none");
  const replies = entries.filter((entry) => entry.kind === "reply" && !entry.problem);
  const signed = new Map(replies.flatMap((entry) => (entry.body.messages ?? []).map((message) => [message.id, message.sha256])));
  $("#mail-forged").hidden = !waiting.some((message) => signed.get(message.id) !== message.sha256);
}

/** What is new since the last look. */
async function renew(one) {
  const path = `/console/j/case/${one.id}`;
  await take(one, await asked(path, one.opened, one.id));
  if (one.opened.missing) await take(one, await get(`${path}?since=0`)); // dated before what was here already: it took long on its way
}

/** A field of a case, if that is the one on the screen. */
const fieldOf = (one, selector) => (current?.id === one.id ? $(selector) : null);

const entered = (one, name, kind, body, more = {}) =>
  sendEntry({ opened: one.opened, path: `/console/j/case/${one.id}/${name}`, kind, body, language: one.answer.language, renew: () => renew(one), ...more });

/** Has the reporter told in the chat that an answer waits, if they agreed to it, and says what became of that. On a bad line it is tried again, for as long
 *  as the same person is here. */
async function tell(one) {
  const addresses = await one.opened.addresses();
  if (!addresses.length) say("case.reply_sent");
  for (const { id, inner } of addresses) void tellAt(one.id, id, base64(inner));
}

async function tellAt(caseId, recordId, address) {
  const by = me();
  for (let attempt = 1; me() === by; attempt += 1) {
    try {
      say(`case.reply_${(await post(`/console/j/case/${caseId}/tell`, { record_id: recordId, address })).code}`);
      return;
    } catch (problem) {
      if (me() !== by) return; // they have gone
      if (!["offline", "busy"].includes(problem.code) || attempt === TELLS) return say("case.reply_unreachable");
      if (attempt === 1) say("case.reply_later");
    }
    await new Promise((next) => setTimeout(next, AGAIN));
  }
}

onForm("mail-form", async (form) => {
  const one = current;
  const text = $("#mail", form).value.trim();
  if (!one?.line || !text) return;
  const content = utf8(JSON.stringify({ text }));
  // The same words keep their ids until it is known that they arrived: if the answer is lost, nobody reads them twice.
  const unsent = one.opened.unsent?.text === text ? one.opened.unsent : null;
  const recordId = unsent?.recordId ?? random(16);
  const messages = unsent?.messages ?? await Promise.all(
    one.answer.mailboxes.map(async (box) => {
      const id = random(16);
      const sealed = await sealReply(content, unhex(box.public), unhex(box.id), id);
      // Signed by itself as well: the bot, which cannot read the case, tells nothing that it cannot check.
      const signed = { caseId: unhex(one.id), mailboxId: unhex(box.id), messageId: id, authorId: unhex(me().id), sealed };
      const signature = hex(await signReply(signed, signingKey()));
      return { id: hex(id), mailbox_id: box.id, sealed: base64(sealed), signature, sha256: hex(await sha256(sealed)) };
    }),
  );
  one.opened.unsent = { text, recordId, messages };
  await entered(one, "reply", "reply", { from: "staff", text, messages: messages.map(({ id, sha256: hash }) => ({ id, sha256: hash })) }, { recordId, along: { messages: messages.map(({ sha256: _, ...wire }) => wire) } });
  one.opened.unsent = null;
  leavesBox(`mail ${one.id}`, text, fieldOf(one, "#mail"));
  await tell(one);
  await renew(one);
});

onForm("status-form", async (form) => {
  const one = current;
  if (!one?.line) return;
  const { status, reason } = Object.fromEntries(new FormData(form));
  await entered(one, "status", "status", { from: "staff", status, text: reason.trim() }, { along: { status } });
  keepDraft(`status ${one.id}`, "");
  say("app.saved");
  if (current?.id === one.id) await openTheCase(one.id, { quietly: true }); // not where somebody is by now
  await list.show();
});

// Whether the police have to know within three days: that it was answered is in clear, and what was answered is sealed.
onForm("duty-form", async (form) => {
  const one = current;
  if (!one?.line) return;
  const { duty, text } = Object.fromEntries(new FormData(form));
  await entered(one, "duty", "duty", { from: "staff", duty, text: text.trim() });
  keepDraft(`duty ${one.id}`, "");
  say("app.saved");
  if (current?.id === one.id) await openTheCase(one.id, { quietly: true });
  await list.show();
  void lookLate();
});

onForm("form-form", async (form) => {
  const one = current;
  if (!one?.line) return;
  const { values, saved } = formGiven(form, one.id);
  await entered(one, "note", "form", { from: "staff", form: values });
  const all = saved();
  say("app.saved");
  if (current === one) $("#form-news").hidden = true;
  await renew(one);
  const elsewhere = writesIn($("#case")) && !form.contains(document.activeElement);
  if (current !== one || !all || elsewhere) return;
  $("#case-form").open = false; // what stands in it now is in the timeline
  focus($("#case-form > summary"));
});

async function relates(one, other, how) {
  await entered(one, "note", "related", relatedBody(other, how));
  keepDraft(`related ${one.id}`, "");
  say("app.saved");
  await renew(one);
}

onForm("related-form", async (form) => {
  const one = current;
  if (!one?.line) return;
  const { number, how } = Object.fromEntries(new FormData(form));
  const wrong = $("#related-wrong");
  wrong.textContent = "";
  try {
    await relates(one, await caseByNumber(number, one.id), how);
    form.reset();
  } catch (problem) {
    if (!(problem instanceof NotFound)) throw problem;
    wrong.textContent = t(problem.message);
    if (current === one) focus($("#related-number"));
  }
});
onAction("relate-back", (button) => current?.line && relates(current, button.dataset.case, "together"));

// Its own field: a conversation that is open at the same time has one as well.
onForm("case-note-form", async (form) => {
  const one = current;
  const text = $("#case-note", form).value.trim();
  if (!one?.line || !text) return;
  await entered(one, "note", "note", { from: "staff", text });
  leavesBox(`note ${one.id}`, text, fieldOf(one, "#case-note"));
  say("app.saved");
  await renew(one);
});

const lists = gathered(() => ($("#view-cases").hidden ? Promise.resolve() : list.show()).catch((problem) => problem), LIST);
const cases = gathered(() => (current?.opened ? renew(current) : Promise.resolve()).catch((problem) => problem), GATHER);

export function changed(id) {
  lists.soon();
  if (!id || current?.id === id) cases.soon(); // none: any may be another
}

/** A conversation changed: perhaps one of the case that is open. */
export const talkChanged = (id) => current?.answer?.hand_offs?.some((off) => off.id === id) && cases.soon();

export function lineIsBack() {
  if (current && !current.line) void openTheCase(current.id, { quietly: true });
  else if (current) changed(current.id);
}
