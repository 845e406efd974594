// Replies on their way: sealed and signed here, sent in order, tried again when the line is back, never twice: a reply keeps its id.

import { hex, random, unhex } from "../vault/index.js";
import { Problem, post } from "../app/api.js";
import { now } from "../app/ticker.js";
import { arrived, idOf } from "./drafts.js";

const TRIES = 6;

/** Sends one staff entry of a case. `renew` fetches what is new in the case (and its head). Gives the record's id.
 *
 *  Two colleagues may write at once: whoever comes second is told, looks at what came, and signs again behind it (`again`: what else is tried so).
 *  Without a `recordId` the same words have the same one until they are known to be there. */
export async function sendEntry({ opened, path, kind, body, language, along = {}, recordId = null, renew, again = ["behind", "stale"] }) {
  if (recordId) return sent({ opened, path, kind, body, language, along, recordId, renew, again });
  const from = `${path} ${kind}`;
  const id = await sent({ opened, path, kind, body, language, along, recordId: idOf(from, JSON.stringify(body)), renew, again });
  arrived(from);
  return id;
}

async function sent({ opened, path, kind, body, language, along, recordId, renew, again }) {
  for (let attempt = 1; ; attempt += 1) {
    if (opened.has(hex(recordId))) return hex(recordId); // it had arrived, and the answer was lost
    const entry = await opened.entry(kind, body, language, recordId);
    try {
      await post(path, { ...along, ...entry.wire });
      opened.headIs(entry.next);
      return entry.id;
    } catch (problem) {
      if (!(problem instanceof Problem) || !again.includes(problem.code) || attempt >= TRIES) throw problem;
      await renew();
    }
  }
}

export class Outgoing {
  /** `deliver(text, recordId)` sends; `changed(item, problem)` is told of every step. */
  constructor({ deliver, changed }) {
    this.items = [];
    this.working = false;
    this.deliver = deliver;
    this.changed = changed;
  }

  add(text) {
    const item = { id: hex(random(16)), text, at: Math.round(now()), state: "sending" };
    this.items.push(item);
    this.changed(item);
    void this.work();
    return item;
  }

  /** Ends: nothing more is sent, nobody is told any more. Gives what is not known to have arrived. */
  end() {
    const left = this.items;
    this.items = [];
    this.changed = () => {};
    return left;
  }

  async work() {
    if (this.working) return;
    this.working = true;
    try {
      while (this.items.length) {
        const item = this.items[0];
        item.state = "sending";
        try {
          await this.deliver(item.text, unhex(item.id));
          item.state = "sent";
          this.items.shift();
          this.changed(item);
        } catch (problem) {
          if (problem.code === "offline" || problem.code === "busy" || problem.status === 401) {
            item.state = "waiting";
            this.changed(item, problem);
            return;
          }
          item.state = "refused";
          this.items.shift();
          this.changed(item, problem);
        }
      }
    } finally {
      this.working = false;
    }
  }
}
