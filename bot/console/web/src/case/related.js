// Cases that belong together. Which do, is said in signed entries of the cases; the server knows of none. Nobody compares what is sealed: the hint
// is what came on the same day and began with the same.

import { $, el } from "../app/dom.js";
import { get, post } from "../app/api.js";
import { clock, t } from "../app/words.js";
import { caseButton, numberOf, relatedTo } from "../conversation/notes.js";

const known = new Map(); // case id → ids of the cases that its entries name, of all that this page has opened

/** Somebody goes: what belongs together is forgotten, too. */
export const forgetRelated = () => known.clear();

export class NotFound extends Error {}

/** The id of the one case of the unit that has this number. Throws NotFound with a key of words if there is none, or several. */
export async function caseByNumber(number, but) {
  const wanted = number.replaceAll(/[\s#]/g, "");
  if (!/^[0-9a-f]{4,32}$/i.test(wanted)) throw new NotFound("related.number_wrong");
  const { cases } = await post("/console/j/cases/find", { number: wanted });
  if (cases.length === 1 && cases[0].id === but) throw new NotFound("related.itself");
  const others = cases.filter((one) => one.id !== but);
  if (others.length !== 1) throw new NotFound(others.length ? "related.several" : "related.none");
  return others[0].id;
}

/** What an entry holds that says: this case belongs together with that one. */
export const relatedBody = (caseId, how) => ({ from: "staff", case: caseId, how: how === "duplicate" ? "duplicate" : "together" });

/** Shows the cases that belong to this one: those that its entries name, and those opened before in this page that name it. */
export function relatedShown(caseId, entries) {
  const list = $("#related-list");
  const named = new Set(entries.map(relatedTo).filter(Boolean));
  known.set(caseId, named);
  if (!list) return;
  const back = [...known].filter(([other, names]) => other !== caseId && names.has(caseId) && !named.has(other)).map(([other]) => other);
  list.replaceChildren(
    ...[...named].map((other) => el("li", {}, caseButton(other))),
    ...back.map((other) =>
      el(
        "li",
        {},
        caseButton(other),
        el("p", { class: "hint", text: t("related.there") }),
        el("button", { type: "button", class: "quiet", data: { do: "relate-back", case: other }, text: t("related.here_too", { number: numberOf(other) }) }),
      ),
    ),
  );
}

/** Shows what else came on that day and began with the same: in clear are number, time and how far it is. */
export async function nearShown(caseId) {
  const { cases, more } = await get(`/console/j/case/${caseId}/near`);
  const list = $("#near-list");
  if (!list || $("#case .case")?.dataset.case !== caseId) return;
  $("#near").hidden = !cases.length;
  list.replaceChildren(
    ...cases.map((one) => el("li", {}, caseButton(one.id), el("span", { class: "soft", text: ` ${clock(one.at)} · ${t(`case.${one.status}`)}` }))),
    ...(more ? [el("li", { class: "soft", text: t("related.more") })] : []),
  );
}
