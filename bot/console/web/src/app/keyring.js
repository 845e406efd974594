// What one unlocked case is in this page's memory: its key, its records opened, and the chain of what staff wrote, checked.
// Nothing of it is stored; signing out or closing the page forgets it.

import {
  FIRST, TAKEN_BACK, checkEntry, checkTold, hex, link, openCaseKey, openRecord, random, same, sealRecord, sealingPublic, signEntry, text, unhex, utf8,
} from "../vault/index.js";
import { me, renewUnitKeys, signingKey, unitKeys, witnessKey } from "../session/index.js";
import { Problem, base64, get, unbase64 } from "./api.js";
import { Stranger, colleague } from "./colleagues.js";
import { breathe } from "./gather.js";

const open = new Map();

/** Kinds of records that only staff write: one that nobody signed is forged. */
const STAFF = new Set(["note", "relayed", "reply", "status", "duty", "key"]);
/** Kinds that lie with the server as notes: which of them one is, only who opens it knows. */
const WITHIN = new Set(["form", "related", "closing", "block", "unblock"]);
/** The kind that says that the case has another key: the one before lies in it. */
const KEY = "key";
/** Kinds that say what it is about: they are opened before what was said since. */
export const TOLD = ["report", "unfinished", "alert", "hand_off", "message"];
const HEX_KEY = /^[0-9a-f]{64}$/;
const TOGETHER = 8; // records opened at a time: a key that is pressed meanwhile waits for no more than these
const SKEW = 60; // seconds by which the clocks of the service's machines may differ: entries are chained in another order than they are dated

const listeners = new Set();
/** Called with the id of a case that is here when something in it stays closed, because what it takes to open it did not come. */
export const onUnasked = (call) => listeners.add(call);
const unheard = (caseId) => {
  for (const call of listeners) call(caseId);
};

export const forgetAll = () => open.clear();
export const forget = (caseId) => open.delete(caseId);

const unitKeysAnew = () =>
  renewUnitKeys().catch((problem) => {
    throw new Problem(problem.code === "changed" ? "doubtful_key" : "busy"); // that it cannot be asked says nothing about the key
  });
const noKey = (problem) => {
  throw problem instanceof Problem ? problem : new Problem("no_key");
};

export class OpenCase {
  /** `id`, `head`: hex. */
  constructor({ id, head }) {
    this.reader = me()?.id;
    this.id = unhex(id);
    this.keys = []; // the private ones that are the case's, the newest first
    this.publicKey = null; // what is sealed to: of the newest of these
    this.said = ""; // the public key that the server named last, in hex
    this.next = []; // what it named since, and what leads on from there: the case's once that leads to the newest key that is here
    this.followed = false; // whether that was looked for
    this.proven = false; // whether something that the service told opened with a key that is here
    this.fits = true; // whether the key is of the public half that the server named
    this.odd = false; // somebody who is not believed says which key is the case's
    this.strange = new Map(); // record id → row, of what says that the case has another key and leads to none that is here
    this.closed = new Map(); // record id → row, of what the service told and no key that is here opens
    this.head = unhex(head);
    this.entries = new Map(); // record id → {id, kind, at, body, author, mine, problem}
    this.sealed = new Map(); // record id → row, until it is opened
    this.unasked = new Map(); // record id → row, while it cannot be asked who wrote it
    this.from = undefined; // the second before which what was said is still with the server; null: it is all here
    this.latest = 0; // when the newest record that is here was written
    this.told = this.head; // the last entry, as the server's last answer has it
    this.count = 0; // how many records the service says that it wrote
    this.numbers = new Map(); // the number of each of these that is here and vouched for → {kind, at}
    this.links = new Map(); // link in hex → {previous, at}, of entries whose signature holds
    this.sorted = null; // the entries in their order, until another one comes
    this.own = new Set(); // records that this page sealed
    this.unsent = null; // a reply into the mailbox of which it is not known that it arrived
  }

  /** The case's key as the server tells it (`unitId`, `publicKey`: hex; `key`: sealed to the unit, base64): the first one, or another that it has by now. If it
   *  does not open, nothing has changed; and nothing is sealed to it before `openSome` has found that it is the case's. */
  async keyIs({ unitId, publicKey, key }) {
    const found = () => openCaseKey(unbase64(key), unitKeys(unitId), this.id, unhex(unitId));
    // The unit may have got another key since this page came in.
    const opened = await found().catch(() => unitKeysAnew().then(found).catch(noKey));
    this.fits = same(await sealingPublic(opened), unhex(publicKey));
    this.next = this.keys.length && same(opened, this.keys[0]) ? [] : [opened];
    this.said = publicKey;
    this.followed = false;
    this.#tryAgain();
  }

  /** Whether it is not sure whose the case's newest key is: nothing is sealed to it. */
  get doubtful() {
    if (this.odd || !this.fits || this.strange.size || this.closed.size) return true;
    return this.followed && this.next.length > 0;
  }

  /** Whether a record is here, opened or not. */
  has(recordId) {
    return [this.entries, this.sealed, this.strange, this.unasked].some((held) => held.has(recordId));
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
      for (const held of [this.entries, this.sealed, this.unasked]) for (const one of [...held.values()]) if (one.kind === "said") held.delete(one.id);
      for (const [number, { kind }] of this.numbers) if (kind === "said") this.numbers.delete(number);
      this.links = new Map([...this.links].filter(([, one]) => one.kind !== "said"));
      this.sorted = null;
    }
    if (this.from === undefined || apart || from === null) this.from = from;
    else if (this.from !== null) this.from = Math.min(this.from, from);
  }

  /** Opens rows that are not open yet: what it is about, and the newest `most` of the rest (all by default). Gives the entries. */
  async openSome(most = Number.POSITIVE_INFINITY) {
    for (const [id, row] of this.unasked) this.sealed.set(id, row);
    this.unasked.clear();
    await this.#keysBefore();
    const rows = [...this.sealed.values()].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
    const wanted = rows.filter((row, place) => place >= rows.length - most || TOLD.includes(row.kind));
    for (let at = 0; at < wanted.length; at += TOGETHER) {
      if (at) await breathe();
      for (const entry of await Promise.all(wanted.slice(at, at + TOGETHER).map((row) => this.#openedOrNot(row)))) {
        if (!entry || !this.sealed.delete(entry.id)) continue; // given up meanwhile
        this.entries.set(entry.id, entry);
        this.sorted = null;
      }
    }
    // What the server named first is the case's key if something that the service told opened with it, or with one before it.
    if (!this.keys.length && this.proven) await this.#nextIsTheirs();
    this.followed = true;
  }

  /** An entry; null if it cannot be asked who wrote it: then it is opened at a later look. */
  async #openedOrNot(row) {
    try {
      return await this.#opened(row);
    } catch {
      if (this.sealed.delete(row.id)) this.unasked.set(row.id, row);
      unheard(hex(this.id));
      return null;
    }
  }

  /** What opened with no key is tried with those that came since. */
  #tryAgain() {
    for (const [id, row] of this.closed) if (this.entries.delete(id)) this.sealed.set(id, row);
    this.closed.clear();
    this.sorted = null;
  }

  async #nextIsTheirs() {
    const keys = [...this.next, ...this.keys];
    const publicKey = await sealingPublic(keys[0]);
    [this.keys, this.publicKey, this.next] = [keys, publicKey, []];
  }

  /** Opens what says that the case has another key, from the newest one back: each opens with the key that it is about, and holds the one before. What opens
   *  with none, or was not signed by a lead, makes the newest key doubtful. Throws if it cannot be asked who signed. */
  async #keysBefore() {
    for (const row of this.sealed.values()) if (row.kind === KEY) this.strange.set(row.id, row);
    for (const id of this.strange.keys()) this.sealed.delete(id);
    try {
      for (let found = true; found; ) {
        found = false;
        for (const row of [...this.strange.values()]) {
          const entry = await this.#opened(row);
          if (entry.problem === "unreadable") continue; // of another key
          found = true;
          const lead = !entry.problem && (await colleague(row.author)).role === "lead";
          if (!lead || !(await this.#leads(entry.body.public, entry.body.former))) entry.problem = "forged";
          delete entry.body.former; // nothing that is shown has it
          if (entry.problem) this.odd = true;
          this.strange.delete(row.id);
          this.entries.set(row.id, entry);
          this.sorted = null;
        }
      }
    } catch {
      for (const [id, row] of this.strange) this.sealed.set(id, row); // not strange: it was not asked
      this.strange.clear();
      if (this.keys.length) unheard(hex(this.id));
      throw new Problem("busy");
    }
  }

  /** Takes the key before one of those that are here; whether it is one. */
  async #leads(is, former) {
    if (!HEX_KEY.test(is) || !HEX_KEY.test(former)) return false;
    const all = [...this.next, ...this.keys];
    const place = (await Promise.all(all.map(sealingPublic))).findIndex((one) => hex(one) === is);
    if (place < 0) return false;
    const key = unhex(former);
    const ofNext = place < this.next.length;
    if (ofNext && this.keys.length && same(this.keys[0], key)) await this.#nextIsTheirs();
    else if (!all.some((one) => same(one, key))) {
      const list = ofNext ? this.next : this.keys;
      list.splice(list.indexOf(all[place]) + 1, 0, key);
      this.#tryAgain();
    }
    return true;
  }

  /** What is sealed, with whichever of the case's keys it is sealed to. */
  async #unsealed(row, sealed) {
    for (const key of [...this.next, ...this.keys]) {
      const found = await openRecord(sealed, key, this.id, unhex(row.id), row.version).catch(() => null);
      if (found) return found;
    }
    throw new Error("unreadable");
  }

  async #opened(row) {
    const entry = { id: row.id, kind: row.kind, at: row.at, body: null, author: row.author, number: row.number, previous: row.previous, mine: row.author === me()?.id, problem: "" };
    const sealed = unbase64(row.sealed);
    const told = !row.author && !STAFF.has(row.kind);
    if (told) entry.problem = await this.#told(row, sealed);
    const vouched = told && !entry.problem;
    if (row.kind === "return_address") return { ...entry, locked: { sealed, version: row.version } };
    if (row.kind === "identity") return entry;
    try {
      entry.body = JSON.parse(text(await this.#unsealed(row, sealed)));
    } catch {
      entry.problem = "unreadable";
      if (vouched) this.closed.set(row.id, row);
      return entry;
    }
    if (vouched) this.proven = true;
    if (row.author) entry.problem = await this.#signed(row, sealed);
    else if (STAFF.has(row.kind) || entry.body.from === "staff") entry.problem = "forged";
    if (entry.body.from === "reporter" && row.author) entry.problem = "forged";
    if (entry.problem || !row.author) return entry;
    // What it is stands in what was signed; a row that says something else was changed by somebody.
    if (row.kind === "note" && WITHIN.has(entry.body.kind)) entry.kind = entry.body.kind;
    else if (entry.body.kind !== row.kind) entry.problem = "forged";
    return entry;
  }

  /** Whether the service wrote it: nobody else can have, and reporters sign nothing. */
  async #told(row, sealed) {
    const told = { caseId: this.id, recordId: unhex(row.id), version: row.version, number: row.number, kind: row.kind, at: row.at, sealed };
    try {
      await checkTold(told, unhex(row.signature ?? ""), witnessKey());
    } catch {
      return "untold";
    }
    if (TAKEN_BACK.has(row.kind) !== (row.number === 0)) return "untold";
    if (row.number) this.numbers.set(row.number, { kind: row.kind, at: row.at });
    return "";
  }

  async #signed(row, sealed) {
    let author = null;
    try {
      author = await colleague(row.author);
    } catch (problem) {
      if (problem instanceof Stranger) return "forged";
      throw problem; // nobody is called a forger because the line is bad
    }
    try {
      const entry = { caseId: this.id, recordId: unhex(row.id), version: row.version, authorId: unhex(row.author), previous: unhex(row.previous), sealed };
      await checkEntry(entry, unhex(row.signature), author.signingPublic);
      this.links.set(hex(await link(entry, unhex(row.signature))), { previous: row.previous, at: row.at, kind: row.kind });
      return "";
    } catch {
      return "forged";
    }
  }

  /** Whether of what the service wrote something is missing between what is here; what was said before `from` is not looked for. */
  get missing() {
    if (this.sealed.size) return false;
    const said = [...this.numbers].filter(([, { kind, at }]) => kind === "said" && at > this.from + SKEW).map(([number]) => number);
    const first = this.from === null ? 1 : Math.min(...said); // of none: Infinity
    for (let number = first; number <= this.count; number += 1) if (!this.numbers.has(number)) return true;
    return false;
  }

  /** Whether the signed entries that are here are one unbroken chain, from what the server calls the last back to the first; or, as long as
   *  older ones are still with the server, back to where these begin. Only said once all that is here is open. */
  get whole() {
    if (this.sealed.size || this.unasked.size) return true;
    if (this.missing) return false;
    const chain = this.#chain();
    const first = chain.length ? this.links.get(chain.at(-1)).previous : hex(this.told);
    if (this.from === null) return first === hex(FIRST) && chain.length === this.links.size;
    const reached = new Set(chain);
    return [...this.links].every(([link, one]) => reached.has(link) || one.at <= this.from + SKEW);
  }

  /** The addresses at which the reporter wants to be told that an answer waits, without their outer layer: the server alone opens what is in
   *  them. */
  async addresses() {
    const left = this.all.filter((entry) => entry.locked && !entry.problem);
    return Promise.all(
      left.map(async ({ id, locked }) => ({ id, inner: await this.#unsealed({ id, version: locked.version }, locked.sealed) })),
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
    // Within one second: what was said in the order of the talk; what was told in the order in which the service counted it, and before what staff wrote, which
    // stands in the order of the chain.
    if (this.sorted) return this.sorted;
    const places = new Map(this.#chain().reverse().map((link, place) => [this.links.get(link).previous, place]));
    const number = (entry) => entry.body?.n ?? 0;
    const staffs = (entry) => (entry.author ? 1 : 0);
    const place = (entry) => places.get(entry.previous) ?? 0;
    this.sorted = [...this.entries.values()].sort(
      (one, other) => one.at - other.at || number(one) - number(other) || staffs(one) - staffs(other) || one.number - other.number || place(one) - place(other) || (one.id < other.id ? -1 : 1),
    );
    return this.sorted;
  }

  /** A staff entry for the server, and its id. Sealed to the case, signed, naming the entry before it. */
  async entry(kind, body, language, recordId = random(16)) {
    if (me()?.id !== this.reader) throw new Problem("no_key"); // whoever wrote it has gone, and nobody signs for them
    if (this.doubtful) throw new Problem("doubtful_key");
    if (!this.publicKey) throw new Problem("busy"); // it is on its way
    const publicKey = this.publicKey;
    const content = utf8(JSON.stringify({ format: 1, kind, language, told_at: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"), ...body }));
    const sealed = await sealRecord(content, publicKey, this.id, recordId, 1);
    const entry = { caseId: this.id, recordId, version: 1, authorId: unhex(me().id), previous: this.head, sealed };
    const signature = await signEntry(entry, signingKey());
    this.own.add(hex(recordId));
    return {
      id: hex(recordId),
      next: await link(entry, signature),
      wire: { record_id: hex(recordId), version: 1, sealed: base64(sealed), public_key: hex(publicKey), signature: hex(signature), previous: hex(entry.previous) },
    };
  }

  /** What stands now as the last entry. */
  headIs(head) {
    const bytes = typeof head === "string" ? unhex(head) : head;
    if (!same(bytes, this.head)) this.head = bytes;
  }
}

/** What the server has of a case that is new for this page, under an address of it: with its key the first time, and whenever it has another one. */
export async function asked(path, known, caseId) {
  const here = known && isOpen(caseId);
  const answer = await get(`${path}?since=${here ? Math.max(1, known.latest) : 0}`);
  const held = open.get(answer.case_id ?? answer.id);
  return answer.key || (held?.said === answer.public_key) ? answer : get(`${path}?since=0`);
}

/** The case of an answer of the server's (`key` in it the first time), kept as long as this page stands. */
export async function openCase(answer, caseId) {
  const known = open.get(caseId);
  const one = known ?? new OpenCase({ id: caseId, head: answer.head });
  if (one.said !== answer.public_key) {
    await one.keyIs({ unitId: answer.unit_id, publicKey: answer.public_key, key: answer.key }).catch((problem) => {
      if (known && problem.code === "busy") unheard(caseId);
      throw problem;
    });
  }
  one.headIs(answer.head);
  one.told = one.head;
  one.count = answer.told;
  open.set(caseId, one);
  return one;
}
export const isOpen = (caseId) => open.has(caseId);
