// The way in: sign in, unlock after the session ended, join by invitation. Nothing of what is typed here is kept.

import { $, $$, el, focus, showOnly } from "./dom.js";
import { onAction, onForm } from "./actions.js";
import { beginJoin, forgetTrail, invitation, join, newPassphrase, signIn, strong } from "../session/index.js";
import { wakeSound } from "./sound.js";
import { say } from "./toast.js";
import { speak, t } from "./words.js";

let token = "";
let words = "";
let entered = async () => {};
let refreshed = async () => {};

const screens = () => [$("#sign"), $("#join"), $("#joined")];

function show(id, heading) {
  $("#door").hidden = false;
  $("#desk").hidden = true;
  document.documentElement.dataset.at = "door";
  showOnly($(`#${id}`), screens());
  focus($(`#${heading}`));
}

/** `why`: nothing, or the key of a sentence to say above the form. `again`: the same person unlocks. */
export function showSign(options) {
  const { why = "", again = null } = options ?? {};
  const form = $("#sign");
  const name = form.elements.namedItem("name");
  const heading = again ? "unlock.heading" : "sign.heading";
  const intro = why || (again ? "unlock.intro" : "sign.intro");
  for (const [id, key] of [["#sign-heading", heading], ["#sign-intro", intro]]) {
    $(id).dataset.t = key;
    $(id).textContent = t(key);
  }
  if (again) name.value = again;
  conceal();
  form.elements.namedItem("passphrase").value = "";
  form.elements.namedItem("code").value = "";
  $("#sign-wrong").textContent = "";
  $("#sign-chain").hidden = true;
  show("sign", "sign-heading");
  focus(name.value ? form.elements.namedItem("passphrase") : name);
}

async function showJoin() {
  for (const id of ["#join-wrong", "#join-words", "#join-secret", "#join-qr"]) $(id).replaceChildren();
  let found;
  try {
    found = await invitation(token);
  } catch (problem) {
    token = "";
    showSign({ why: problem.code === "offline" ? "sign.offline" : "join.bad_token" });
    return;
  }
  const form = $("#join");
  form.reset();
  ownWords(false);
  const name = form.elements.namedItem("name");
  name.value = found.name ?? "";
  name.readOnly = Boolean(found.name);
  $("#join-where").textContent = `${found.unit.name} · ${t(`role.${found.role}`)}`;
  $("#join-key").hidden = !found.keyFile;
  words = newPassphrase();
  $("#join-words").textContent = words;
  show("join", "join-heading");
  const totp = found.code ? await beginJoin(token) : null;
  $("#join-totp").hidden = !totp;
  if (totp) {
    $("#join-secret").textContent = totp.secret.replace(/(.{4})(?=.)/g, "$1 ");
    if (totp.qr) $("#join-qr").replaceChildren(picture(totp.qr));
  }
}

/** An SVG of our own making, as a picture: it is parsed as an image, where nothing can run. */
function picture(svg) {
  const image = new Image(180, 180);
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  image.alt = "QR";
  image.src = url;
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  return image;
}

const CODES = new Set(["wrong", "throttled", "not_admitted", "changed", "chain", "old_browser", "offline"]);
const JOIN_CODES = new Set(["bad_token", "taken", "weak", "key_file", "name", "shown", "wrong"]);
const JOIN_WORDS = { name: "join.name_wrong", shown: "join.shown_wrong", wrong: "join.code_wrong" };
const JOIN_FIELDS = { name: "name", taken: "name", shown: "shown", wrong: "code", key_file: "key" };

onForm("sign", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const button = $("button.main", form);
  const wrong = $("#sign-wrong");
  wrong.textContent = "";
  $("#sign-chain").hidden = true;
  if (!given.name || !given.passphrase) {
    wrong.textContent = t("sign.wrong");
    return;
  }
  wakeSound();
  button.textContent = t("sign.working");
  button.setAttribute("aria-busy", "true");
  try {
    await signIn({ name: given.name.trim(), passphrase: given.passphrase, code: given.code.trim() });
    form.elements.namedItem("passphrase").value = "";
    form.elements.namedItem("code").value = "";
    await entered();
  } catch (problem) {
    wrong.textContent = t(`sign.${CODES.has(problem.code) ? problem.code : "error"}`);
    if (problem.fingerprint) wrong.append(el("output", { class: "words small", text: problem.fingerprint.join(" ") }));
    if (problem.heads) {
      $("#sign-heads").textContent = [t("sign.chain_known", { head: problem.heads.known }), t("sign.chain_found", { head: problem.heads.found })].join("\n");
      $("#sign-chain button").dataset.unit = problem.unitId;
      $("#sign-chain").hidden = false;
    }
    focus(form.elements.namedItem("passphrase"));
  } finally {
    button.textContent = t("sign.go");
    button.removeAttribute("aria-busy");
  }
});

onForm("join", async (form) => {
  const given = Object.fromEntries(new FormData(form));
  const button = $("button.main", form);
  const wrong = $("#join-wrong");
  wrong.textContent = "";
  const own = !$("#join-own").hidden;
  const stop = (key, field) => {
    wrong.textContent = t(key);
    focus(field);
  };
  if (own && !strong(given.own)) return stop("join.weak", form.elements.namedItem("own"));
  if (own ? given.typed !== given.own : given.typed.trim().toLowerCase().replace(/\s+/g, " ") !== words) {
    return stop(own ? "join.own_wrong" : "join.typed_wrong", form.elements.namedItem("typed"));
  }
  const languages = $$("input[name=language]:checked", form).map((one) => one.value);
  if (!languages.length) return stop("join.languages_none", $("input[name=language]", form));
  button.textContent = t("join.working");
  button.setAttribute("aria-busy", "true");
  try {
    const file = form.elements.namedItem("key").files[0];
    const keyFile = $("#join-key").hidden || !file ? null : { content: await file.text(), passphrase: given.key_passphrase };
    const made = await join({ token, name: given.name.trim(), shown: given.shown.trim(), passphrase: own ? given.own : words, code: given.code?.trim() ?? "", languages, keyFile });
    token = words = "";
    form.reset();
    $("#join-words").textContent = "";
    $("#joined-words").textContent = made.fingerprint.join(" ");
    $("#joined-note").textContent = t(made.first ? "join.first" : "join.fingerprint_note");
    $("#sign").elements.namedItem("name").value = given.name.trim();
    show("joined", "joined-heading");
  } catch (problem) {
    const { code } = problem;
    wrong.textContent = t(JOIN_WORDS[code] ?? (JOIN_CODES.has(code) ? `join.${code}` : CODES.has(code) ? `sign.${code}` : "sign.error"));
    if (JOIN_FIELDS[code]) focus(form.elements.namedItem(JOIN_FIELDS[code]));
  } finally {
    button.textContent = t("join.go");
    button.removeAttribute("aria-busy");
  }
});

onAction("to-sign", () => showSign());
onAction("other-words", () => {
  words = newPassphrase();
  $("#join-words").textContent = words;
});
/** Whether the form asks for a passphrase of one's own instead of the six words. */
function ownWords(wanted) {
  $("#join-own").hidden = !wanted;
  $("#join-words").closest(".field").hidden = wanted;
  const typed = $("#join-typed");
  typed.dataset.t = wanted ? "join.own_typed" : "join.typed";
  typed.textContent = t(typed.dataset.t);
  const form = $("#join");
  for (const name of ["own", "typed"]) form.elements.namedItem(name).value = "";
  form.elements.namedItem("typed").type = wanted ? "password" : "text";
}
onAction("own-words", () => {
  const wanted = $("#join-own").hidden;
  ownWords(wanted);
  focus(wanted ? $("#join-own-words") : $("#join [data-do=own-words]"));
});
onAction("chain-anew", (button) => {
  forgetTrail(button.dataset.unit);
  showSign({ why: "sign.chain_forgotten" });
});
/** Shows what is typed in a field, or dots instead. */
function reveal(button, shown) {
  $(`#${button.dataset.of}`).type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.dataset.t = shown ? "sign.conceal" : "sign.reveal";
  button.textContent = t(button.dataset.t);
}
onAction("reveal", (button) => reveal(button, button.getAttribute("aria-pressed") !== "true"));
/** Whoever comes next types behind dots again. */
const conceal = () => $$("#door [data-do=reveal]").forEach((button) => reveal(button, false));
onAction("language", async (button) => {
  await speak(button.dataset.language);
  await refreshed();
});

/** Begins. `onEntered` is called when somebody is in; `onLanguage` when the language is another. */
export async function openDoor({ onEntered, onLanguage }) {
  entered = onEntered;
  refreshed = onLanguage;
  // A link may also be opened where this page stands already: then nothing is loaded anew.
  addEventListener("hashchange", () => {
    if (!invited()) return;
    if ($("#desk").hidden) void showJoin();
    else say("join.sign_out_first");
  });
  if (invited()) await showJoin();
  else showSign();
}

/** Whether the address is that of an invitation. The token is taken from it, and stays nowhere. */
function invited() {
  const found = /^#join=([A-Za-z0-9_-]{16,128})$/.exec(location.hash);
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (found && $("#desk").hidden) token = found[1];
  return found !== null;
}
