// What calls somebody back to the screen: a sound, the title of the tab, a banner that is read aloud. No word of a reporter is in any.

import { $ } from "./dom.js";
import { chime } from "./sound.js";
import { t } from "./words.js";

const AGAIN = 60_000; // ms: an alert that nobody answers sounds again, as the design of the desk says
const TOGETHER = 10_000; // ms: the server says that a crisis rings, and the queue shows it a moment later: that is one sound
let danger = 0;
let offered = 0;
let invited = 0;
let unread = 0;
let sounded = 0;
let rung = 0; // when the server's word sounded of a crisis that the queue did not show yet
let flash = null;

function title() {
  const count = danger + offered + invited + unread;
  const plain = t("app.title");
  return count ? t("alert.title", { n: count, title: plain }) : plain;
}

function show() {
  document.title = title();
  clearInterval(flash);
  if (danger || offered) {
    let on = false;
    const words = danger ? t("alert.danger") : t("alert.offered");
    flash = setInterval(() => {
      on = !on;
      document.title = on && document.visibilityState === "hidden" ? words : title();
    }, 1500);
  }
  const banner = $("#alarm");
  banner.hidden = danger === 0;
  if (danger && banner.textContent !== t("alert.danger")) banner.textContent = t("alert.danger");
}

/** Told by the queue what stands in it. */
export function alertsAre({ danger: crises, offered: mine, invited: asked }) {
  const now = Date.now();
  if (crises > danger || (crises && now - sounded >= AGAIN)) {
    if (Math.abs(now - rung) >= TOGETHER) {
      chime("danger");
      sounded = now;
    }
    rung = 0;
  } else if (mine > offered || asked > invited) chime("offered");
  danger = crises;
  offered = mine;
  invited = asked;
  show();
}

/** The server says that a crisis waits and nobody has it: once more, and every minute until somebody does. */
export function ring() {
  if (Date.now() - sounded < TOGETHER) return;
  chime("danger");
  sounded = Date.now();
  if (!danger) rung = sounded;
}

/** A message came into a conversation that is one's own. It calls if nobody looks at it; `elsewhere`: it is not on the screen. */
export function messageCame({ elsewhere = false } = {}) {
  const away = document.visibilityState !== "visible";
  if (!away && !elsewhere) return;
  if (away) unread += 1;
  chime("offered");
  show();
}

/** Something of one's own is another than one thinks. */
export const softly = () => chime("offered");

export function quiet() {
  danger = offered = invited = unread = 0;
  show();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && unread) {
    unread = 0;
    show();
  }
});
setInterval(() => {
  if (danger && Date.now() - sounded >= AGAIN) {
    chime("danger");
    sounded = Date.now();
  }
}, 5000);
