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
/** Called when the server says that this session is over. */
export const onSignedOut = (call) => listeners.add(call);

const SECONDS = 20;

async function ask(path, { headers = {}, control = new AbortController(), ...options }) {
  const timer = setTimeout(() => control.abort(), SECONDS * 1000);
  let answer;
  try {
    const sent = { "X-CSRF": csrf(), ...byItself(), ...headers };
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", signal: control.signal, headers: sent, ...options });
  } catch {
    throw new Problem("offline");
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok) return answer;
  let code = "busy";
  try {
    code = (await answer.json()).error ?? code;
  } catch {
    // a proxy's own page
  }
  if (answer.status === 401) for (const call of listeners) call();
  throw new Problem(code, answer.status);
}

export const get = async (path) => (await ask(path, { method: "GET" })).json();

export const post = async (path, body = {}) =>
  (await ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

/** A fragment of the server's HTML. With `values` these are posted as a form. `control` calls it off. */
export const fragment = async (path, values, control) => {
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  const answer = await ask(path, { control, ...(values ? { ...form, body: new URLSearchParams(values).toString() } : { method: "GET" }) });
  return answer.text().catch(() => {
    throw new Problem("offline"); // in the midst of it
  });
};

export const unbase64 = (digits) => Uint8Array.from(atob(digits), (letter) => letter.charCodeAt(0));

export function base64(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
}
