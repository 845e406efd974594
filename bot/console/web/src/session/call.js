// Asking the server about who is in. What is not good becomes a DoorError with a code that the page has words for.

import { byItself } from "./hands.js";

export class DoorError extends Error {
  /** `seconds`: after how long to try again (throttled). */
  constructor(code, seconds = 0) {
    super(code);
    this.code = code;
    this.seconds = seconds;
  }
}

const PATIENCE = 30_000;
const CODES = { over: "bad_token", code: "wrong", too_fast: "throttled", signed_out: "signed_out" };
let token = "";

/** The token that every change carries; "" while nobody is in. */
export const csrf = () => token;
export const setCsrf = (value) => {
  token = value;
};

async function ask(path, { headers = {}, ...options }) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    answer = await fetch(`/console/j/${path}`, { credentials: "same-origin", cache: "no-store", redirect: "error", signal, headers: { ...byItself(), ...headers }, ...options });
  } catch {
    throw new DoorError("offline");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const code = body.error ?? "error";
  throw new DoorError(CODES[code] ?? code, Number(answer.headers.get("retry-after") ?? 0));
}

export const get = (path) => ask(path, {});

export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF": token }, body: JSON.stringify(body) });
