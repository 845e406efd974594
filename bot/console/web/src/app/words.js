// The words of the page, in the language of whoever works here. The server renders fragments in the same language: a cookie says which.

import { $$ } from "./dom.js";

let table = {};
export let language = document.documentElement.lang || "id";

/** The words under a key, `{name}` filled in; the key itself if there are none (a test looks for that). */
export function t(key, values = {}) {
  let words = table[key] ?? key;
  for (const [name, value] of Object.entries(values)) words = words.replaceAll(`{${name}}`, String(value));
  return words;
}

export async function loadWords(wanted = language) {
  const answer = await fetch(`/console/words/${encodeURIComponent(wanted)}`, { credentials: "same-origin" });
  if (!answer.ok) throw new Error("words");
  table = await answer.json();
  language = wanted;
}

/** Changes the language of all that stands in the document; fragments come anew. */
export async function speak(wanted) {
  await loadWords(wanted);
  document.cookie = `desk-language=${wanted}; Path=/console; SameSite=Strict; Max-Age=31536000`;
  document.documentElement.lang = wanted;
  for (const one of $$("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of $$("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
  for (const one of $$("[data-do=language]")) one.setAttribute("aria-pressed", String(one.dataset.language === wanted));
}

const RTF = { s: "time.seconds", m: "time.minutes", h: "time.hours", d: "time.days" };

/** A length of time, as one says it: "3 mnt". */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t(RTF.s, { n: s });
  if (s < 3600) return t(RTF.m, { n: Math.floor(s / 60) });
  if (s < 48 * 3600) {
    const minutes = Math.floor((s % 3600) / 60);
    const hours = t(RTF.h, { n: Math.floor(s / 3600) });
    return minutes && s < 12 * 3600 ? `${hours} ${t(RTF.m, { n: minutes })}` : hours;
  }
  return t(RTF.d, { n: Math.floor(s / 86400) });
}

const ZONE = "Asia/Makassar";
const made = new Map();
/** A formatter, made once: making one takes longer than a hundred times using it. */
function format(name, options) {
  const key = `${language} ${name}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(language === "id" ? "id-ID" : "en-GB", { timeZone: ZONE, ...options }));
  return made.get(key);
}

/** Which day it is in Balikpapan (UTC+8, without summer time), as a number. */
export const dayNumber = (at) => Math.floor((at + 8 * 3600) / 86400);

/** A clock time; with the day if it is not today's. `at`: seconds since 1970. */
export function clock(at) {
  const date = new Date(at * 1000);
  const time = format("time", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(date).replace(".", ":");
  if (dayNumber(at) === dayNumber(Date.now() / 1000)) return time;
  return `${format("short", { day: "numeric", month: "short" }).format(date)} ${time}`;
}

/** A day, written out: between two days of a conversation. */
export const day = (at) => format("long", { weekday: "long", day: "numeric", month: "long" }).format(new Date(at * 1000));
