// A case from top to bottom: what was told, said, answered, noted and decided, and what became of its conversations, in the order of time.
// Each with who wrote it, and whether that is proved.

import { el, fillsQuietly } from "../app/dom.js";
import { clock, day, dayNumber, span, t } from "../app/words.js";
import { message } from "../conversation/log.js";
import { entrySays, judged, writerOf } from "../conversation/notes.js";
import { breathe } from "../app/gather.js";
import { TOLD } from "../app/keyring.js";
import { filled } from "./form.js";
import { recordShown } from "./report.js";

const OTHERS = { return_address: "case.address", identity: "case.identity", identity_opened: "case.identity_opened" };
const TOGETHER = 200; // lines made at a time: a key that is pressed meanwhile waits for no more than these
const STAFF = ["note", "relayed", "status", "duty", "form", "related", "closing", "block", "unblock", "key"];
// What each is called; what is left out says so itself.
const NAMES = {
  note: "case.note_one", form: "form.heading", related: "related.heading", closing: "talk.wrap_heading", block: "case.block_one", unblock: "case.unblock_one",
  reply: "case.reply_one",
};

/** What proves who wrote it: a signature that was checked here, nothing (reporters sign nothing), or the server's word. */
const mark = (which) => el("span", { class: `proof ${which}`, text: t(`case.mark_${which}`) });

const by = (name, who, at, proof) =>
  el("p", { class: "by" }, name && el("b", { text: name }), name && who && " · ", who && el("span", { class: "name", text: who }), (name || who) && " ", el("span", { class: "soft", text: clock(at) }), proof && " ", proof);

async function told(entry) {
  const title = entry.kind === "message" ? t("case.messages") : t(`case.kind_${entry.kind}`);
  const content = entry.problem ? el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }) : await recordShown(entry.body);
  const who = entry.problem ? "" : t("talk.reporter");
  return el("li", { class: "event record" }, el("h3", {}, title), by("", who, entry.at, entry.problem ? null : mark("reporter")), content);
}

function written(entry, unread) {
  const proof = entry.problem ? null : mark("signed");
  const box = el("li", { class: `event card ${entry.kind}${entry.problem ? " bad" : ""}` }, by(NAMES[entry.kind] ? t(NAMES[entry.kind]) : "", writerOf(entry), entry.at, proof), ...entrySays(entry));
  if (entry.kind === "form" && !entry.problem) box.append(filled(entry.body));
  if (entry.kind === "reply" && !entry.problem) {
    const read = !(entry.body.messages ?? []).some((one) => unread.has(one.id));
    box.append(el("p", { class: "tick", data: { state: read ? "read" : "sent" }, text: t(read ? "case.reply_read" : "case.reply_waiting") }));
  }
  return box;
}

function said(entry) {
  const ours = entry.body?.from === "staff";
  return el("li", { class: "event" }, message(entry, entry.problem ? null : mark(ours ? "signed" : "reporter")));
}

const line = (kind, at, text, proof) => el("li", { class: `event line ${kind}` }, el("p", { text }), by("", "", at, proof));

/** The closings that two people (or one, where there was nobody else) signed for a conversation. */
const closings = (entries, off) => entries.filter((entry) => entry.kind === "closing" && !entry.problem && entry.body.hand_off === off.id);

/** Whether it was closed as the server says: everybody of whom it says so signed it, and the last of them judged it so. */
function proved(off, signed) {
  const of = (who) => signed.filter((entry) => entry.author === who);
  const last = of(off.closed).at(-1)?.body;
  return Boolean(off.closed) && (!off.closing || of(off.closing).length > 0) && last?.outcome === off.outcome && last?.risk === off.risk;
}

function taken(off, names) {
  const who = names.get(off.owner) || t("case.somebody");
  return line("accepted", off.taken_at, off.owners > 1 ? t("case.taken_last", { n: off.owners, name: who }) : t("case.taken", { name: who }), mark("server"));
}

function ended(off, names, entries) {
  const people = [...new Set([off.closing, off.closed].filter(Boolean))].map((id) => names.get(id) || t("case.somebody"));
  const box = el("li", { class: "event card closed" });
  const proof = mark(proved(off, closings(entries, off)) ? "signed" : "server");
  box.append(by(t("case.off_closed"), people.join(", "), off.ended_at, proof));
  const parts = [off.ended && t(`ended.${off.ended}`), off.taken_at !== null && t("case.off_took", { time: span(off.ended_at - off.taken_at) })];
  box.append(el("p", { class: "soft", text: parts.filter(Boolean).join(" · ") }));
  box.append(off.outcome && off.risk ? el("p", { text: judged(off) }) : el("p", { class: "soft", text: t("case.off_untold") }));
  if (off.closed && off.closed === off.closing) box.append(el("p", { class: "strong alone", text: t("case.off_alone") }));
  if (off.rating) box.append(el("p", { class: "stars", "aria-label": t("case.off_stars", { n: off.rating }), role: "img", text: "★".repeat(off.rating) + "☆".repeat(5 - off.rating) }));
  return box;
}

export class Timeline {
  /** `element`: a list. */
  constructor(element) {
    this.element = element;
    this.turn = 0;
    this.made = new Map(); // what stands there: its id → {element, state}
    this.quiet = false; // what is shown next is from before
  }

  /** Shows all that is known, each once and in its place; what stands there already is left alone unless it is another than before.
   *  `entries` are in their order; `unread`: ids of messages that still lie in a mailbox; `names`: of colleagues, by id. `earlier`: there is more. */
  async show({ entries, offs, unread, names, earlier }) {
    const wanted = [];
    const put = (id, at, state, make, after = 0) => wanted.push({ id, at, state, make, after });
    for (const entry of entries) {
      const told = TOLD.includes(entry.kind);
      if (told || OTHERS[entry.kind]) put(entry.id, entry.at, "", () => this.#fixed(entry));
      else if (entry.kind === "said") put(entry.id, entry.at, "", () => said(entry), 2);
      else if (entry.kind === "reply") put(entry.id, entry.at, (entry.body?.messages ?? []).map((one) => unread.has(one.id)).join(), () => written(entry, unread), 3);
      else if (STAFF.includes(entry.kind)) put(entry.id, entry.at, entry.name ?? "", () => written(entry, unread), 3);
    }
    for (const off of offs) {
      const state = JSON.stringify([off, names.get(off.owner), names.get(off.closing), names.get(off.closed), closings(entries, off).length]);
      if (off.taken_at !== null) put(`taken ${off.id}`, off.taken_at, state, () => taken(off, names), 1);
      if (off.state === "closed") put(`ended ${off.id}`, off.ended_at, state, () => ended(off, names, entries), 4);
    }
    // Within a second: what was told, who took it, what was said, what staff wrote down, how it ended. Entries of a kind have their order.
    wanted.sort((one, other) => one.at - other.at || one.after - other.after);
    const rows = this.#withDays(wanted, entries, earlier);
    const turn = (this.turn += 1);
    const elements = [];
    for (let at = 0; at < rows.length; at += TOGETHER) {
      if (at) await breathe();
      elements.push(...(await Promise.all(rows.slice(at, at + TOGETHER).map((row) => this.#element(row)))));
    }
    if (turn === this.turn) this.#place(rows, elements); // else what is so by now is on its way
  }

  async #fixed(entry) {
    if (TOLD.includes(entry.kind)) return told(entry);
    if (entry.problem) return el("li", { class: "event notice wrong" }, el("p", { text: t(OTHERS[entry.kind]) }), el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }));
    return el("li", { class: "event notice", text: `${t(OTHERS[entry.kind])}${entry.body?.reason ? `: ${entry.body.reason}` : ""}` });
  }

  /** With a line before what came on another day, and a button before the first that was said, if more was. */
  #withDays(wanted, entries, earlier) {
    const first = earlier ? entries.find((entry) => entry.kind === "said")?.id : "";
    const rows = [];
    let current = null;
    for (const one of wanted) {
      const number = dayNumber(one.at);
      if (number !== current) rows.push({ id: `day ${number}`, state: "", make: () => el("li", { class: "day", text: day(one.at) }) });
      current = number;
      if (one.id === first) {
        const button = () => el("button", { type: "button", class: "quiet", data: { do: "case-earlier" }, text: t("talk.earlier") });
        rows.push({ id: "earlier", state: "", make: () => el("li", { class: "day earlier" }, button()) });
      }
      rows.push(one);
    }
    return rows;
  }

  async #element({ id, state, make }) {
    const known = this.made.get(id);
    return known?.state === state ? known.element : make();
  }

  #place(rows, elements) {
    if (!this.made.size || this.quiet) fillsQuietly(this.element);
    this.quiet = false;
    const keep = new Set(elements);
    for (const child of [...this.element.children]) if (!keep.has(child)) child.remove();
    let next = this.element.firstElementChild;
    for (const element of elements) {
      if (element === next) next = next.nextElementSibling;
      else this.element.insertBefore(element, next);
    }
    this.made = new Map(rows.map(({ id, state }, place) => [id, { element: elements[place], state }]));
  }
}
