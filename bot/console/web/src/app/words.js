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
  const answer = await fetch(`/console/words/${encodeURIComponent(wanted)}`, { credentials: "same-origin", signal: AbortSignal.timeout(20_000) });
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

const ZONE = document.documentElement.dataset.zone; // the city's (RUANG_AMAN_TIMEZONE), whatever this computer thinks
const made = new Map();
/** A formatter, made once: making one takes longer than a hundred times using it. */
function format(name, options) {
  const key = `${language} ${name}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(language === "id" ? "id-ID" : "en-GB", { timeZone: ZONE, ...options }));
  return made.get(key);
}

const days = new Map();
/** Which day it is in the city, as a number. Worked out once a quarter of an hour: in every zone a day begins with one. */
export function dayNumber(at) {
  const quarter = Math.floor(at / 900);
  if (!days.has(quarter)) {
    const parts = format("date", { year: "numeric", month: "numeric", day: "numeric" }).formatToParts(new Date(quarter * 900_000));
    const { year, month, day: number } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
    days.set(quarter, Date.UTC(year, month - 1, number) / 86_400_000);
  }
  return days.get(quarter);
}

/** A time of day: 08:05. `at`: seconds since 1970. */
export const hour = (at) => format("time", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at * 1000)).replace(".", ":");

/** A clock time; with the day if it is not today's. `at`: seconds since 1970. */
export function clock(at) {
  if (dayNumber(at) === dayNumber(Date.now() / 1000)) return hour(at);
  return `${format("short", { day: "numeric", month: "short" }).format(new Date(at * 1000))} ${hour(at)}`;
}

/** A day, written out: between two days of a conversation. */
export const day = (at) => format("long", { weekday: "long", day: "numeric", month: "long" }).format(new Date(at * 1000));
