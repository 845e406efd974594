// What staff wrote for each other: signed, and shown with the name that the signature proves.

import { el } from "../app/dom.js";
import { clock, t } from "../app/words.js";

/** The number by which people name a case. */
export const numberOf = (caseId) => String(caseId).slice(0, 6).toUpperCase();

/** A button that opens another case. */
export const caseButton = (caseId) =>
  el("button", { type: "button", class: "quiet", data: { do: "case", id: caseId }, text: t("case.number_of", { number: numberOf(caseId) }) });

/** How a crisis, or any talk, was judged: two words of ours. */
export const judged = ({ outcome, risk }) => `${t(`outcome.${outcome}`)} · ${t("talk.risk")}: ${t(`risk.${risk}`)}`;

const CASE_ID = /^[0-9a-f]{32}$/;
export const relatedTo = (entry) => (entry.kind === "related" && !entry.problem && CASE_ID.test(entry.body?.case) ? entry.body.case : "");

const strong = (text) => el("p", { class: "strong", text });
const soft = (text) => el("p", { class: "soft", text });

const SAYS = {
  relayed: (body) => [strong(`${t("talk.relayed_heading")}: ${body.number ?? ""} · ${body.called_at ?? ""} · ${body.answered ?? ""}`)],
  status: (body) => [soft(`${t("case.status")}: ${t(`case.${body.status}`)}`)],
  duty: (body) => [["none", "told"].includes(body.duty) && soft(`${t("case.duty")}: ${t(`case.duty_${body.duty}`)}`)],
  form: () => [soft(t("form.saved"))],
  key: () => [soft(t("case.key_changed"))],
  closing: (body) => [body.outcome && body.risk && strong(judged(body)), body.alone && soft(t("talk.closing_alone"))],
  block: (body) => [body.hours && strong(t("case.block_for", { n: body.hours }))],
  unblock: () => [soft(t("case.unblock_one"))],
  related: (body, entry) => [
    soft(t(body.how === "duplicate" ? "related.duplicate" : "related.together")),
    relatedTo(entry) && caseButton(body.case),
  ],
};

/** What an entry of staff's says, as elements. */
export function entrySays(entry) {
  const { body } = entry;
  if (entry.problem) return [el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }), body?.text && el("p", { class: "words-said", text: body.text })];
  return [
    ...(SAYS[entry.kind]?.(body, entry) ?? []),
    body.safe_word && soft(`${t("talk.word")}: ${body.safe_word}`),
    body.text && el("p", { class: "words-said", text: body.text }),
  ];
}

export const writerOf = (entry) => (entry.problem ? "" : entry.mine ? t("talk.me") : (entry.name ?? ""));

/** Fills a list with the entries of some kinds, newest first. */
export function notesShown(list, entries, kinds) {
  if (!list) return;
  const wanted = entries.filter((entry) => kinds.includes(entry.kind)).reverse();
  const shown = wanted.map((entry) => entry.id).join(" ");
  if (list.dataset.shown === shown) return; // entries are never changed
  list.dataset.shown = shown;
  list.replaceChildren(
    ...wanted.map((entry) =>
      el(
        "li",
        { class: entry.problem ? "bad" : null },
        el("p", { class: "by" }, el("span", { class: "name", text: writerOf(entry) }), " ", el("span", { class: "soft", text: clock(entry.at) })),
        ...entrySays(entry),
      ),
    ),
  );
}
