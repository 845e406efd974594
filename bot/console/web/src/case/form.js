// The case form: what is known of the case in the fields of the national recording, begun with what the report says and corrected by people.
// It lies in the case as a signed entry that the server cannot tell from a note; the newest counts.

import { $, el } from "../app/dom.js";
import { clock, t } from "../app/words.js";
import { draftOf, keepDraft, keepsForm } from "../conversation/drafts.js";
import { writerOf } from "../conversation/notes.js";
import { place, questions } from "./report.js";

const TEXTS = [["children", 3], ["names", 200], ["age", 60], ["place", 200]]; // and how long each may be
const LISTS = ["victim_age", "victim_sex", "form_of_violence", "scene", "perpetrator_relation", "service"];

const key = (caseId) => `form ${caseId}`;

/** What a form starts with: what the report says in the national recording's values, and where. */
function begun(entries, known) {
  const told = entries.filter((entry) => !entry.problem && (entry.body?.answers || entry.body?.report_so_far));
  const values = {};
  for (const { body } of told) {
    for (const [field, found] of Object.entries(body.recording ?? {})) {
      values[field] = [...new Set([...(values[field] ?? []), ...found.map((one) => one.value).filter(Boolean)])];
    }
    const given = { ...body.report_so_far, ...body.answers };
    const where = [given.area && typeof given.area === "object" ? place(given.area, known.places) : "", given.landmark ?? ""].filter((one) => one && one !== "–");
    if (where.length) values.place = where.join(", ");
  }
  return values;
}

const newest = (entries) => entries.filter((entry) => entry.kind === "form" && !entry.problem).at(-1);

/** A form that was saved, as a list to be read. */
export function filled(body) {
  const rows = [...TEXTS.map(([name]) => [name, body.form?.[name]]), ...LISTS.map((name) => [name, (body.form?.[name] ?? []).map((value) => t(`form.${name}_${value}`)).join("; ")])];
  const lines = rows.filter(([, value]) => value).map(([name, value]) => el("div", { class: "answer" }, el("dt", { text: t(`form.${name}`) }), el("dd", { text: String(value) })));
  return el("dl", { class: "answers" }, ...lines);
}

/** The fields, as far as the national recording has them. */
function fields(known, values) {
  const texts = TEXTS.map(([name, most]) => {
    const number = name === "children";
    const input = el("input", { id: `form-${name}`, name, maxlength: most, autocomplete: "off", inputmode: number ? "numeric" : null, value: values[name] ?? "" });
    return el("label", { class: "field", for: `form-${name}` }, el("span", { text: t(`form.${name}`) }), input);
  });
  const lists = LISTS.filter((name) => known.fields[name]).map((name) =>
    el(
      "fieldset",
      {},
      el("legend", { text: t(`form.${name}`) }),
      el(
        "div",
        { class: "checks" },
        ...known.fields[name].map((value) =>
          el("label", { class: "check" }, el("input", { type: "checkbox", name, value, checked: (values[name] ?? []).includes(value) }), " ", t(`form.${name}_${value}`)),
        ),
      ),
    ),
  );
  return [el("div", { class: "pair" }, ...texts), ...lists];
}

const forget = (caseId) => keepDraft(key(caseId), "");

/** Shows the form of a case that is open: the newest that was saved, or what the report begins it with; and what somebody was just writing. */
export async function formShown(caseId, entries) {
  const form = $("#form-form");
  if (!form) return;
  const known = await questions();
  const saved = newest(entries);
  const stands = saved?.id ?? "begun";
  if (form.dataset.shown === stands || !form.isConnected) return;
  const later = form.dataset.shown !== undefined;
  const writes = draftOf(key(caseId)) !== "";
  $("#form-state").textContent = saved ? t("form.by", { name: writerOf(saved), time: clock(saved.at) }) : t("form.begun");
  form.dataset.shown = stands;
  if (later && writes) {
    $("#form-news").hidden = false; // a colleague saved one meanwhile: what is being written stays
    return;
  }
  $("#form-fields").replaceChildren(...fields(known, saved?.body.form ?? begun(entries, known)));
  if (later) return;
  if (keepsForm(form, key(caseId))) $("#case-form").open = true;
}

/** What the form says now, without what is empty. Call `saved` once it is kept; gives whether nothing was written in it since. */
export function formGiven(form, caseId) {
  const values = said(form);
  const saved = () => {
    const all = JSON.stringify(said(form)) === JSON.stringify(values);
    if (all) forget(caseId);
    return all;
  };
  return { values, saved };
}

function said(form) {
  const given = new FormData(form);
  const texts = TEXTS.map(([name]) => [name, String(given.get(name) ?? "").trim()]);
  const lists = LISTS.map((name) => [name, given.getAll(name)]);
  return Object.fromEntries([...texts, ...lists].filter(([, value]) => value.length));
}
