// What stands in the way of writing to the reporter, and is said above the box.

import { now } from "../app/ticker.js";

export const mayWrite = ({ mine, live, state }) => mine && live && state === "active";

/** The key of a sentence, or "". `talk` is what the server said last; `whole`: whether the chain of staff's entries is. */
export function obstacle(talk, whole) {
  const { mine, live, state, safe, ended, window: until } = talk;
  if (!whole) return "talk.broken_chain";
  if (!live && state !== "closed" && ended !== "handled") return ended === "silent" ? "talk.silent" : ended ? "talk.left" : "talk.message_only";
  if (!mine && state === "active") return "talk.not_yours";
  if (!mayWrite(talk)) return "";
  if (safe === "no") return "talk.not_safe";
  if (until !== null && until <= now()) return "talk.window_over";
  return safe === "asked" ? "talk.safe_asked" : "";
}
