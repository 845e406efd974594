// What one unlocked case is in this page's memory: its key, its records opened, and the chain of what staff wrote, checked.
// Nothing of it is stored; signing out or closing the page forgets it.

import { FIRST, checkEntry, hex, link, openCaseKey, openRecord, openReturnAddress, random, same, sealRecord, signEntry, text, unhex, utf8 } from "../vault/index.js";
import { me, signingKey, unitKeys } from "../session/index.js";
import { Problem, base64, unbase64 } from "./api.js";
import { colleague } from "./colleagues.js";
import { breathe } from "./gather.js";

const open = new Map();

/** Kinds of records that only staff write: one that nobody signed is forged. */
const STAFF = new Set(["note", "relayed", "reply", "status", "duty"]);
/** Kinds that say what it is about: they are opened before what was said since. */
export const TOLD = ["report", "unfinished", "alert", "hand_off", "message"];
const TOGETHER = 8; // records opened at a time: a key that is pressed meanwhile waits for no more than these
const SKEW = 60; // seconds by which the clocks of the service's machines may differ: entries are chained in another order than they are dated

export const forgetAll = () => open.clear();
export const forget = (caseId) => open.delete(caseId);

export class OpenCase {
  /** `id`, `unitId`, `publicKey`: hex; `key`: sealed to the unit, base64. */
  constructor({ id, unitId, publicKey, key, head }) {
    this.reader = me()?.id;
    this.id = unhex(id);
    this.publicKey = unhex(publicKey);
    this.head = unhex(head);
    this.entries = new Map(); // record id → {id, kind, at, body, author, mine, problem}
    this.sealed = new Map(); // record id → row, until it is opened
    this.from = undefined; // the second before which what was said is still with the server; null: it is all here
    this.latest = 0; // when the newest record that is here was written
    this.told = this.head; // the last entry, as the server's last answer has it
    this.links = new Map(); // link in hex → {previous, at}, of entries whose signature holds
    this.sorted = null; // the entries in their order, until another one comes
    this.own = new Set(); // records that this page sealed
    this.unsent = null; // a reply into the mailbox of which it is not known that it arrived
    this.ready = openCaseKey(unbase64(key), unitKeys(unitId), this.id, unhex(unitId)).then(
      (found) => (this.key = found),
      () => {
        throw new Problem("no_key");
      },
    );
  }

  /** Whether a record is here, opened or not. */
  has(recordId) {
    return this.entries.has(recordId) || this.sealed.has(recordId);
  }

  /** Takes rows of the server's; what is known already stays. `from` comes with a page (see above). */
  take(rows, from = undefined) {
    if (from !== undefined) this.#reaches(from);
    for (const row of rows) {
      this.latest = Math.max(this.latest, row.at);
      if (!this.has(row.id)) this.sealed.set(row.id, row);
    }
  }

  /** A page that goes back to `from` was taken. If it does not reach what is here already, that is given up: no gap stands in a conversation. */
  #reaches(from) {
    const apart = this.from !== undefined && from !== null && from > this.latest;
    if (apart) {
      for (const held of [this.entries, this.sealed]) for (const one of [...held.values()]) if (one.kind === "said") held.delete(one.id);
      this.links = new Map([...this.links].filter(([, one]) => one.kind !== "said"));
      this.sorted = null;
    }
    if (this.from === undefined || apart || from === null) this.from = from;
    else if (this.from !== null) this.from = Math.min(this.from, from);
  }

  /** Opens rows that are not open yet: what it is about, and the newest `most` of the rest (all by default). Gives the entries. */
  async openSome(most = Number.POSITIVE_INFINITY) {
    await this.ready;
    const rows = [...this.sealed.values()].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
    const wanted = rows.filter((row, place) => place >= rows.length - most || TOLD.includes(row.kind));
    for (let at = 0; at < wanted.length; at += TOGETHER) {
      if (at) await breathe();
      for (const entry of await Promise.all(wanted.slice(at, at + TOGETHER).map((row) => this.#opened(row)))) {
        if (!this.sealed.delete(entry.id)) continue; // given up meanwhile
        this.entries.set(entry.id, entry);
        this.sorted = null;
      }
    }
  }

  async #opened(row) {
    const entry = { id: row.id, kind: row.kind, at: row.at, body: null, author: row.author, previous: row.previous, mine: row.author === me()?.id, problem: "" };
    if (row.kind === "return_address") return { ...entry, locked: { sealed: unbase64(row.sealed), version: row.version } };
    if (row.kind === "identity") return entry;
    const sealed = unbase64(row.sealed);
    try {
      entry.body = JSON.parse(text(await openRecord(sealed, this.key, this.id, unhex(row.id), row.version)));
    } catch {
      entry.problem = "unreadable";
      return entry;
    }
    if (row.signature) entry.problem = await this.#signed(row, sealed);
    else if (STAFF.has(row.kind) || entry.body.from === "staff") entry.problem = "forged";
    if (entry.body.from === "reporter" && row.signature) entry.problem = "forged";
    return entry;
  }

  async #signed(row, sealed) {
    try {
      const author = await colleague(row.author);
      const entry = { caseId: this.id, recordId: unhex(row.id), version: row.version, authorId: unhex(row.author), previous: unhex(row.previous), sealed };
      await checkEntry(entry, unhex(row.signature), author.signingPublic);
      this.links.set(hex(await link(entry, unhex(row.signature))), { previous: row.previous, at: row.at, kind: row.kind });
      return "";
    } catch {
      return "forged";
    }
  }

  /** Whether the signed entries that are here are one unbroken chain, from what the server calls the last back to the first; or, as long as
   *  older ones are still with the server, back to where these begin. Only said once all that is here is open. */
  get whole() {
    if (this.sealed.size) return true;
    const chain = this.#chain();
    const first = chain.length ? this.links.get(chain.at(-1)).previous : hex(this.told);
    if (this.from === null) return first === hex(FIRST) && chain.length === this.links.size;
    const reached = new Set(chain);
    return [...this.links].every(([link, one]) => reached.has(link) || one.at <= this.from + SKEW);
  }

  /** The addresses at which the reporter wants to be told that an answer waits, without their outer layer: the server alone opens what is in
   *  them. */
  async addresses() {
    const left = this.all.filter((entry) => entry.locked);
    return Promise.all(
      left.map(async ({ id, locked }) => ({ id, inner: await openReturnAddress(locked.sealed, this.key, this.id, unhex(id), locked.version) })),
    );
  }

  /** The signed entries that hang together, from the last one back. */
  #chain() {
    const after = new Map([...this.links].map(([link, one]) => [one.previous, link]));
    let at = hex(this.told);
    while (after.has(at)) at = after.get(at); // what was written while the answer was on its way
    const chain = [];
    for (; this.links.has(at); at = this.links.get(at).previous) chain.push(at);
    return chain;
  }

  get all() {
    // Within one second: what was said in the order of its numbers (the version of the talk), what staff wrote in the order of the chain.
    if (this.sorted) return this.sorted;
    const places = new Map(this.#chain().reverse().map((link, place) => [this.links.get(link).previous, place]));
    const number = (entry) => entry.body?.n ?? 0;
    const place = (entry) => places.get(entry.previous) ?? 0;
    this.sorted = [...this.entries.values()].sort(
      (one, other) => one.at - other.at || number(one) - number(other) || place(one) - place(other) || (one.id < other.id ? -1 : 1),
    );
    return this.sorted;
  }

  /** A staff entry for the server, and its id. Sealed to the case, signed, naming the entry before it. */
  async entry(kind, body, language, recordId = random(16)) {
    if (me()?.id !== this.reader) throw new Problem("no_key"); // whoever wrote it has gone, and nobody signs for them
    const content = utf8(JSON.stringify({ format: 1, kind, language, told_at: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"), ...body }));
    const sealed = await sealRecord(content, this.publicKey, this.id, recordId, 1);
    const entry = { caseId: this.id, recordId, version: 1, authorId: unhex(me().id), previous: this.head, sealed };
    const signature = await signEntry(entry, signingKey());
    this.own.add(hex(recordId));
    return {
      id: hex(recordId),
      next: await link(entry, signature),
      wire: { record_id: hex(recordId), version: 1, sealed: base64(sealed), signature: hex(signature), previous: hex(this.head) },
    };
  }

  /** What stands now as the last entry. */
  headIs(head) {
    const bytes = typeof head === "string" ? unhex(head) : head;
    if (!same(bytes, this.head)) this.head = bytes;
  }
}

/** The case of an answer of the server's (`key` in it the first time), kept as long as this page stands. */
export async function openCase(answer, caseId) {
  const known = open.get(caseId);
  if (known) {
    known.headIs(answer.head);
    known.told = known.head;
    return known;
  }
  const one = new OpenCase({ id: caseId, unitId: answer.unit_id, publicKey: answer.public_key, key: answer.key, head: answer.head });
  await one.ready;
  open.set(caseId, one);
  return one;
}
export const isOpen = (caseId) => open.has(caseId);
