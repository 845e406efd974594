// Who is in, and what they may open with. Everything else of the console imports from here.

import { get, post, setCsrf } from "./call.js";
import { forget } from "./held.js";

export { DoorError, csrf } from "./call.js";
export { admit, changeUnitKey, invite, invites, members, myFingerprint, remove, signers, takeBack, unitFingerprint } from "./colleagues.js";
export { beginJoin, invitation, join, newPassphrase, signIn } from "./enter.js";
export { byItself } from "./hands.js";
export { me, signingKey, unitKeys } from "./held.js";
export { reseal } from "./reseal.js";

/** Forgets the keys; the session stays, and `signIn` unlocks it with the passphrase alone. */
export const lock = forget;

/** Ends this session, and forgets the keys whatever the server says. */
export async function signOut() {
  try {
    await post("sign-out");
  } finally {
    forget();
    setCsrf("");
  }
}

/** One's own sessions: [{id, created_at, seen_at, current}], the newest first. */
export const sessions = async () => (await get("sessions")).sessions;

/** Ends one of them, or "all", this one too. */
export const endSession = (id) => post("sessions/end", id === "all" ? {} : { id });
