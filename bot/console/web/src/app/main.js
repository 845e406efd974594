// The console: one document. Who is in sees sections; each is a fragment of the server's and a module that opens what is sealed in it.

import "htmx.org";
import "./roving.js";
import { $, $$, focus } from "./dom.js";
import { onAction } from "./actions.js";
import { quiet, ring } from "./alerts.js";
import { get, onSignedOut } from "./api.js";
import { forgetColleagues } from "./colleagues.js";
import { contactsShown } from "./contacts.js";
import { closeDialogs, openDialog } from "./dialogs.js";
import { openDoor, showSign } from "./door.js";
import { dropAll } from "./fragments.js";
import { gathered, restAll } from "./gather.js";
import { hideScreen, showScreen, watchHiding } from "./hide.js";
import { forgetAll, onUnasked } from "./keyring.js";
import { onKey } from "./keys.js";
import { becameLate, lookLate, restLate, watchLate } from "./late.js";
import { closeLine, onChanged, onLine, openLine } from "./live.js";
import { choose, startPresence, stopPresence, toggle } from "./presence.js";
import { move } from "./roving.js";
import { startTicking } from "./ticker.js";
import { say, saw } from "./toast.js";
import { loadWords, t } from "./words.js";
import { closePages, sealAnew, showPage } from "./pages.js";
import { endSession, lock, me, onOver, signOut, unitsCompared, unitsDiffer, wordsToCompare } from "../session/index.js";
import * as queue from "../queue/queue.js";
import * as talk from "../conversation/talk.js";
import "../conversation/tools.js";
import * as cases from "../case/cases.js";
import { forget as forgetList, unreadLate } from "../case/list.js";
import { forgetRelated } from "../case/related.js";

const SECTIONS = ["queue", "cases", "board", "audit", "staff", "hours", "me"];
let may = {};
let at = "";
let inside = false;
let resume = {}; // what was open when the session ended
let last = ""; // who was here

const allowed = (needs) => {
  const [kind, verb] = needs.split(".");
  return may[kind]?.includes(verb) ?? false;
};

/** Shows a section. Its heading gets the focus, so that a reader of screens hears where one is. */
async function go(name) {
  const button = $(`[data-view=${name}]`);
  if (!inside || !button || button.hidden) return;
  at = name;
  for (const one of $$("[data-view]")) {
    if (one === button) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  for (const id of ["queue", "cases"]) $(`#view-${id}`).hidden = name !== id;
  $("#view-page").hidden = name === "queue" || name === "cases";
  // On a phone the list and what is open take turns; the section's button leads to the list.
  if (matchMedia("(max-width: 52rem)").matches) for (const id of ["queue", "cases"]) delete $(`#view-${id}`).dataset.pane;
  try {
    if (name === "queue") await queue.show();
    else if (name === "cases") await cases.show();
    else await showPage(name);
  } catch (problem) {
    saw(problem);
  }
  if (at !== name) return; // one has gone on meanwhile, and writes perhaps
  focus($(`#${name}-heading`) ?? $("#main"));
}

/** Nothing that somebody wrote is there for whoever comes next. */
function forgetWords() {
  talk.forgetDrafts();
  at = "";
  resume = {};
}

async function enter() {
  if (last !== me().id) forgetWords();
  last = me().id;
  const who = await get("/console/j/may");
  may = who.may;
  inside = true;
  $("#my-name").textContent = who.shown;
  for (const button of $$("[data-view]")) button.hidden = !allowed(button.dataset.needs);
  document.documentElement.toggleAttribute("data-reads-only", Boolean(may.case) && !may.case.includes("note"));
  await askToCompare();
  $("#door").hidden = true;
  $("#desk").hidden = false;
  document.documentElement.dataset.at = "desk";
  talk.closeTalk();
  cases.closeCase();
  openLine();
  if (may.queue) await startPresence();
  else $(".presence").hidden = true;
  if (may.board) watchLate(unreadLate);
  // After a session that ended, one goes on where one was; else at the first section that there is.
  await go(at && !$(`[data-view=${at}]`).hidden ? at : SECTIONS.find((name) => !$(`[data-view=${name}]`).hidden));
  const { talk: talkId, case: caseId } = resume;
  resume = {};
  if (at === "queue" && talkId) await talk.openTalk(talkId);
  if (at === "cases" && caseId) await cases.openTheCase(caseId);
  if (may.staff?.includes("remove")) void sealAnew({ quietly: true }); // what was left when somebody went
}

/** The first time that this browser meets the unit's root, its words are compared with the lead's: it was believed unseen until then. */
async function askToCompare() {
  const words = await wordsToCompare();
  $("#compare").hidden = !words;
  $("#compare-words").textContent = words?.join(" ") ?? "";
}
const goOn = () => {
  $("#compare").hidden = true;
  focus($(`#${at}-heading`) ?? $("#main"));
};
onAction("compare-same", async () => {
  await unitsCompared();
  goOn();
});
onAction("compare-later", goOn); // it is asked again at the next sign-in
onAction("compare-differ", () => {
  unitsDiffer();
  goes({ why: "sign.differs" });
});

/** Locks: keys and all that was opened are forgotten; what somebody was writing is kept until they, or somebody else, sign in. */
function leave(options = null) {
  inside = false;
  resume = options ? { talk: talk.shownTalk(), case: cases.shownCase() } : {};
  talk.endReplies();
  lock();
  forgetAll();
  forgetRelated();
  forgetColleagues();
  closeLine();
  queue.rest();
  board.rest();
  restAll();
  restLate();
  stopPresence();
  closeDialogs();
  dropAll();
  talk.closeTalk();
  cases.closeCase();
  forgetList();
  closePages();
  $("#queue").replaceChildren();
  $("#cases").replaceChildren();
  quiet();
  showSign(options);
}

const ended = ({ replaced = false } = {}) => inside && leave({ why: replaced ? "sign.replaced" : "sign.expired", again: me()?.name ?? null });
onSignedOut(ended);
onOver(ended);

/** Signs out: nothing is on the screen any more before the server has heard it, however long that takes. */
function goes(options = null) {
  signOut().catch((problem) => problem.code !== "signed_out" && saw(problem));
  gone(options);
}

/** Nothing of who was here is left. */
function gone(options = null) {
  $("#sign").reset();
  leave(options);
  forgetWords();
}

onAction("sign-out", () => goes());
onAction("end-all", async () => {
  await endSession("all");
  gone();
});
onAction("hide", hideScreen);
onAction("unhide", showScreen);
onAction("keys", () => openDialog("keys"));
onAction("close-dialog", closeDialogs);
onAction("presence", (button) => choose(button.dataset.state));
onAction("leave-pane", () => (at === "cases" ? cases.closeCase() : talk.closeTalk()));
onAction("open", async (button) => {
  if (at !== "queue") await go("queue");
  queue.seen(button.dataset.id);
  await talk.openTalk(button.dataset.id);
});
onAction("case", async (button) => {
  if (at !== "cases") await go("cases");
  await cases.openTheCase(button.dataset.id);
});
for (const button of $$("[data-view]")) button.addEventListener("click", () => void go(button.dataset.view));

for (const [key, name] of [["q", "queue"], ["c", "cases"], ["b", "board"], ["a", "audit"], ["s", "staff"], ["h", "hours"], ["m", "me"]]) {
  onKey(`g ${key}`, () => void go(name));
}
const list = () => $(at === "cases" ? "#case-rows" : "#queue-rows");
onKey("j", () => list() && move(list(), 1));
onKey("k", () => list() && move(list(), -1));
onKey("a", () => at === "queue" && queue.acceptFirst());
onKey("/", async () => {
  if ($("[data-view=cases]").hidden) return;
  if (at !== "cases") await go("cases");
  focus($("#case-number"));
});
onKey("p", () => may.queue && void toggle());
onKey("shift+h", hideScreen);
onKey("?", () => openDialog("keys"));
onKey("shift+?", () => openDialog("keys"));

const board = gathered(() => (inside && at === "board" ? showPage("board", { quietly: true }) : Promise.resolve()), 3000);

// Something that it takes to open a case did not come: that is said once, and asked for again.
const ASK_AGAIN = 3000; // ms
let askAgain = null;
let saidSo = 0;
onUnasked((caseId) => {
  if (!inside || askAgain) return;
  if (Date.now() - saidSo > 60_000) saw({ code: "offline" }, { again: true });
  saidSo = Date.now();
  askAgain = setTimeout(() => {
    askAgain = null;
    if (!inside) return;
    void talk.changed(talk.shownTalk());
    cases.changed(caseId);
  }, ASK_AGAIN);
});

talk.onRefusedElsewhere((id) => queue.touched(id));
onChanged((what, id, version) => {
  if (!inside) return;
  if (may.queue && ["asked", "alarm"].includes(what)) queue.changed();
  if (may.queue && ["queue", "hand_off", "staff"].includes(what)) queue.stirred(id);
  if (what === "alarm" && may.queue) ring();
  if (what === "hand_off") {
    if (may.queue) queue.touched(id);
    talk.changed(id, version);
    cases.talkChanged(id);
  }
  if (what === "ticks") talk.changed(id);
  if (what === "typing") talk.reporterTypes(id);
  if (what === "case" || what === "deadline") cases.changed(id);
  if (what === "case") $("[data-view=cases] .dot").hidden = !version; // whether anything is unread comes along, for the list is fetched where it is shown
  if (what === "case") talk.caseChanged(id);
  if (what === "case") lookLate();
  if (what === "deadline") becameLate();
  if (at === "board" && ["queue", "hand_off", "case", "deadline", "staff"].includes(what)) board.soon();
  if (at === "me" && what === "staff") void contactsShown().catch(() => {});
  if (at === "staff" && what === "staff") void showPage("staff", { quietly: true });
});
onLine((state) => {
  if (!inside) return;
  if (state === "offline") {
    say("link.offline");
    return;
  }
  if (may.queue) queue.changed();
  if (at === "staff") void showPage("staff", { quietly: true }).catch(() => {}); // somebody may have joined meanwhile
  lookLate();
  talk.lineIsBack();
  cases.lineIsBack();
});

/** Without its words the page is no page: they are asked for until they are there. */
async function firstWords() {
  for (;;) {
    try {
      return await loadWords();
    } catch {
      $("#loading").hidden = false;
      await new Promise((next) => setTimeout(next, 3000));
    }
  }
}

async function begin() {
  if (!window.isSecureContext || !globalThis.crypto?.subtle) {
    document.body.textContent = "HTTPS";
    return;
  }
  await firstWords();
  $("#loading").hidden = true;
  document.title = t("app.title");
  watchHiding();
  startTicking();
  await openDoor({
    onEntered: enter,
    onLanguage: async () => {
      document.title = t("app.title");
      if (!inside) return;
      talk.again();
      await go(at);
      if (cases.shownCase()) await cases.openTheCase(cases.shownCase(), { quietly: true });
    },
  });
}

void begin();
