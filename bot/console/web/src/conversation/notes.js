// What staff wrote for each other: signed, and shown with the name that the signature proves.

import { el } from "../app/dom.js";
import { clock, t } from "../app/words.js";

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
        el("p", { class: "by" }, el("span", { class: "name", text: entry.problem ? "" : entry.mine ? t("talk.me") : (entry.name ?? "") }), " ", el("span", { class: "soft", text: clock(entry.at) })),
        entry.problem && el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }),
        entry.kind === "relayed" && el("p", { class: "strong", text: `${t("talk.relayed_heading")}: ${entry.body?.number ?? ""} · ${entry.body?.called_at ?? ""} · ${entry.body?.answered ?? ""}` }),
        entry.kind === "status" && el("p", { class: "soft", text: `${t("case.status")}: ${t(`case.${entry.body?.status}`)}` }),
        entry.kind === "duty" && ["none", "told"].includes(entry.body?.duty) && el("p", { class: "soft", text: `${t("case.duty")}: ${t(`case.duty_${entry.body.duty}`)}` }),
        entry.body?.safe_word && el("p", { class: "soft", text: `${t("talk.word")}: ${entry.body.safe_word}` }),
        entry.body?.text && el("p", { class: "words-said", text: entry.body.text }),
      ),
    ),
  );
}
