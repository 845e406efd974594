// Asking the server. Every answer that is not good becomes a Problem with a code that the page has words for (`error.…`).

import { byItself, csrf } from "../session/index.js";

export class Problem extends Error {
  constructor(code, status = 0) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

const listeners = new Set();
/** Called when the server says that this session is over; `replaced`: that in this browser somebody has signed in since, in another tab. */
export const onSignedOut = (call) => listeners.add(call);

const BEGINS = 20_000; // ms until an answer begins
const COMES = 60_000; // ms until all of it is there: a piece of a file on a slow line

/** Asks, and reads the answer with `read`. An answer that stops in the midst is one that did not come: a Problem `offline`. */
async function ask(path, read, { headers = {}, control = new AbortController(), ...options }) {
  let timer = setTimeout(() => control.abort(), BEGINS);
  let answer;
  let code;
  try {
    const sent = { "X-CSRF": csrf(), ...byItself(), ...headers };
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", signal: control.signal, headers: sent, ...options });
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(), COMES);
    if (answer.ok) return await read(answer);
    code = answer.headers.get("x-refused") ?? (await answer.json().catch(() => ({}))).error ?? "busy"; // neither: a proxy's own page
  } catch {
    throw new Problem("offline");
  } finally {
    clearTimeout(timer);
  }
  const replaced = answer.status === 403 && code === "forged";
  if (answer.status === 401 || replaced) for (const call of listeners) call({ replaced });
  throw new Problem(code, answer.status);
}

const json = (answer) => answer.json();

export const get = (path) => ask(path, json, { method: "GET" });

export const post = (path, body = {}) =>
  ask(path, json, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** A fragment of the server's HTML. With `values` these are posted as a form. `control` calls it off. */
export const fragment = (path, values, control) => {
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  return ask(path, (answer) => answer.text(), { control, ...(values ? { ...form, body: new URLSearchParams(values).toString() } : { method: "GET" }) });
};

export const unbase64 = (digits) => Uint8Array.from(atob(digits), (letter) => letter.charCodeAt(0));

export function base64(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
}
