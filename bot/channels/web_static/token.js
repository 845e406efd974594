// The token is all that ties this tab to its conversation. It lives in sessionStorage (docs/decisions/web-chat.md says why), nothing else does.

const KEY = "t";
const KEPT = 60 * 60 * 1000; // ms: a tab that the phone dropped, or that was closed and reopened, continues for an hour at most

const bytes = (n) => crypto.getRandomValues(new Uint8Array(n));

// crypto.randomUUID is missing on plain http (a demo in the local network); this is the same thing.
export function uuid() {
  const b = bytes(16);
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const fresh = () => btoa(String.fromCharCode(...bytes(32))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

let token = null;

function stored() {
  try {
    const [kept, at] = (sessionStorage.getItem(KEY) || "").split(" ");
    return kept && Math.abs(Date.now() - Number(at)) < KEPT ? kept : null;
  } catch {
    return null; // storage is switched off: the token is then in memory alone
  }
}

// "Duplicate tab" copies sessionStorage. The lock stays with the first tab; a second one starts a conversation of its own.
async function mine(candidate) {
  if (!navigator.locks) return true;
  return new Promise((resolve) => {
    const patience = new AbortController(); // on a reload, the page before may hold it for a moment longer
    setTimeout(() => patience.abort(), 600);
    navigator.locks
      .request("chat-" + candidate.slice(0, 8), { signal: patience.signal }, () => {
        resolve(true);
        return new Promise(() => {}); // held until the tab goes
      })
      .catch(() => resolve(false));
  });
}

export async function openToken() {
  token = stored();
  if (!token || !(await mine(token))) {
    token = fresh();
    await mine(token);
  }
  touch();
  return token;
}

export function touch() {
  try {
    if (token) sessionStorage.setItem(KEY, token + " " + Date.now());
  } catch {
    // as above
  }
}

// Forgets the token and gives back what it was, for the last message.
export function dropToken() {
  const was = token || stored();
  token = null;
  try {
    sessionStorage.clear();
  } catch {
    // as above
  }
  return was;
}
