// The replies of all conversations that are on their way, and their words: what was refused, and what had not gone when a session ended, is in the box again.

import { draftOf, draftsUnder, keepDraft } from "./drafts.js";
import { Outgoing } from "./outgoing.js";

const BOX = (talkId) => `reply ${talkId}`;
const LEFT = (talkId) => `left ${talkId} `; // drafts of what had not gone when the session ended, by the record's id

const joined = (...words) => words.filter(Boolean).join("\n");

export class Replies {
  #ways = new Map(); // conversation → {outgoing, talk}
  #refused = new Map(); // conversation → what was refused in it and stands at the beginning of its draft

  /** `deliver(talk, text, recordId)` sends; `changed(id, item, problem)` is told of every step. */
  constructor({ deliver, changed }) {
    this.deliver = deliver;
    this.changed = changed;
  }

  add(talk, text) {
    this.opened(talk);
    const way = this.#ways.get(talk.id) ?? this.#begun(talk);
    way.outgoing.add(text);
  }

  #begun(talk) {
    const way = { talk, outgoing: null };
    way.outgoing = new Outgoing({
      deliver: (text, recordId) => this.deliver(way.talk, text, recordId),
      changed: (item, problem) => {
        if (item.state === "refused") this.#again(talk.id, item.text);
        this.changed(talk.id, item, problem);
      },
    });
    this.#ways.set(talk.id, way);
    return way;
  }

  /** A conversation was opened, perhaps anew: what goes from now on is signed behind what it knows. */
  opened(talk) {
    const way = this.#ways.get(talk.id);
    if (way) way.talk = talk;
  }

  /** What is on its way in a conversation. */
  of(id) {
    return this.#ways.get(id)?.outgoing.items ?? [];
  }

  /** Whether anything is on its way anywhere. */
  get any() {
    return [...this.#ways.values()].some(({ outgoing }) => outgoing.items.length > 0);
  }

  /** Goes on with what stopped, for the line is back. */
  goOn() {
    for (const { outgoing } of this.#ways.values()) void outgoing.work();
  }

  /** Goes on where something waits. */
  tryAgain() {
    for (const { outgoing } of this.#ways.values()) if (outgoing.items[0]?.state === "waiting") void outgoing.work();
  }

  /** Somebody leaves: what had not gone is kept as plain words, and what it would have been sealed and signed with is forgotten. */
  end() {
    for (const [id, { outgoing }] of this.#ways) for (const item of outgoing.end()) keepDraft(LEFT(id) + item.id, item.text);
    this.#ways.clear();
    this.#refused.clear();
  }

  /** Those who come back find it in the draft; but not what had arrived all the same (`arrived(recordId)`). */
  back(id, arrived) {
    const left = draftsUnder(LEFT(id));
    for (const [key] of left) keepDraft(key, "");
    const words = left.filter(([key]) => !arrived(key.slice(LEFT(id).length))).map(([, text]) => text);
    keepDraft(BOX(id), joined(...words, draftOf(BOX(id))));
  }

  /** What was refused is written again: before what was typed since, and behind what was refused before it. */
  #again(id, text) {
    const draft = draftOf(BOX(id));
    const was = this.#refused.get(id) ?? "";
    const before = draft.startsWith(was) ? was : "";
    this.#refused.set(id, joined(before, text));
    keepDraft(BOX(id), joined(before, text, draft.slice(before.length).replace(/^\n/, "")));
  }
}
