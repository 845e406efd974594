// The sections that are pages: board, staff, hours, one's account.

import { $, $$, el, focus } from "./dom.js";
import { onAction, onForm } from "./actions.js";
import { get, post } from "./api.js";
import { contactsShown } from "./contacts.js";
import { closeDialogs, openDialog } from "./dialogs.js";
import { swap } from "./fragments.js";
import { lettersOn, wantLetters } from "./keys.js";
import { chime, soundWanted, wakeSound, wantSound } from "./sound.js";
import { tick } from "./ticker.js";
import { say, saw } from "./toast.js";
import { clock, span, t } from "./words.js";
import {
  KEYLESS, admit, changeMember, endSession, follow, invite, invites, me, members, mine, myFingerprint, remove, reseal, sessions, speak, takeBack, unitFingerprint,
} from "../session/index.js";

const page = () => $("#view-page");

export async function showPage(name, { quietly = false } = {}) {
  if (quietly && name === "staff") return $("#members") ? staffPage() : undefined; // a link that was just made stays
  const scrolled = page().scrollTop;
  try {
    await swap(`/console/f/${name}`, page());
  } catch (problem) {
    if (problem.status !== 401) saw(problem);
    return;
  }
  if (!$(`[data-page=${name}]`, page())) return; // another one by now
  tick(page());
  for (const one of $$("[data-span]", page())) one.textContent = span(Number(one.dataset.span));
  if (quietly) page().scrollTop = scrolled;
  await { staff: staffPage, hours: hoursPage, me: mePage, audit: auditPage }[name]?.();
}

export function closePages() {
  cannedVersion = null;
  page().replaceChildren();
}

// Staff

const ADMINISTRATOR = "administrator";
const TALKING = ["counsellor", "lead"]; // who is offered conversations (actions/access.py)
let chosen = null;

/** What is looked at when conversations are offered: "bahasa id, en · sampai 3 percakapan · Bahaya sekarang". */
const workOf = (one) =>
  [t("staff.languages", { list: one.languages.join(", ") }), t("staff.capacity_of", { n: one.capacity }), ...one.skills.map((skill) => t(`urgency.${skill}`))].join(" · ");

async function staffPage() {
  const may = $("[data-page=staff]").dataset.may.split(" ");
  const place = $("#members");
  const [words, rows] = [(await unitFingerprint(me().unit_id)) ?? [], await members()];
  if (!place.isConnected) return; // another section by now
  $("#unit-words").textContent = words.join(" ");
  const order = { new: 0, active: 1, removed: 2 };
  rows.sort((one, other) => order[one.state] - order[other.state] || one.shown.localeCompare(other.shown));
  rowsShown(
    place,
    rows.map((one) =>
      el(
        "tr",
        { class: one.state, data: { member: one.id } },
        el(
          "th",
          { scope: "row" },
          one.shown,
          el("p", { class: "soft", text: [one.name, t(`role.${one.role}`), t(`staff.${one.state}`), one.role === ADMINISTRATOR && one.has_key && t("staff.holds_key")].filter(Boolean).join(" · ") }),
          one.state !== "removed" && TALKING.includes(one.role) && el("p", { class: "soft", text: workOf(one) }),
          one.state === "active" && !one.trusted && el("p", { class: "wrong", text: t("talk.forged") }),
        ),
        el(
          "td",
          { class: "row-acts" },
          one.state === "new" && may.includes("admit") && el("button", { type: "button", class: "main", data: { do: "admit", id: one.id }, text: t("staff.admit") }),
          one.state === "active" && one.role === ADMINISTRATOR && !one.has_key && may.includes("admit") && el("button", { type: "button", class: "quiet", data: { do: "give-key", id: one.id }, text: t("staff.key") }),
          one.state !== "removed" && TALKING.includes(one.role) && may.includes("change") && el("button", { type: "button", class: "quiet", data: { do: "set-member", id: one.id }, text: t("staff.set"), "aria-label": t("staff.set_of", { name: one.shown }) }),
          one.state === "active" && one.id !== me().id && may.includes("remove") && el("button", { type: "button", class: "quiet", data: { do: "invite-again", id: one.id, role: one.role, name: one.shown }, text: t("staff.again") }),
          one.state !== "removed" && one.id !== me().id && may.includes("remove") && el("button", { type: "button", class: "quiet", data: { do: "remove", id: one.id }, text: t("staff.remove") }),
        ),
      ),
    ),
  );
  await invitesShown();
}

/** Puts rows in the place of others. As long as they say the same nothing is touched: whoever is at one of their buttons stays there. */
function rowsShown(body, rows) {
  const same = (row, place) => row.isEqualNode(body.children[place] ?? null);
  if (body.children.length === rows.length && rows.every(same)) return;
  const at = body.contains(document.activeElement) ? document.activeElement.dataset : null;
  body.replaceChildren(...rows);
  if (at) focus(buttonOf(at.do, at.id) ?? $(`tr[data-member="${at.id}"] button`, body) ?? $("#staff-heading"));
}
const buttonOf = (name, id) => $(`#members [data-do="${name}"][data-id="${id}"]`);

async function invitesShown() {
  const list = $("#invites");
  if (!list) return; // not for whoever may not invite
  const open = await invites();
  if (!list.isConnected) return; // another section by now
  $("#invites-open").hidden = open.length === 0;
  list.replaceChildren(
    ...open.map((one) => {
      const role = t(`role.${one.role}`);
      return el(
        "li",
        {},
        el("span", {
          text: [one.again ? t("staff.invite_again_for", { role, name: one.again }) : role, one.by && t("staff.invite_by", { name: one.by }), t("staff.invite_until", { time: clock(one.until) })].filter(Boolean).join(" · "),
        }),
        el("button", { type: "button", class: "quiet", data: { do: "invite-back", id: one.id }, text: t("staff.take_back"), "aria-label": t("staff.take_back_one", { role }) }),
      );
    }),
  );
}
onAction("invite-back", async (button) => {
  try {
    await takeBack(button.dataset.id);
    say("staff.taken_back");
  } catch (problem) {
    if (problem.code !== "bad_token") return saw(problem);
    say("staff.taken_back_late");
  }
  $("#invite-made").hidden = true; // it may be the one whose link stands there
  await invitesShown();
  focus($("#invites button") ?? $("#invite-form button"));
});

// The button that a dialog was opened with may be another one by now.
let opener = {};
const backToIt = ({ target }) => {
  const lost = document.activeElement === document.body || target.contains(document.activeElement);
  if (lost && target.closest("#view-page")) focus(buttonOf(opener.do, opener.id));
};
document.addEventListener("close", backToIt, true);
const choose = async (button, dialog, heading) => {
  opener = { ...button.dataset };
  chosen = (await members()).find((one) => one.id === button.dataset.id);
  $(`#${dialog}-heading`).textContent = t(heading, { name: chosen.shown });
  $(`#${dialog}-wrong`).textContent = "";
  $(`#${dialog}-form`).reset();
  openDialog(dialog);
};
// An administrator may be given the unit's key, at once or later; everybody else has it, or has no part in cases.
let keyAlone = false;
const toAdmit = async (button, heading, alone) => {
  await choose(button, "admit", heading);
  keyAlone = alone;
  const offered = chosen.role === ADMINISTRATOR;
  $("#admit-key").hidden = alone || !offered;
  $("#admit-key-note").hidden = !offered;
};
onAction("admit", (button) => toAdmit(button, "staff.admit_heading", false));
onAction("give-key", (button) => toAdmit(button, "staff.key_heading", true));
onAction("set-member", async (button) => {
  await choose(button, "set", "staff.set_heading");
  const form = $("#set-form");
  form.elements.namedItem("capacity").value = String(chosen.capacity);
  for (const box of $$("input[name=skill]", form)) box.checked = chosen.skills.includes(box.value);
});
onForm("set-form", async (form) => {
  try {
    await changeMember(chosen.id, { capacity: Number(form.elements.namedItem("capacity").value), skills: $$("input[name=skill]:checked", form).map((box) => box.value) });
  } catch {
    $("#set-wrong").textContent = t("error.busy");
    return;
  }
  const { id } = chosen;
  closeDialogs();
  say("app.saved");
  await staffPage();
  focus($(`#members [data-do=set-member][data-id="${id}"]`));
});
onAction("remove", (button) => choose(button, "remove", "staff.remove_heading"));

onForm("admit-form", async (form) => {
  let keyed = false;
  try {
    const given = new FormData(form);
    keyed = keyAlone || (chosen.role === ADMINISTRATOR ? given.get("key") === "1" : !KEYLESS.includes(chosen.role));
    await admit(chosen.id, given.get("words"), { withKey: keyed });
  } catch (problem) {
    $("#admit-wrong").textContent = t(problem.code === "mismatch" ? "staff.admit_wrong" : "error.busy");
    focus(form.elements.namedItem("words"));
    return;
  }
  closeDialogs();
  say(keyAlone ? "staff.key_done" : keyed ? "staff.admit_done" : "staff.admit_done_keyless");
  await showPage("staff");
  focus($("#staff-heading"));
});

onForm("remove-form", async () => {
  try {
    await remove(chosen.id);
  } catch {
    $("#remove-wrong").textContent = t("error.busy");
    return;
  }
  closeDialogs();
  await showPage("staff");
  focus($("#staff-heading"));
  void sealAnew();
});

/** The keys of the unit's cases, once its own was changed: after somebody went, and at a lead's sign-in (`quietly`) if that was broken off. Those that do not
 *  open are not named at each sign-in: they are from before recovery, of a unit that it gave a new lead to. */
export async function sealAnew({ quietly = false } = {}) {
  const line = (text) => $("#reseal") && ($("#reseal").textContent = text);
  try {
    const { changed, done, broken, kept } = await reseal((done, left) => line(t("staff.reseal_goes_on", { n: done, all: done + left })));
    line("");
    if (changed) say("staff.turned", { n: changed });
    if (done) say("staff.resealed", { n: done });
    if (broken && (changed || done || !quietly)) say("staff.reseal_broken", { n: broken });
    if (kept) say("staff.reseal_kept", { n: kept });
  } catch {
    line(t("staff.reseal_later"));
  }
}

async function invited(role, again = null) {
  $("#invite-link").textContent = await invite(role, again?.id);
  $("#invite-again-note").hidden = !again;
  $("#invite-again-note").textContent = again ? t("staff.again_note", { name: again.name }) : "";
  $("#invite-made").hidden = false;
  focus($("#invite-made button"));
  await invitesShown();
}
onForm("invite-form", (form) => invited(new FormData(form).get("role")));
// Whoever lost the passphrase comes anew, with new keys, under the same name.
onAction("invite-again", (button) => invited(button.dataset.role, button.dataset));

onAction("copy", async (button) => {
  await navigator.clipboard.writeText($(`#${button.dataset.of}`).textContent);
  say("staff.copied");
});

// Hours, holidays, prepared replies

const GROUPS = ["greet", "listen", "inquire", "validate", "safety", "support", "close"];
let cannedVersion = null; // as long as the list is not there: nothing is saved then

function replyRow(one, may) {
  const field = (name, lang) => el("label", { class: "field" }, el("span", { text: t(`hours.text_${lang}`) }), el("textarea", { name, rows: "2", maxlength: "1000", lang, readonly: !may }, one[name] ?? ""));
  return el(
    "li",
    { class: "edit" },
    el("label", { class: "field" }, el("span", { text: t("hours.group") }), el("select", { name: "group", disabled: !may }, ...GROUPS.map((group) => el("option", { value: group, selected: group === one.group, text: t(`group.${group}`) })))),
    field("id_text", "id"),
    field("en_text", "en"),
    may && el("button", { type: "button", class: "quiet", data: { do: "canned-remove" }, text: t("hours.remove") }),
  );
}

async function hoursPage() {
  const form = $("#canned-form");
  const may = $("[data-page=hours]").dataset.may === "1";
  cannedVersion = null;
  let found = null;
  try {
    found = await get("/console/j/canned");
  } catch (problem) {
    if (problem.status === 401) return;
  }
  if (!form.isConnected) return;
  $("#canned-missing").hidden = found !== null;
  if (may) $("#canned-ends").hidden = found === null;
  if (!found) return;
  cannedVersion = found.version;
  $("#canned-edit").replaceChildren(...found.replies.map((one) => replyRow(one, may)));
}
onAction("canned-again", async () => {
  await hoursPage();
  focus($("#canned-missing button:not([hidden] *)") ?? $("#canned-edit select") ?? $("#hours-heading"));
});
onAction("canned-add", () => {
  const row = replyRow({ group: "listen" }, true);
  $("#canned-edit").append(row);
  focus($("textarea", row));
});
onAction("canned-remove", (button) => {
  const next = button.closest("li").nextElementSibling ?? button.closest("li").previousElementSibling;
  button.closest("li").remove();
  focus(next ? $("select", next) : $("#hours-heading"));
});

async function save(form, value) {
  const wrong = $(".wrong", form);
  const seen = form.dataset.version ?? cannedVersion;
  if (seen === null) return;
  wrong.textContent = "";
  try {
    const { version } = await post(`/console/j/setting/${form.dataset.setting}`, { version: Number(seen), value });
    if (form.dataset.version === undefined) cannedVersion = version;
    else form.dataset.version = version;
    say("app.saved");
  } catch (problem) {
    wrong.textContent = t(problem.status === 409 ? "hours.changed" : problem.status === 400 ? "error.bad" : "error.busy");
  }
}

onForm("opening-form", async (form) => {
  const value = {};
  for (const [day, text] of new FormData(form)) {
    const spans = text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => /^(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})$/.exec(part));
    if (spans.includes(null)) {
      $(".wrong", form).textContent = t("hours.bad", { line: `${t(`hours.${day}`)}: ${text}` });
      return focus(form.elements.namedItem(day));
    }
    value[day] = spans.map(([, h1, m1, h2, m2]) => [`${h1.padStart(2, "0")}:${m1}`, `${h2.padStart(2, "0")}:${m2}`]);
  }
  return save(form, value);
});

onForm("holidays-form", async (form) => {
  const value = [];
  for (const line of new FormData(form).get("holidays").split("\n").map((one) => one.trim()).filter(Boolean)) {
    const found = /^(\d{4}-\d{2}-\d{2})\s*(.*)$/.exec(line);
    if (!found) {
      $(".wrong", form).textContent = t("hours.bad", { line });
      return focus($("#holidays"));
    }
    value.push({ date: found[1], name: found[2] });
  }
  return save(form, value);
});

onForm("canned-form", (form) =>
  save(form, $$("li.edit", form).map((row, number) => ({ id: `reply${number + 1}`, ...Object.fromEntries($$("[name]", row).map((field) => [field.name, field.value.trim()])) })).filter((one) => one.id_text)),
);

// The trail of who opened what

async function auditPage() {
  const line = $("#audit-whole");
  try {
    line.textContent = t("audit.whole", { n: await follow(me().unit_id) });
  } catch (problem) {
    const cut = problem.code === "chain";
    line.textContent = t(cut ? "audit.broken" : "audit.unchecked");
    line.classList.toggle("wrong", cut);
  }
}
onAction("audit-older", async (button) => {
  const place = $("#audit-older");
  const before = place.previousElementSibling;
  await swap(`/console/f/audit?before=${button.dataset.before}`, place, "outerHTML");
  tick(page());
  before.nextElementSibling?.setAttribute("tabindex", "-1");
  focus(before.nextElementSibling);
});

// One's own account

async function mePage() {
  $("#my-words").textContent = ((await myFingerprint()) ?? []).join(" ");
  const spoken = (await mine())?.languages ?? [];
  for (const box of $$("#languages-form input")) box.checked = spoken.includes(box.value);
  for (const [id, on, want] of [["sound-on", soundWanted, wantSound], ["letters-on", lettersOn, wantLetters]]) {
    const box = $(`#${id}`);
    box.checked = on();
    box.addEventListener("change", () => want(box.checked));
  }
  await contactsShown();
  const open = await sessions();
  $("#sessions").replaceChildren(
    ...open.map((one) =>
      el("li", {}, el("span", { text: `${clock(one.created_at)} · ${t("me.seen", { time: clock(one.seen_at) })}` }), one.current ? el("b", { text: ` ${t("me.this")}` }) : el("button", { type: "button", class: "quiet", data: { do: "end-session", id: one.id }, text: t("me.end") })),
    ),
  );
}
onForm("languages-form", async (form) => {
  const chosenOnes = $$("input:checked", form).map((box) => box.value);
  $("#languages-wrong").textContent = chosenOnes.length ? "" : t("join.languages_none");
  if (!chosenOnes.length) return focus($("input", form));
  await speak(chosenOnes);
  say("app.saved");
});
onAction("end-session", async (button) => {
  await endSession(button.dataset.id);
  await mePage();
});
onAction("try-sound", () => {
  wakeSound();
  setTimeout(() => chime("danger"), 60);
});
