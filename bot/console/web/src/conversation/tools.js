// The dialogs of a conversation: prepared replies, the safe word, transfer, inviting, "relayed", wrap-up.

import { $, $$, el, focus } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { get, post } from "../app/api.js";
import { closeDialogs, openDialog } from "../app/dialogs.js";
import { settle } from "../app/roving.js";
import { say } from "../app/toast.js";
import { hour, t } from "../app/words.js";
import { WORDS, random } from "../vault/index.js";
import { tookBack } from "../queue/handing.js";
import { caseByNumber, NotFound, relatedBody } from "../case/related.js";
import { draftOf, keepDraft } from "./drafts.js";
import { judged } from "./notes.js";
import { changed, closeTalk, entered, onItsWay, reply, talkNow } from "./talk.js";

const spoken = (talk) => (talk?.state.language === "en" ? "en" : "id");

// Prepared replies

let replies = [];

function list(filter) {
  const language = spoken(talkNow());
  const wanted = filter.trim().toLowerCase();
  const found = replies.filter((one) => !wanted || `${one[`${language}_shown`]} ${t(`group.${one.group}`)}`.toLowerCase().includes(wanted));
  const groups = new Map();
  for (const one of found) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  $("#canned-list").replaceChildren(
    ...[...groups].flatMap(([group, ones]) => [
      el("h2", { text: t(`group.${group}`) }),
      ...ones.map((one) => el("button", { type: "button", class: "choice", tabindex: "-1", data: { do: "canned-take" }, lang: language, text: one[`${language}_shown`] || one.id_shown })),
    ]),
  );
  settle($("#canned-list"));
}

onAction("canned", async () => {
  const talk = talkNow();
  replies = (await get("/console/j/canned")).replies;
  if (!talk.here) return;
  const dialog = openDialog("canned");
  const search = $("#canned-search");
  search.value = "";
  list("");
  if (!dialog.dataset.bound) {
    dialog.dataset.bound = "1";
    search.addEventListener("input", () => list(search.value));
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault();
        focus($("#canned-list .choice"));
      }
    });
  }
  focus(search);
});

// It goes into the box, not out: whoever takes one reads it once more, and may change it.
onAction("canned-take", (button) => {
  const talk = talkNow();
  const field = $("#reply");
  closeDialogs();
  if (!talk || !field) return;
  field.value = [field.value.trimEnd(), button.textContent].filter(Boolean).join("\n");
  keepDraft(`reply ${talk.id}`, field.value);
  focus(field);
  const gap = field.value.indexOf("…");
  if (gap >= 0) field.setSelectionRange(gap, gap + 1);
});

// The safe word

let proposed = "";
const anyWord = () => WORDS[new Uint16Array(random(2).buffer)[0] & 2047];
const wordShown = () => {
  const agreed = talkNow().safeWord;
  const chosen = talkNow().chosenWord !== ""; // the bot goes on listening to it: another one would be answered by nobody
  $("#word-chosen").hidden = !chosen;
  $("[data-do=word-again]").hidden = chosen;
  $("#word-now").textContent = agreed || proposed;
  $("[data-do=word-agree]").hidden = agreed !== "" && agreed === $("#word-now").textContent && proposed === "";
  $("[data-do=word-ask]").hidden = agreed === "";
};
onAction("word", () => {
  if (talkNow().state.safe === "no") {
    say("talk.not_safe");
    return;
  }
  proposed = talkNow().safeWord ? "" : anyWord();
  openDialog("word");
  wordShown();
});
onAction("word-again", () => {
  proposed = anyWord();
  $("#word-now").textContent = proposed;
  $("[data-do=word-agree]").hidden = false;
});

onAction("word-agree", async () => {
  const talk = talkNow();
  const word = $("#word-now").textContent;
  await entered(talk, "note", "note", { from: "staff", safe_word: word });
  reply(talk, (await toReporter(talk, "word_text")).replace("{word}", word));
  closeDialogs();
  await talk.load();
});
onAction("word-ask", async () => {
  const talk = talkNow();
  reply(talk, await toReporter(talk, "word_check"));
  closeDialogs();
});

const tables = new Map();
/** One of our sentences in the reporter's language, which need not be that of the screen. */
async function toReporter(talk, name) {
  const language = spoken(talk);
  if (!tables.has(language)) tables.set(language, await get(`/console/words/${language}`));
  return tables.get(language)[`talk.${name}`];
}

// Colleagues

for (const which of ["transfer", "invite"]) {
  onAction(which, async () => {
    const talk = talkNow();
    await talk.load(); // who is there now, and not who was when this was opened
    if (!talk.here) return; // it would lie over somebody else's, and hand that one on
    const about = (one) => el("span", { class: "soft", text: ` ${t(`role.${one.role}`)} · ${t(`presence.${one.state}`)} · ${one.languages.join(", ")}` });
    const choices = talk.state.colleagues.map((one) =>
      el("button", { type: "button", class: "choice", tabindex: "-1", data: { do: `${which}-to`, to: one.id, name: one.shown } }, one.shown, about(one)),
    );
    const dialog = openDialog(which);
    $(".choices", dialog).replaceChildren(...(choices.length ? choices : [el("p", { text: t("talk.nobody") })]));
    focus(settle($(".choices", dialog)) ?? $("[data-do=close-dialog]", dialog));
  });
  onAction(`${which}-to`, async (button) => {
    const talk = talkNow();
    closeDialogs();
    try {
      await post(`/console/j/hand-off/${talk.id}/${which}`, { to: button.dataset.to, version: talk.state.version });
      if (which === "invite") say("talk.invited", { name: button.dataset.name });
    } catch (problem) {
      if (problem.code === "offline" || problem.status === 401) throw problem;
      say(["absent", "full", "unknown"].includes(problem.code) ? "talk.cannot" : "talk.moved");
    }
    await changed(talk.id);
  });
}

async function simple(name, button) {
  try {
    await post(`/console/j/hand-off/${button.dataset.id}/${name}`, {});
  } catch (problem) {
    if (problem.status !== 409) throw problem;
    say("talk.moved");
  }
  await changed(button.dataset.id);
}
onAction("take-back", (button) => {
  tookBack(button.dataset.id);
  return simple("take-back", button);
});
onAction("let-go", (button) => simple("let-go", button));

// Relayed to the emergency services

onAction("relayed", () => {
  const form = $("#relayed-form");
  if (!draftOf(`relayed ${talkNow().id}`)) form.elements.namedItem("at").value = hour(Date.now() / 1000);
  openDialog("relayed");
});
onForm("relayed-form", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const talk = talkNow();
  if (!given.answered.trim() || !given.at) return focus(form.elements.namedItem(given.at ? "answered" : "at"));
  const number = $(`input[value="${given.to}"]`, form).closest("label").textContent.trim();
  await entered(talk, "relayed", "relayed", { from: "staff", to: given.to, number, called_at: given.at, answered: given.answered.trim() });
  keepDraft(`relayed ${talk.id}`, "");
  form.reset();
  closeDialogs();
  say("app.saved");
  return talk.load();
});

// Blocking: whoever has the conversation ends it, and the address that it comes from reaches nobody for a while. Which one, nobody sees.

let seen = 0; // how much the reporter had told when the dialog was laid over it

onAction("block", () => {
  seen = talkNow().opened.count;
  $("#block-crisis").hidden = !["danger", "self_harm"].includes(talkNow().state.urgency);
  openDialog("block");
});
onForm("block-form", async (form) => {
  const talk = talkNow();
  const { hours, reason } = Object.fromEntries(new FormData(form));
  if (!hours || !reason.trim()) return focus(hours ? form.elements.namedItem("reason") : $("input", form));
  if (talk.opened.count !== seen) return readFirst(talk);
  try {
    // With what was seen: nobody is hung up on who has just cried for help. So what came meanwhile is never signed behind, it is read.
    const along = { hours: Number(hours), told: seen };
    await entered(talk, "block", "block", { from: "staff", hours: Number(hours), text: reason.trim() }, { along, again: ["behind"] });
  } catch (problem) {
    if (problem.status !== 409) throw problem;
    return readFirst(talk);
  }
  keepDraft(`block ${talk.id}`, "");
  form.reset();
  closeDialogs();
  say("talk.blocked");
  await changed(talk.id);
  if (talk.here && talk.state.state === "wrap_up") openWrap(); // what became of it is said as after every talk
});

// Wrap-up: the talk ends, and what became of it is said. After a crisis a second person looks at it, too.

let read = ""; // what the reporter had written last when the dialog was laid over it
let differs = ""; // what one judged otherwise than whoever closed it first, once that was said

const NOTES = { nobody: "talk.wrap_alone", lead: "talk.wrap_lead", colleague: "talk.wrap_colleague" };

const nameIn = (first) => first.name || t("case.somebody"); // who closed it first may have gone

const openWrap = () => {
  const { state, second, first } = talkNow().state;
  read = talkNow().newest;
  differs = "";
  $("#wrap-wrong").textContent = "";
  $("#wrap-note").textContent = t(state === "active" ? "talk.wrap_note" : "talk.wrap_note_over");
  $("#wrap-second").textContent = NOTES[second] ? t(NOTES[second]) : "";
  $("#wrap-second").hidden = !NOTES[second];
  $("#wrap-first").textContent = first ? t("talk.first_look", { name: nameIn(first), outcome: t(`outcome.${first.outcome}`), risk: t(`risk.${first.risk}`) }) : "";
  $("#wrap-first").hidden = !first;
  openDialog("wrap");
};
onAction("wrap", openWrap);
onAction("close", openWrap);

/** Something is otherwise than when the dialog was laid over it: that is looked at before anything is ended. */
async function readFirst(talk) {
  closeDialogs();
  say("talk.moved");
  await changed(talk.id);
  if (!talk.here) return;
  talk.log.toEnd();
  focus(talk.log.element);
}

/** An entry of this wrap-up. Tried once more, word for word, it keeps its id, and stands there once. */
function once(talk, name, kind, body, more = {}) {
  const same = JSON.stringify([kind, body]);
  if (!talk.wrapped.has(same)) talk.wrapped.set(same, random(16));
  return entered(talk, name, kind, body, { recordId: talk.wrapped.get(same), ...more });
}

/** Writes down, sealed and signed, what became of it, before the server is told what it has to know. */
async function written(talk, given, other) {
  const { outcome, risk, note } = given;
  const alone = talk.state.second === "nobody" ? { alone: true } : {};
  await talk.load();
  await once(talk, "note", "closing", { from: "staff", hand_off: talk.id, outcome, risk, text: note.trim(), ...alone });
  // "Not yet" is no answer: the clock of the three days goes on, and nothing says which it was.
  if (given.duty !== "later") {
    await talk.load();
    await once(talk, "duty", "duty", { from: "staff", duty: given.duty, text: "" }, { path: `/console/j/case/${talk.state.case_id}/duty` });
  }
  if (!other) return;
  await talk.load();
  await once(talk, "note", "related", relatedBody(other, "together"));
}

onForm("wrap-form", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const talk = talkNow();
  const wrong = $("#wrap-wrong");
  const missing = ["outcome", "risk", "duty"].find((name) => !given[name]);
  if (missing) {
    focus($$(`input[name=${missing}]`, form)[0]);
    return;
  }
  if (talk.state.state === "active" && onItsWay(talk.id)) {
    wrong.textContent = t("talk.still_sending"); // what one says last goes first
    return;
  }
  await talk.load(); // what is so now: a colleague may have closed it, the reporter may have written
  if (talk.newest !== read) {
    await readFirst(talk);
    return;
  }
  const { first, closes, second, state } = talk.state;
  if (state === "wrap_up" && !closes) {
    wrong.textContent = t(first && second === "lead" ? "talk.second_lead_refused" : first || second ? "talk.second_refused" : "talk.moved");
    return;
  }
  const judgement = judged(given);
  if (first && judged(first) !== judgement && differs !== judgement) {
    differs = judgement; // not silently: both are kept, and whoever closes it second says so once more
    wrong.textContent = t("talk.differs", { name: nameIn(first) });
    wrong.nextElementSibling.scrollIntoView({ block: "nearest" });
    return;
  }
  wrong.textContent = "";
  try {
    const other = given.related.trim() ? await caseByNumber(given.related, talk.caseId) : "";
    // With the version that was seen: nobody is hung up on who has just written something more.
    if (talk.state.state === "active") await post(`/console/j/hand-off/${talk.id}/wrap-up`, { version: talk.state.version });
    await written(talk, given, other);
    await post(`/console/j/hand-off/${talk.id}/close`, { outcome: given.outcome, risk: given.risk });
  } catch (problem) {
    if (problem instanceof NotFound) {
      wrong.textContent = t(problem.message);
      focus(form.elements.namedItem("related"));
      return;
    }
    if (problem.status !== 409) throw problem;
    wrong.textContent = t({ second: "talk.second_refused", second_lead: "talk.second_lead_refused" }[problem.code] ?? "talk.moved");
    await talk.load();
    return;
  }
  keepDraft(`wrap ${talk.id}`, "");
  closeDialogs();
  await talk.load();
  if (["wrap_up", "closed"].includes(talk.state.state)) {
    const { state, second } = talk.state;
    say(state === "closed" ? "app.saved" : second === "lead" ? "talk.second_lead" : "talk.second");
    if (talk.here) closeTalk(); // not what somebody has opened meanwhile
  }
});
