// "Leave quickly": first nothing is to be seen any more, then the token is gone, then the service is told, then the page is another one.
// Kept apart from the chat, so that it works even if the chat does not.

import { dropToken, uuid } from "./token.js";

const TWICE = 1000; // ms between two presses of Esc

const button = document.getElementById("leave");
const cover = document.getElementById("cover");
const text = document.getElementById("text");
const log = document.getElementById("log");
const target = button.href;
let escaped = -Infinity;
let left = false;

function blank() {
  text.value = "";
  log.replaceChildren();
}

function leave() {
  if (left) return;
  left = true;
  blank();
  document.title = "Latihan Perkalian";
  document.body.className = "";
  document.body.replaceChildren(cover.content.cloneNode(true));
  scrollTo(0, 0);
  dispatchEvent(new Event("chat-left"));
  const token = dropToken();
  if (token) navigator.sendBeacon("/chat/leave", JSON.stringify({ token, id: uuid() }));
  location.replace(target); // takes this page's place in the tab's history: "back" does not lead here
}

button.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});
button.addEventListener("keydown", (event) => {
  if (event.key === " ") {
    event.preventDefault();
    leave();
  }
});
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || event.isComposing || event.repeat) return;
    event.preventDefault();
    if (event.timeStamp - escaped < TWICE) leave();
    escaped = event.timeStamp;
  },
  true,
);

// A page that is left stays in no back/forward cache with its words in it.
addEventListener("pagehide", blank);
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
