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
const listeners = new Set();
/** Called when the server says that this session is over; `replaced`: that in this browser somebody has signed in since, in another tab. */
export const onOver = (call) => listeners.add(call);
const CODES = { over: "bad_token", code: "wrong", too_fast: "throttled", signed_out: "signed_out" };
let token = "";

/** The token that everything but the door carries, for the passphrase; "" while nobody is in. */
export const csrf = () => token;
export const setCsrf = (value) => {
  token = value;
};

async function ask(path, { headers = {}, ...options }) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    answer = await fetch(`/console/j/${path}`, { credentials: "same-origin", cache: "no-store", redirect: "error", signal, headers: { "X-CSRF": token, ...byItself(), ...headers }, ...options });
  } catch {
    throw new DoorError("offline");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const code = body.error ?? "error";
  const replaced = answer.status === 403 && code === "forged";
  if (code === "signed_out" || replaced) for (const call of listeners) call({ replaced });
  throw new DoorError(CODES[code] ?? code, Number(answer.headers.get("retry-after") ?? 0));
}

export const get = (path) => ask(path, {});

/** `more`: of `fetch`. */
export const post = (path, body = {}, more = {}) =>
  ask(path, { ...more, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
