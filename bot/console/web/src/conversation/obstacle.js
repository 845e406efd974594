// What stands in the way of writing to the reporter, and is said above the box.

import { now } from "../app/ticker.js";

export const mayWrite = ({ mine, live, state }) => mine && live && state === "active";

/** Whether the reporter asked to write first, and has said nothing since on whether it is safe. `bodies` in the order of time. */
export const writesFirst = (bodies) => bodies.filter((body) => body?.callback || body?.safe === "yes" || body?.safe === "no").at(-1)?.writes_first === "reporter";

/** The key of a sentence, or "". `talk` is what the server said last; `whole`: whether the chain of staff's entries is; `first`: the
    reporter asked to write first. */
export function obstacle(talk, whole, first = false) {
  const { mine, live, state, safe, ended, window: until } = talk;
  if (!whole) return "talk.broken_chain";
  if (!live && state !== "closed" && ended !== "handled") return ended === "silent" ? "talk.silent" : ended && ended !== "message" ? "talk.left" : "talk.message_only";
  if (!mine && state === "active") return "talk.not_yours";
  if (!mayWrite(talk)) return "";
  if (safe === "no") return first ? "talk.writes_first" : "talk.not_safe";
  if (until !== null && until <= now()) return "talk.window_over";
  return safe === "asked" ? "talk.safe_asked" : "";
}
