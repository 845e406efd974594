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
import { admit, endSession, invite, invites, members, me, myFingerprint, remove, reseal, sessions, takeBack, unitFingerprint } from "../session/index.js";

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

  tick(page());
  for (const one of $$("[data-span]", page())) one.textContent = span(Number(one.dataset.span));
  if (quietly) page().scrollTop = scrolled;
  await { staff: staffPage, hours: hoursPage, me: mePage }[name]?.();
}

export function closePages() {

  page().replaceChildren();
}

// Staff

let chosen = null;

async function staffPage() {
  const may = $("[data-page=staff]").dataset.may.split(" ");
  $("#unit-words").textContent = ((await unitFingerprint(me().unit_id)) ?? []).join(" ");
  const rows = await members();
  const order = { new: 0, active: 1, removed: 2 };
  rows.sort((one, other) => order[one.state] - order[other.state] || one.shown.localeCompare(other.shown));
  $("#members").replaceChildren(
    ...rows.map((one) =>
      el(
        "tr",
        { class: one.state },
        el(
          "th",
          { scope: "row" },
          one.shown,
          el("p", { class: "soft", text: `${one.name} · ${t(`role.${one.role}`)} · ${t(`staff.${one.state}`)}` }),
          one.state === "active" && !one.trusted && el("p", { class: "wrong", text: t("talk.forged") }),
        ),
        el(
          "td",
          { class: "row-acts" },
          one.state === "new" && may.includes("admit") && el("button", { type: "button", class: "main", data: { do: "admit", id: one.id }, text: t("staff.admit") }),
          one.state === "active" && one.id !== me().id && may.includes("invite") && el("button", { type: "button", class: "quiet", data: { do: "invite-again", id: one.id, role: one.role, name: one.shown }, text: t("staff.again") }),
          one.state !== "removed" && one.id !== me().id && may.includes("remove") && el("button", { type: "button", class: "quiet", data: { do: "remove", id: one.id }, text: t("staff.remove") }),
        ),
      ),
    ),
  );
  await invitesShown();
}

async function invitesShown() {
  const list = $("#invites");
  if (!list) return; // not for whoever may not invite
  const open = await invites();
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

const choose = async (button, dialog, heading) => {
  chosen = (await members()).find((one) => one.id === button.dataset.id);
  $(`#${dialog}-heading`).textContent = t(heading, { name: chosen.shown });
  $(`#${dialog}-wrong`).textContent = "";
  $(`#${dialog}-form`).reset();
  openDialog(dialog);
};
onAction("admit", (button) => choose(button, "admit", "staff.admit_heading"));
onAction("remove", (button) => choose(button, "remove", "staff.remove_heading"));

onForm("admit-form", async (form) => {
  try {
    await admit(chosen.id, new FormData(form).get("words"));
  } catch (problem) {
    $("#admit-wrong").textContent = t(problem.code === "mismatch" ? "staff.admit_wrong" : "error.busy");
    focus(form.elements.namedItem("words"));
    return;
  }
  closeDialogs();
  say("staff.admit_done");
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

/** The unit's cases, sealed to its newest key: after somebody went, and at a lead's sign-in (`quietly`) if that was broken off. Those that do not open are not
 *  named at each sign-in: they are from before recovery, of a unit that it gave a new lead to. */
export async function sealAnew({ quietly = false } = {}) {
  const line = (text) => $("#reseal") && ($("#reseal").textContent = text);
  try {
    const { done, broken } = await reseal((done, left) => line(t("staff.reseal_goes_on", { n: done, all: done + left })));
    line("");
    if (done) say("staff.resealed", { n: done });
    if (broken && (done || !quietly)) say("staff.reseal_broken", { n: broken });
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
let cannedVersion = 0;

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
  const may = $("[data-page=hours]").dataset.may === "1";
  const { version, replies } = await get("/console/j/canned");
  cannedVersion = version;
  $("#canned-edit").replaceChildren(...replies.map((one) => replyRow(one, may)));
}
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
  wrong.textContent = "";
  try {
    const { version } = await post(`/console/j/setting/${form.dataset.setting}`, { version: Number(form.dataset.version ?? cannedVersion), value });
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

// One's own account

async function mePage() {
  $("#my-words").textContent = ((await myFingerprint()) ?? []).join(" ");
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
onAction("end-session", async (button) => {
  await endSession(button.dataset.id);
  await mePage();
});
onAction("end-all", async () => {
  await endSession("all");
});
onAction("try-sound", () => {
  wakeSound();
  setTimeout(() => chime("danger"), 60);
});
