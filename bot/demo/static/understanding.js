// A sentence goes to the service, what was understood comes back and is shown. Nothing is kept: not in the page, not in the browser.

import { make } from "/chat/static/words.js";
import { has, reason, speak, spoken, t, title } from "./understanding_words.js";

const AGAIN = 3_000; // ms until the state is asked for anew, while Rasa is not ready

const at = (id) => document.getElementById(id);
const [text, result, problem, state] = ["text", "result", "problem", "state"].map(at);
const touching = matchMedia("(hover: none) and (pointer: coarse)");

let last = null; // what is shown, to be shown again in the other language
let asked = 0;

const percent = (share) => Math.round(share * 100);

function card(key, className, ...children) {
  return make("section", "card " + className, make("h2", "", t(key)), ...children);
}

// Offsets count characters, JavaScript's strings count halves of some: hence the list.
function marked({ text, entities, findings }) {
  const letters = [...text];
  const spans = [
    ...findings.filter((f) => !f.silenced).map((f) => ({ start: f.start, end: f.end, alarms: true })),
    ...entities.map((e) => ({ start: e.start, end: e.end, name: e.entity })),
  ];
  const edges = [...new Set([0, letters.length, ...spans.flatMap((s) => [s.start, s.end])])].sort((a, b) => a - b);
  const line = make("p", "marked");
  for (let i = 0; i + 1 < edges.length; i++) {
    const words = letters.slice(edges[i], edges[i + 1]).join("");
    const over = spans.filter((s) => s.start <= edges[i] && edges[i + 1] <= s.end);
    if (over.length) line.append(make("mark", over.some((s) => s.alarms) ? "alarms" : "", words));
    else line.append(words);
  }
  return line;
}

function danger(found) {
  const [phrases, model] = [found.danger_by.includes("phrases"), found.danger_by.includes("model")];
  const by = phrases && model ? "by_both" : phrases ? "by_phrases" : model ? "by_model" : found.by === "model" ? "by_none" : "by_none_alone";
  const body = card(
    "danger",
    found.danger ? "danger" : "",
    make("p", "verdict", t("danger_" + (found.danger || "none"))),
    make("p", "plain", t(by)),
  );
  for (const finding of found.findings) {
    const said = t("phrase")(finding);
    body.append(make("p", "plain", finding.silenced ? t("silenced")({ why: reason(finding.silenced), toString: () => said }) : said));
  }
  return body;
}

function bar(share, threshold) {
  const line = make("div", "bar-of", make("i", ""), make("b", ""));
  line.setAttribute("aria-hidden", "true"); // the figure stands beside it
  line.firstChild.style.width = Math.min(100, share * 100) + "%";
  line.lastChild.style.left = `calc(${threshold * 100}% - 1px)`;
  return line;
}

function intent(found) {
  const from = { model: "from_rasa", search: "from_search", phrases: "from_nothing" }[found.by];
  const unclear = found.intent === "unclear";
  const body = card("intent", "", make("p", "verdict", unclear ? t("unclear") : title(found.intent, found.titles)));
  if (!unclear) body.append(make("p", "plain", make("code", "", found.intent)));
  const close = unclear && found.ranking.length > 1 && found.confidence >= found.threshold;
  const numbers = { least: percent(found.threshold), toString: () => String(percent(found.confidence)) };
  body.append(make("p", "plain", [found.ranking.length ? t("surely")(numbers) : "", close ? t("close") : "", t(from)].join(" ").trim()));
  return body;
}

function nearest(found) {
  if (!found.ranking.length) return card("nearest", "", make("p", "plain", t("nothing")));
  const list = make("ol", "nearest");
  for (const guess of found.ranking)
    list.append(
      make(
        "li",
        "guess",
        make("span", "title", title(guess.intent, found.titles)),
        make("span", "percent", percent(guess.confidence) + "%"),
        bar(guess.confidence, found.threshold),
      ),
    );
  return card("nearest", "", list, make("p", "aside", t("threshold")));
}

function sentence(found) {
  const letters = [...found.text];
  const body = card("sentence", "", marked(found));
  if (!found.entities.length) {
    body.append(make("p", "plain", t("no_entities")));
    return body;
  }
  const facts = make("dl", "facts");
  for (const e of found.entities) {
    const words = letters.slice(e.start, e.end).join("");
    facts.append(make("dt", "", has(e.entity) ? t(e.entity) : e.entity), make("dd", "", `${words} → `, make("code", "", e.value)));
  }
  body.append(facts);
  return body;
}

function passage(found) {
  const body = card("sent", "");
  if (found.sent === null) body.append(make("p", "plain", t("not_sent")));
  else {
    body.append(make("p", "", make("code", "", found.sent)));
    if (found.sent !== found.text.trim()) body.append(make("p", "plain", t("masked")));
  }
  const facts = make("dl", "facts", make("dt", "", t("words")), make("dd", "", found.words.join(" ")));
  facts.append(make("dt", "", t("time")), make("dd", "", t("milliseconds")(found.milliseconds.toFixed(1))));
  body.append(facts);
  return body;
}

function show() {
  if (!last) return;
  result.replaceChildren(danger(last), intent(last), nearest(last), sentence(last), passage(last));
  result.hidden = false;
  // For a screen reader: the gist, not all that has changed.
  const gist = last.intent === "unclear" ? t("unclear") : title(last.intent, last.titles);
  at("summary").textContent = `${t("danger_" + (last.danger || "none"))}. ${gist}.`;
}

function told(name) {
  const key = "state_" + name;
  state.dataset.state = name;
  state.dataset.t = has(key) ? key : "state_unknown";
  const words = t(state.dataset.t);
  if (state.textContent !== words) state.textContent = words; // said aloud when it changes, not every few seconds
}

async function look() {
  try {
    const answer = await fetch("/demo/understanding/state", { credentials: "omit", cache: "no-store" });
    told((await answer.json()).state);
  } catch {
    told("gone");
  }
  if (state.dataset.state !== "ready") setTimeout(look, AGAIN);
}

async function understand() {
  const words = text.value;
  if (!words.trim()) return text.focus();
  const mine = ++asked;
  problem.hidden = true;
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/demo/understanding", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: words, language: spoken() }),
      credentials: "omit",
      cache: "no-store",
    });
    const found = answer.ok ? await answer.json() : null;
    if (mine !== asked) return; // a later sentence is on its way
    last = found && { ...found, text: words };
    if (found) told(found.state);
    else problem.dataset.t = answer.status === 413 ? "too_long" : "failed";
  } catch {
    if (mine !== asked) return;
    last = null;
    problem.dataset.t = "failed";
  }
  result.setAttribute("aria-busy", "false");
  if (last) return show();
  result.hidden = true;
  problem.textContent = t(problem.dataset.t);
  problem.hidden = false;
}

// The box grows with what is in it, as far as its style sheet lets it.
function grow() {
  text.style.height = "auto";
  text.style.height = text.scrollHeight + 3 + "px";
}

text.addEventListener("input", grow);
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  understand();
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || touching.matches) return;
  event.preventDefault();
  understand();
});
for (const example of document.querySelectorAll(".example"))
  example.addEventListener("click", () => {
    text.value = example.textContent;
    grow();
    understand();
  });

const toggle = at("language");
toggle.addEventListener("click", () => {
  speak(spoken() === "id" ? "en" : "id");
  const other = spoken() === "id" ? "EN" : "ID";
  toggle.textContent = other;
  toggle.lang = other.toLowerCase();
  toggle.setAttribute("aria-label", other === "EN" ? "EN – switch to English" : "ID – ganti ke bahasa Indonesia");
  show();
});

look();
if (!touching.matches) text.focus({ preventScroll: true });
