// A sealed record, opened, as people read it: question by question, in the reader's language, in the order in which the bot asked.

import { el } from "../app/dom.js";
import { get } from "../app/api.js";
import { day, language, t } from "../app/words.js";
import { attachment } from "../conversation/files.js";

let asked = null;
let askedIn = "";

/** What the bot asked: {questions, places}. */
export async function questions() {
  if (!asked || askedIn !== language) {
    const wanted = language;
    asked = await get("/console/j/questions");
    askedIn = wanted;
  }
  return asked;
}

/** A place, as people name it. */
export function place(value, places) {
  const parts = [value.kelurahan, places[value.kecamatan] ?? value.kecamatan].filter(Boolean);
  if (value.text && !parts.some((part) => part.toLowerCase() === value.text.toLowerCase())) parts.push(`“${value.text}”`);
  return parts.join(", ") || value.note || "–";
}

/** An answer in words. */
function words(name, value, known) {
  const question = known.questions[name];
  const option = (id) => question?.options?.[id] ?? String(id);
  if (Array.isArray(value)) return value.map(option).join("; ");
  if (value && typeof value === "object") {
    if ("kecamatan" in value) return place(value, known.places);
    if (value.date) return day(Date.parse(`${value.date}T12:00:00Z`) / 1000);
    if (value.option) return option(value.option);
    return Object.values(value).filter((part) => typeof part === "string" || typeof part === "number").join(", ");
  }
  return option(value);
}

const line = (label, content, extra = {}) => el("div", { class: "answer", ...extra }, el("dt", { text: label }), el("dd", {}, content));
const long = (text) => el("p", { class: "told", text });

/** The answers of a record as a list; the longest own words first, for they say most. */
function answers(body, known) {
  const given = body.answers ?? {};
  const order = Object.keys(known.questions);
  const names = Object.keys(given).sort((one, other) => (order.indexOf(one) + 1 || 999) - (order.indexOf(other) + 1 || 999));
  const own = names.filter((name) => known.questions[name]?.kind === "text" && String(given[name]).length > 60);
  const list = el("dl", { class: "answers" });
  for (const name of [...own, ...names.filter((name) => !own.includes(name))]) {
    const question = known.questions[name];
    if (question && !question.label && !question.text) continue; // a way through the conversation, and nothing that was told
    const label = question?.label || question?.text || name;
    const said = words(name, given[name], known);
    list.append(line(label, own.includes(name) ? long(said) : said, { title: question?.text ?? null }));
  }
  return list;
}

function guesses(body) {
  const found = Object.entries(body.guesses ?? {}).flatMap(([, values]) => values);
  return found.length ? el("p", { class: "guess" }, el("b", { text: `${t("case.guesses")}: ` }), found.join(", ")) : null;
}

function recording(body) {
  const rows = Object.entries(body.recording ?? {}).map(([field, values]) =>
    line(field, values.map((one) => [one.value, one.local && `(${one.local})`].filter(Boolean).join(" ")).join("; ")),
  );
  return rows.length ? el("details", { class: "recording" }, el("summary", { text: t("case.recording") }), el("dl", { class: "answers" }, ...rows)) : null;
}

const READERS = new Set(["child", "adult", "professional"]);
const meta = (body) =>
  [READERS.has(body.reader) && t(`case.${body.reader}`), body.channel && `${t("case.channel")} ${t(`channel.${body.channel}`)}`].filter(Boolean).join(" · ");

/** The content of a report, an alert, a message: what a counsellor has to know first. Gives an element. */
export async function recordShown(body) {
  const known = await questions();
  const box = el("div", { class: "record-body" });
  const about = meta(body);
  if (about) box.append(el("p", { class: "soft", text: about }));
  if (body.unfinished) box.append(el("p", { class: "notice", text: t("case.unfinished") }));
  if (body.alert) box.append(el("p", { class: "strong", text: t(`case.alert_${body.alert === "emergency" ? "emergency" : "self_harm"}`) }));
  if (body.words) box.append(el("p", { class: "soft", text: t("case.trigger") }), long([].concat(body.words).join(" … ")));
  if (body.told_before) box.append(el("p", { class: "soft", text: t("case.told_before") }), long([].concat(body.told_before).join("\n")));
  if (body.question !== undefined) {
    const question = known.questions[body.question];
    box.append(el("dl", { class: "answers" }, line(question?.label || question?.text || t("case.question"), long(words(body.question, body.answer ?? "–", known)))));
  }
  if (body.text) box.append(long(body.text));
  if (body.added) box.append(long([].concat(body.added).join("\n")));
  if (body.belongs_to) box.append(el("p", { class: "notice", text: t("case.belongs_to", { number: numberOf(body.belongs_to) }) }));
  if (body.answers && Object.keys(body.answers).length) box.append(answers(body, known));
  if (body.report_so_far && Object.keys(body.report_so_far).length) {
    box.append(el("p", { class: "strong", text: t("case.so_far") }), answers({ answers: body.report_so_far }, known));
  }
  if (body.false_alarm) box.append(el("p", { class: "notice", text: t("case.false_alarm") }));
  const guess = guesses(body);
  if (guess) box.append(guess);
  if (body.files?.length) box.append(el("div", { class: "files" }, ...body.files.map((file) => attachment(file))));
  const national = recording(body);
  if (national) box.append(national);
  return box;
}

/** By which people name a case: the first six digits of its id, as `case_number` on the server. */
const numberOf = (id) => String(id).slice(0, 6).toUpperCase();

/** Whether a record names sexual violence: as an answer, in the national recording's words, or as the program's guess. Own words are read by
 *  people; a "no" here says nothing. */
export const namesSexual = (body) =>
  /seksual|sexual/.test(JSON.stringify([body?.answers?.types, body?.report_so_far?.types, body?.recording, body?.guesses]) ?? "");

/** The safe word that a record says: what the reporter chose, to which the bot listens, too; what a counsellor proposed. */
export const chosenWordIn = (body) => body?.answers?.safe_word || "";
export const proposedWordIn = (body) => body?.safe_word || "";
