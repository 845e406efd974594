// Ties the page together: what is typed or tapped goes to the wire, what comes to the log.

import { setUpLabels, speak, spoken, t } from "./labels.js";
import { openLog } from "./log.js";
import { openToken, touch, uuid } from "./token.js";
import { openWire } from "./wire.js";

const at = (id) => document.getElementById(id);
const [text, form, send, hint, counter, link, lost, scroll] = ["text", "form", "send", "hint", "counter", "link", "lost", "scroll"].map(at);
const LIMIT = Number(text.dataset.limit);
const NEAR = 400; // characters before the limit where the counter appears
const PATIENCE = 4000; // ms
const MOST = 16 * 1024 * 1024; // bytes of a file, as the service takes
const REFUSED = { wrong_type: "file_wrong", body_too_large: "file_too_large" };
const PICKED = { voice: "audio/*,.ogg,.opus,.m4a,.mp3,.aac,.amr,.wav", image: "image/jpeg,image/png,image/webp", document: "application/pdf" };
const touching = matchMedia("(hover: none) and (pointer: coarse)");

const picker = at("file");
const chat = openLog({ log: at("log"), scroll, newer: at("newer"), typing: at("typing"), answers: () => !person });
let wire = null;
let hintKey = null;
let tapped = {};
let heard = null; // the language of the conversation
let chosen = false; // the person pressed the toggle

// The toggle changes the page at once, and asks the conversation to change: there it is a question like any other.
setUpLabels(at("language"), () => {
  chosen = true;
  if (heard && heard !== spoken()) word("ask_language");
});

function follow(language) {
  if (!language || language === heard) return;
  const early = chosen && heard === null; // pressed before the first bubble was there
  heard = language;
  if (early && language !== spoken()) word("ask_language");
  else speak(language);
}

function say(key) {
  hintKey = key;
  hint.textContent = key ? t(key) : "";
}

addEventListener("chat-language", () => {
  say(hintKey);
  measure();
});

const length = (words) => [...words].length; // as the service counts: one for a letter outside the basic plane, too

function measure() {
  text.style.height = "auto";
  text.style.height = text.scrollHeight + 2 + "px";
  const room = LIMIT - length(text.value);
  counter.textContent = room < 0 ? t("surplus", -room) : room <= NEAR ? t("left", room) : "";
  if (room < 0 && hintKey !== "over") say("over"); // said once, not at every letter
  else if (room >= 0 && hintKey === "over") say(null);
  send.setAttribute("aria-disabled", String(room < 0 || !text.value.trim()));
}

function out(body, words) {
  const item = { body: { id: uuid(), language: spoken(), ...body } };
  if (words !== undefined) {
    item.show = chat.own(words, () => wire.send(item));
    at("ways").hidden = false;
  }
  wire.send(item);
}

// A command word, sent as if it had been typed.
function word(key) {
  if (!wire) return;
  say(null);
  out({ kind: "text", text: t(key).toLowerCase() }, t(key));
  settle();
}

at("back").addEventListener("click", () => word("back"));
at("pass").addEventListener("click", () => word("skip_it"));

const answers = {
  tap(id, words) {
    if (id === tapped.id && Date.now() - tapped.at < 800) return; // a double-tap is one answer
    tapped = { id, at: Date.now() };
    say(null);
    out({ kind: "tap", tap: id }, words);
    settle();
  },
  text(numbers, words) {
    say(null);
    out({ kind: "text", text: numbers }, words);
    settle();
  },
  locate(button) {
    say("locating");
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false;
        say(null);
        out({ kind: "location", location: [coords.latitude, coords.longitude] }, t("located"));
      },
      () => {
        button.disabled = false;
        say("no_location");
        text.focus();
      },
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 0 },
    );
  },
  attach(accept) {
    say(null);
    picker.accept = accept.map((kind) => PICKED[kind]).join(",");
    picker.click();
  },
  hint: (key) => say(key),
  // The service has taken the conversation away: what is being written goes too, and what would tell of it.
  wiped() {
    text.value = "";
    say(null);
    measure();
    at("ways").hidden = at("note").hidden = true;
  },
};

picker.addEventListener("change", () => {
  const [file] = picker.files;
  picker.value = ""; // the same file may be chosen again
  if (!file) return;
  if (file.size > MOST) return say("file_too_large");
  const words = t(file.type.startsWith("image/") ? "a_photo" : file.type.startsWith("audio/") ? "a_voice" : "a_document");
  const item = { body: { id: uuid(), language: spoken() }, file };
  item.show = chat.own(words, () => wire.send(item));
  say("file_sending");
  wire.send(item);
  settle();
});

// After an answer the keyboard is where the next one can be typed, by number too. On a phone this would only open the keyboard.
function settle() {
  if (!touching.matches) text.focus({ preventScroll: true });
}

function submit(event) {
  event.preventDefault();
  const words = text.value;
  if (!words.trim() || length(words) > LIMIT || !wire) return measure();
  text.value = "";
  say(null);
  measure();
  out({ kind: "text", text: words }, words);
  text.focus({ preventScroll: true });
}

form.addEventListener("submit", submit);
// A person who writes here is seen writing; from then on they see it of us, too. The program gets no such hint.
let person = false;
let hinted = 0;
function onTyping() {
  person = true;
  chat.writes();
}
text.addEventListener("input", () => {
  measure();
  if (!person || !text.value.trim() || Date.now() - hinted < 4000) return;
  hinted = Date.now();
  wire?.types();
});
text.addEventListener("keydown", (event) => {
  // On a phone Enter starts a new line, as its keyboard shows; the button sends.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !touching.matches) submit(event);
});

// What does not work just now: the stream, or a message that waits. The numbers come up if it lasts.
const troubles = new Set();
let alarm = 0;
function trouble(what, there) {
  if (there) troubles.add(what);
  else troubles.delete(what);
  if (!troubles.size) {
    clearTimeout(alarm);
    alarm = 0;
    lost.hidden = true;
  } else if (!alarm) alarm = setTimeout(() => (lost.hidden = false), PATIENCE);
}

function onBubble(id, message) {
  if (message.choices?.length) person = false;
  chat.bubble(message, answers);
  follow(message.language);
}

function onLink(connected) {
  link.dataset.state = connected ? "connected" : "connecting";
  link.firstElementChild.dataset.t = link.dataset.state;
  link.firstElementChild.textContent = t(link.dataset.state);
  trouble("link", !connected);
}

function onStatus(item, state, code, percent) {
  const refused = item.file && state === "failed" && REFUSED[code];
  item.show?.(refused ? "refused" : state, percent);
  trouble(item, state === "waiting" && !item.file);
  if (refused) return say(refused);
  if (item.file && state === "sent") say(null);
  if (state === "failed") say(code === "too_long" || code === "body_too_large" ? "too_long" : "failed");
}

// iOS lays the keyboard over the page: the page follows what is left, so that "leave quickly" stays in sight.
const view = window.visualViewport;
view?.addEventListener("resize", () => {
  if (view.scale === 1) document.documentElement.style.setProperty("--height", view.height + "px");
});

addEventListener("chat-left", () => wire?.close());
addEventListener("pagehide", () => wire?.close());
setInterval(touch, 60_000);

trouble("link", true);
document.documentElement.classList.add("alive");
measure();
openToken().then((token) => {
  wire = openWire({ token, onBubble, onTyping, onLink, onStatus });
  out({ kind: "start" });
});
if (!touching.matches) text.focus({ preventScroll: true });
