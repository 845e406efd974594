// Cases: the list (what is in clear of them), and one of them opened here: report, additions, conversation, notes, mailbox.

import { $, $$, el, focus } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { base64, get } from "../app/api.js";
import { nameOf } from "../app/colleagues.js";
import { swap } from "../app/fragments.js";
import { openCase } from "../app/keyring.js";
import { lookLate } from "../app/late.js";
import { settle } from "../app/roving.js";
import { tick } from "../app/ticker.js";
import { say, saw } from "../app/toast.js";
import { clock, t } from "../app/words.js";
import { keepDraft, keepsDraft } from "../conversation/drafts.js";
import { Log, isSaid } from "../conversation/log.js";
import { notesShown } from "../conversation/notes.js";
import { sendEntry } from "../conversation/outgoing.js";
import { hex, random, sealReply, sha256, unhex, utf8 } from "../vault/index.js";
import { namesSexual, recordShown } from "./report.js";

const TOLD = ["report", "unfinished", "alert", "hand_off", "message"];

let which = "open";
let chosen = false; // somebody chose a tab; until then what is late comes first
let current = null; // {id, opened, answer}
let timer = null;

export const shownCase = () => current?.id ?? "";

export async function show() {
  const list = $("#cases");
  const focused = document.activeElement?.closest?.("#cases") ? document.activeElement.id : "";
  await swap(`/console/f/cases?which=${which}`, list);
  const rows = $("#case-rows");
  if (!rows) return; // somebody has gone meanwhile
  settle(rows);
  tick(list);
  mark();
  $("[data-view=cases] .dot").hidden = rows.dataset.unread === "0";
  if (!current) empty();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
}

function mark() {
  for (const row of $$("#case-rows .row")) {
    if (row.dataset.id === current?.id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function empty() {
  $("#case").replaceChildren(el("div", { class: "empty" }, el("p", { text: t("case.choose") })));
}

onAction("which", async (button) => {
  which = button.dataset.which;
  chosen = true;
  await show();
  focus($(`[data-do=which][data-which=${which}]`));
});

/** Something is past its time: the list begins with what nobody has read, unless another one was chosen. */
export function unreadFirst() {
  if (!chosen) which = "unread";
}

export function closeCase() {
  const was = current?.id;
  current = null;
  delete $("#view-cases").dataset.pane;
  empty();
  mark();
  if (was) focus(document.getElementById(`case-${was}`));
}

export async function openTheCase(id, { quietly = false } = {}) {
  const one = { id, opened: null, answer: null };
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
  one.opened.take(answer.records);
  await one.opened.openSome();
  const entries = one.opened.all;
  await Promise.all(entries.filter((entry) => entry.author && entry.name === undefined).map(async (entry) => (entry.name = await nameOf(entry.author))));
  if (current !== one) return;
  const status = $("#case-status");
  if (status) status.textContent = t(`case.${answer.status}`);
  await shown(one, entries);
}

async function shown(one, entries) {
  const box = $("#records");
  const parts = [];
  for (const entry of entries) {
    if (TOLD.includes(entry.kind)) {
      const title = entry.kind === "message" ? t("case.messages") : t(`case.kind_${entry.kind}`);
      const content = entry.problem ? el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }) : await recordShown(entry.body);
      parts.push(el("section", { class: "record" }, el("h2", {}, title, " ", el("span", { class: "soft", text: clock(entry.at) })), content));
    } else if (entry.kind === "return_address" || entry.kind === "identity" || entry.kind === "identity_opened") {
      const key = { return_address: "case.address", identity: "case.identity", identity_opened: "case.identity_opened" }[entry.kind];
      parts.push(el("p", { class: "notice", text: `${t(key)}${entry.body?.reason ? `: ${entry.body.reason}` : ""}` }));
    }
  }
  box.replaceChildren(...parts);
  const said = entries.filter(isSaid);
  if (said.length) {
    const log = el("div", { class: "log inset", tabindex: "0", role: "region", "aria-label": t("case.said") });
    box.append(el("section", { class: "record" }, el("h2", { text: t("case.said") }), log));
    new Log(log).add(said);
  }
  notesShown($("#notes"), entries, ["note", "relayed", "status", "duty"]);
  if ($("#duty-named")) $("#duty-named").hidden = !entries.some((entry) => !entry.problem && namesSexual(entry.body));
  await mailbox(one, entries);
  const notice = $("#case-notice");
  notice.hidden = one.opened.whole;
  notice.textContent = one.opened.whole ? "" : t("talk.broken_chain");
  notice.classList.toggle("wrong", !one.opened.whole);
}

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

async function renew(one) {
  const answer = await get(`/console/j/case/${one.id}`);
  await take(one, answer);
}

const entered = (one, name, kind, body, more = {}) =>
  sendEntry({ opened: one.opened, path: `/console/j/case/${one.id}/${name}`, kind, body, language: one.answer.language, renew: () => renew(one), ...more });

onForm("mail-form", async (form) => {
  const one = current;
  const field = $("#mail", form);
  const text = field.value.trim();
  if (!one || !text) return;
  const content = utf8(JSON.stringify({ text }));
  const messages = await Promise.all(
    one.answer.mailboxes.map(async (box) => {
      const id = random(16);
      const sealed = await sealReply(content, unhex(box.public), unhex(box.id), id);
      return { id: hex(id), mailbox_id: box.id, sealed: base64(sealed), sha256: hex(await sha256(sealed)) };
    }),
  );
  await entered(one, "reply", "reply", { from: "staff", text, messages: messages.map(({ id, sha256: hash }) => ({ id, sha256: hash })) }, { along: { messages: messages.map(({ sha256: _, ...wire }) => wire) } });
  keepDraft(`mail ${one.id}`, "");
  field.value = "";
  say("case.reply_sent");
  await renew(one);
});

onForm("status-form", async (form) => {
  const one = current;
  if (!one) return;
  const { status, reason } = Object.fromEntries(new FormData(form));
  await entered(one, "status", "status", { from: "staff", status, text: reason.trim() }, { along: { status } });
  say("app.saved");
  await openTheCase(one.id, { quietly: true });
  await show();
});

// Whether the police have to know within three days: that it was answered is in clear, and what was answered is sealed.
onForm("duty-form", async (form) => {
  const one = current;
  if (!one) return;
  const { duty, text } = Object.fromEntries(new FormData(form));
  await entered(one, "duty", "duty", { from: "staff", duty, text: text.trim() });
  say("app.saved");
  await openTheCase(one.id, { quietly: true });
  await show();
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

export function changed(id) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!$("#view-cases").hidden) void show().catch(() => {});
    if (current?.id === id && current.opened) void renew(current).catch(() => {});
  }, 200);
}

export const lineIsBack = () => current && changed(current.id);
