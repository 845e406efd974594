// Who is in, and what they may open with. Everything else of the console imports from here.

import { get, post } from "./call.js";
import { forget } from "./held.js";

export { DoorError, csrf, onOver } from "./call.js";
export {
  KEYLESS, admit, changeMember, changeUnitKey, invite, invites, members, mine, myFingerprint, remove, signers, speak, takeBack, unitFingerprint, unitsCompared, unitsDiffer, wordsToCompare,
} from "./colleagues.js";
export { beginJoin, invitation, join, newPassphrase, signIn, signOut } from "./enter.js";
export { byItself } from "./hands.js";
export { me, signingKey, unitKeys, witnessKey } from "./held.js";
export { reseal } from "./reseal.js";
export { follow, forgetTrail } from "./trail.js";
export { renewUnitKeys } from "./units.js";
export { strong } from "../vault/index.js";

/** Forgets the keys; the session stays, and `signIn` unlocks it with the passphrase alone. */
export const lock = forget;

/** One's own sessions: [{id, created_at, seen_at, current}], the newest first. */
export const sessions = async () => (await get("sessions")).sessions;

/** Ends one of them, or "all", this one too. */
export const endSession = (id) => post("sessions/end", id === "all" ? {} : { id });
