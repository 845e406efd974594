// What one unlocked case is in this page's memory: its key, its records opened, and the chain of what staff wrote, checked.
// Nothing of it is stored; signing out or closing the page forgets it.

import { FIRST, checkEntry, hex, link, openCaseKey, openRecord, random, same, sealRecord, signEntry, text, unhex, utf8 } from "../vault/index.js";
import { me, signingKey, unitKeys } from "../session/index.js";
import { Problem, base64, unbase64 } from "./api.js";
import { colleague } from "./colleagues.js";

const open = new Map();

/** Kinds of records that only staff write: one that nobody signed is forged. */
const STAFF = new Set(["note", "relayed", "reply", "status"]);

export const forgetAll = () => open.clear();
export const forget = (caseId) => open.delete(caseId);

export class OpenCase {
  /** `id`, `unitId`, `publicKey`: hex; `key`: sealed to the unit, base64. */
  constructor({ id, unitId, publicKey, key, head }) {
    this.id = unhex(id);
    this.publicKey = unhex(publicKey);
    this.head = unhex(head);
    this.entries = new Map(); // record id → {id, kind, at, body, author, mine, problem}
    this.sealed = new Map(); // record id → row, until it is opened
    this.links = new Map(); // `previous` in hex → link in hex, of entries whose signature holds
    this.own = new Set(); // records that this page sealed
    this.ready = openCaseKey(unbase64(key), unitKeys(unitId), this.id, unhex(unitId)).then(
      (found) => (this.key = found),
      () => {
        throw new Problem("no_key");
      },
    );
  }

  /** Takes rows of the server's; what is known already stays. Gives how many are new. */
  take(rows) {
    let fresh = 0;
    for (const row of rows) {
      if (this.entries.has(row.id) || this.sealed.has(row.id)) continue;
      this.sealed.set(row.id, row);
      fresh += 1;
    }
    return fresh;
  }

  /** Opens rows that are not open yet: the newest `most` of them (all by default). Gives the entries. */
  async openSome(most = Number.POSITIVE_INFINITY) {
    await this.ready;
    const rows = [...this.sealed.values()].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
    const wanted = rows.slice(Math.max(0, rows.length - most));
    const opened = [];
    for (let at = 0; at < wanted.length; at += 40) {
      opened.push(...(await Promise.all(wanted.slice(at, at + 40).map((row) => this.#opened(row)))));
      if (wanted.length > 40) await new Promise((next) => setTimeout(next)); // the page stays responsive
    }
    for (const [number, entry] of opened.entries()) {
      this.sealed.delete(wanted[number].id);
      this.entries.set(entry.id, entry);
    }
    return opened;
  }

  async #opened(row) {
    const entry = { id: row.id, kind: row.kind, at: row.at, body: null, author: row.author, previous: row.previous, mine: row.author === me()?.id, problem: "" };
    if (row.kind === "return_address" || row.kind === "identity") return entry;
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
      this.links.set(row.previous, hex(await link(entry, unhex(row.signature))));
      return "";
    } catch {
      return "forged";
    }
  }

  /** Whether the signed entries are one unbroken chain up to what the server calls the last. Only said once all are open. */
  get whole() {
    if (this.sealed.size) return true;
    let at = hex(FIRST);
    let steps = 0;
    while (this.links.has(at)) {
      at = this.links.get(at);
      steps += 1;
    }
    return steps === this.links.size && at === hex(this.head);
  }

  get all() {
    // Within one second: what was said in the order of its numbers (the version of the talk), what staff wrote in the order of the chain.
    const places = new Map();
    for (let at = hex(FIRST); this.links.has(at) && !places.has(at); at = this.links.get(at)) places.set(at, places.size);
    const number = (entry) => entry.body?.n ?? 0;
    const place = (entry) => places.get(entry.previous) ?? 0;
    return [...this.entries.values()].sort(
      (one, other) => one.at - other.at || number(one) - number(other) || place(one) - place(other) || (one.id < other.id ? -1 : 1),
    );
  }

  /** A staff entry for the server, and its id. Sealed to the case, signed, naming the entry before it. */
  async entry(kind, body, language, recordId = random(16)) {
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
    return known;
  }
  const one = new OpenCase({ id: caseId, unitId: answer.unit_id, publicKey: answer.public_key, key: answer.key, head: answer.head });
  await one.ready;
  open.set(caseId, one);
  return one;
}
export const isOpen = (caseId) => open.has(caseId);
