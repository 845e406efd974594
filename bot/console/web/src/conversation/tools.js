// The dialogs of a conversation: prepared replies, the safe word, transfer, inviting, "relayed", wrap-up.

import { $, $$, el, focus } from "../app/dom.js";
import { onAction, onForm } from "../app/actions.js";
import { get, post } from "../app/api.js";
import { closeDialogs, openDialog } from "../app/dialogs.js";
import { settle } from "../app/roving.js";
import { say } from "../app/toast.js";
import { hour, t } from "../app/words.js";
import { WORDS, random } from "../vault/index.js";
import { keepDraft } from "./drafts.js";
import { changed, closeTalk, entered, reply, talkNow } from "./talk.js";

const spoken = () => (talkNow()?.state.language === "en" ? "en" : "id");

// Prepared replies

let replies = [];

function list(filter) {
  const language = spoken();
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
  replies = (await get("/console/j/canned")).replies;
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
  reply(talk, (await toReporter("word_text")).replace("{word}", word));
  closeDialogs();
  await talk.load();
});
onAction("word-ask", async () => {
  reply(talkNow(), await toReporter("word_check"));
  closeDialogs();
});

const tables = new Map();
/** One of our sentences in the reporter's language, which need not be that of the screen. */
async function toReporter(name) {
  const language = spoken();
  if (!tables.has(language)) tables.set(language, await get(`/console/words/${language}`));
  return tables.get(language)[`talk.${name}`];
}

// Colleagues

for (const which of ["transfer", "invite"]) {
  onAction(which, async () => {
    const talk = talkNow();
    await talk.load(); // who is there now, and not who was when this was opened
    const about = (one) => el("span", { class: "soft", text: ` ${t(`role.${one.role}`)} · ${t(`presence.${one.state}`)}` });
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
onAction("take-back", (button) => simple("take-back", button));
onAction("let-go", (button) => simple("let-go", button));

// Relayed to the emergency services

onAction("relayed", () => {
  const form = $("#relayed-form");
  form.elements.namedItem("at").value = hour(Date.now() / 1000);
  openDialog("relayed");
});
onForm("relayed-form", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const talk = talkNow();
  if (!given.answered.trim() || !given.at) return focus(form.elements.namedItem(given.at ? "answered" : "at"));
  const number = $(`input[value="${given.to}"]`, form).closest("label").textContent.trim();
  await entered(talk, "relayed", "relayed", { from: "staff", to: given.to, number, called_at: given.at, answered: given.answered.trim() });
  form.reset();
  closeDialogs();
  say("app.saved");
  return talk.load();
});

// Wrap-up: the talk ends, and what became of it is said. After a crisis a second person looks at it, too.

let read = ""; // what the reporter had written last when the dialog was laid over it
const openWrap = () => {
  read = talkNow().newest;
  $("#wrap-wrong").textContent = "";
  $("#wrap-note").textContent = t(talkNow().state.state === "active" ? "talk.wrap_note" : "talk.wrap_note_over");
  openDialog("wrap");
};
onAction("wrap", openWrap);
onAction("close", openWrap);
onForm("wrap-form", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const talk = talkNow();
  const missing = ["outcome", "risk", "duty"].find((name) => !given[name]);
  if (missing) {
    focus($$(`input[name=${missing}]`, form)[0]);
    return;
  }
  if (talk.newest !== read) {
    closeDialogs();
    say("talk.moved");
    talk.log.toEnd();
    focus(talk.log.element);
    return;
  }
  try {
    // With the version that was seen: nobody is hung up on who has just written something more.
    if (talk.state.state === "active") await post(`/console/j/hand-off/${talk.id}/wrap-up`, { version: talk.state.version });
    if (given.note.trim()) {
      await talk.load();
      await entered(talk, "note", "note", { from: "staff", text: given.note.trim() });
      form.elements.namedItem("note").value = "";
    }
    // "Not yet" is no answer: the clock of the three days goes on, and nothing says which it was.
    if (given.duty !== "later") {
      await talk.load();
      await entered(talk, "duty", "duty", { from: "staff", duty: given.duty, text: "" }, { path: `/console/j/case/${talk.state.case_id}/duty` });
    }
    await post(`/console/j/hand-off/${talk.id}/close`, { outcome: given.outcome, risk: given.risk });
  } catch (problem) {
    if (problem.status !== 409) throw problem;
    $("#wrap-wrong").textContent = t(problem.code === "second" ? "talk.second_refused" : "talk.moved");
    await talk.load();
    return;
  }
  closeDialogs();
  await talk.load();
  if (["wrap_up", "closed"].includes(talk.state.state)) {
    say(talk.state.state === "closed" ? "app.saved" : "talk.second");
    if (talk.here) closeTalk(); // not what somebody has opened meanwhile
  }
});
