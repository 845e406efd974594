// A case opened here: report, additions, conversation, notes, mailbox.

import { $, el, focus } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { base64, get, post } from "../app/api.js";
import { named } from "../app/colleagues.js";
import { swap } from "../app/fragments.js";
import { gathered } from "../app/gather.js";
import { TOLD, isOpen, openCase } from "../app/keyring.js";
import { lookLate } from "../app/late.js";
import { tick } from "../app/ticker.js";
import { say, saw } from "../app/toast.js";
import { clock, t } from "../app/words.js";
import { keepDraft, keepsDraft } from "../conversation/drafts.js";
import { putAway } from "../conversation/files.js";
import { Log, isSaid } from "../conversation/log.js";
import { notesShown } from "../conversation/notes.js";
import { sendEntry } from "../conversation/outgoing.js";
import { hex, random, sealReply, sha256, signReply, unhex, utf8 } from "../vault/index.js";
import { me, signingKey } from "../session/index.js";
import * as list from "./list.js";
import { namesSexual, recordShown } from "./report.js";

const GATHER = 200; // ms: many changes at once are one look

let current = null; // {id, opened, answer, log}

export const shownCase = () => current?.id ?? "";

export async function show() {
  await list.show();
  mark();
  if (!current) empty();
}

function mark() {
  list.mark(current?.id);
}

function empty() {
  $("#case").replaceChildren(el("div", { class: "empty" }, el("p", { text: t("case.choose") })));
}

export function closeCase() {
  const was = current?.id;
  current = null;
  delete $("#view-cases").dataset.pane;
  empty();
  putAway();
  mark();
  if (was) focus(document.getElementById(`case-${was}`));
}

export async function openTheCase(id, { quietly = false } = {}) {
  const one = { id, opened: null, answer: null, log: null, told: null };
  current = one;
  $("#view-cases").dataset.pane = "open";
  try {
    const [answer] = await Promise.all([get(`/console/j/case/${id}`), swap(`/console/f/case/${id}`, $("#case"))]);
    if (current !== one) return;
    tick($("#case"));
    mark();
    keepsDraft($("#mail"), `mail ${id}`);
    keepsDraft($("#note"), `note ${id}`);
    await take(one, answer);
    if (!quietly) focus($("#case-heading"));
  } catch (problem) {
    if (current !== one) return;
    if (problem.status === 404 || problem.code === "no_key") {
      $("#case").replaceChildren(el("p", { class: "notice", text: t("case.no_key") }));
      return;
    }
    if (problem.status !== 401 && problem.code !== "offline") closeCase();
    saw(problem);
  }
}

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

const OTHERS = { return_address: "case.address", identity: "case.identity", identity_opened: "case.identity_opened" };

async function part(entry) {
  if (OTHERS[entry.kind]) return el("p", { class: "notice", text: `${t(OTHERS[entry.kind])}${entry.body?.reason ? `: ${entry.body.reason}` : ""}` });
  const title = entry.kind === "message" ? t("case.messages") : t(`case.kind_${entry.kind}`);
  const content = entry.problem ? el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }) : await recordShown(entry.body);
  return el("section", { class: "record" }, el("h2", {}, title, " ", el("span", { class: "soft", text: clock(entry.at) })), content);
}

async function shown(one, entries) {
  const box = $("#records");
  if (!one.told) {
    one.told = new Set(); // ids of records that stand there: they are never changed
    box.replaceChildren();
    putAway();
  }
  for (const entry of entries) {
    if (one.told.has(entry.id) || !(TOLD.includes(entry.kind) || OTHERS[entry.kind])) continue;
    one.told.add(entry.id);
    const element = await part(entry);
    if (current !== one) return;
    if (one.log) one.log.element.closest(".record").before(element);
    else box.append(element);
  }
  said(one, entries.filter(isSaid));
  notesShown($("#notes"), entries, ["note", "relayed", "status", "duty"]);
  if ($("#duty-named")) $("#duty-named").hidden = !entries.some((entry) => !entry.problem && namesSexual(entry.body));
  await mailbox(one, entries);
  const notice = $("#case-notice");
  notice.hidden = one.opened.whole;
  notice.textContent = one.opened.whole ? "" : t("talk.broken_chain");
  notice.classList.toggle("wrong", !one.opened.whole);
}

function said(one, entries) {
  if (!entries.length) return;
  if (!one.log) {
    const log = el("div", { class: "log inset", tabindex: "0", role: "region", "aria-label": t("case.said") });
    $("#records").append(el("section", { class: "record" }, el("h2", { text: t("case.said") }), log));
    one.log = new Log(log, "case-earlier");
  }
  one.log.add(entries);
  one.log.earlier(one.opened.from !== null);
}

onAction("case-earlier", async () => {
  const one = current;
  if (!one?.opened || one.opened.from === null) return;
  const answer = await get(`/console/j/case/${one.id}/earlier?before=${one.opened.from}`);
  one.opened.take(answer.records, answer.from);
  await one.opened.openSome();
  await named(one.opened.all);
  if (current !== one) return;
  await shown(one, one.opened.all);
  focus($(".earlier button", one.log.element) ?? one.log.element);
});

/** Replies as staff signed them, and whether they were read. What lies in a mailbox and nobody signed for is called forged. */
async function mailbox(one, entries) {
  const { mailboxes, waiting } = one.answer;
  const has = mailboxes.length > 0;
  $("#mail-form").hidden = !has;
  $("#mail-note").textContent = t(has ? "case.reply_note" : "case.reply_none");
  const replies = entries.filter((entry) => entry.kind === "reply").reverse();
  const signed = new Map(replies.filter((entry) => !entry.problem).flatMap((entry) => (entry.body.messages ?? []).map((message) => [message.id, message.sha256])));
  const forged = waiting.filter((message) => signed.get(message.id) !== message.sha256);
  const unread = new Set(waiting.map((message) => message.id));
  const rows = replies.map((entry) => {
    const read = entry.problem === "" && !(entry.body.messages ?? []).some((message) => unread.has(message.id));
    return el(
      "li",
      { class: entry.problem ? "bad" : null },
      el("p", { class: "by" }, el("span", { class: "name", text: entry.problem ? "" : entry.mine ? t("talk.me") : (entry.name ?? "") }), " ", el("span", { class: "soft", text: clock(entry.at) })),
      entry.problem && el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }),
      el("p", { class: "words-said", text: entry.body?.text ?? "" }),
      !entry.problem && el("p", { class: "tick", data: { state: read ? "read" : "sent" }, text: t(read ? "case.reply_read" : "case.reply_waiting") }),
    );
  });
  if (forged.length) rows.unshift(el("li", { class: "bad" }, el("p", { class: "wrong", role: "alert", text: t("case.reply_forged") })));
  $("#mail-list").replaceChildren(...rows);
}

/** What is new since the last look. */
async function renew(one) {
  const since = isOpen(one.id) ? Math.max(1, one.opened.latest) : 0;
  await take(one, await get(`/console/j/case/${one.id}?since=${since}`));
}

const entered = (one, name, kind, body, more = {}) =>
  sendEntry({ opened: one.opened, path: `/console/j/case/${one.id}/${name}`, kind, body, language: one.answer.language, renew: () => renew(one), ...more });

/** Has the reporter told in the chat that an answer waits, if they agreed to it; gives what became of that. */
async function tell(one) {
  let told = "sent";
  for (const { id, inner } of await one.opened.addresses()) {
    try {
      told = (await post(`/console/j/case/${one.id}/tell`, { record_id: id, address: base64(inner) })).code;
    } catch {
      told = "unreachable";
    }
  }
  return told;
}

onForm("mail-form", async (form) => {
  const one = current;
  const field = $("#mail", form);
  const text = field.value.trim();
  if (!one || !text) return;
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
  keepDraft(`mail ${one.id}`, "");
  field.value = "";
  say(`case.reply_${await tell(one)}`);
  await renew(one);
});

onForm("status-form", async (form) => {
  const one = current;
  if (!one) return;
  const { status, reason } = Object.fromEntries(new FormData(form));
  await entered(one, "status", "status", { from: "staff", status, text: reason.trim() }, { along: { status } });
  say("app.saved");
  await openTheCase(one.id, { quietly: true });
  await list.show();
});

// Whether the police have to know within three days: that it was answered is in clear, and what was answered is sealed.
onForm("duty-form", async (form) => {
  const one = current;
  if (!one) return;
  const { duty, text } = Object.fromEntries(new FormData(form));
  await entered(one, "duty", "duty", { from: "staff", duty, text: text.trim() });
  say("app.saved");
  await openTheCase(one.id, { quietly: true });
  await list.show();
  void lookLate();
});

/** Notes of a case; those of a conversation are `conversation/talk.js`'s. */
document.addEventListener("submit", (event) => {
  if (event.target.id !== "note-form" || !event.target.closest(".case")) return;
  const one = current;
  const field = $("#note", event.target);
  const text = field.value.trim();
  if (!one || !text) return;
  entered(one, "note", "note", { from: "staff", text })
    .then(() => {
      keepDraft(`note ${one.id}`, "");
      field.value = "";
      say("app.saved");
      return renew(one);
    })
    .catch(saw);
});

const lists = gathered(() => ($("#view-cases").hidden ? Promise.resolve() : list.show()).catch(() => {}), GATHER);
const cases = gathered(() => (current?.opened ? renew(current) : Promise.resolve()).catch(() => {}), GATHER);

export function changed(id) {
  lists.soon();
  if (current?.id === id) cases.soon();
}

export const lineIsBack = () => current && changed(current.id);
