// What was said, as it is shown: one element a record, in the order of time. Words of people become text nodes, nothing else.

import { el, fillsQuietly } from "../app/dom.js";
import { clock, day, dayNumber, t } from "../app/words.js";
import { attachment } from "./files.js";

const near = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 120;

const TICKS = { pending: "pending", sending: "pending", sent: "sent", delivered: "delivered", read: "read", failed: "failed", dead: "failed" };

export class Log {
  /** `more`: the action of the button for what is older. */
  constructor(element, more) {
    this.element = element;
    this.more = more;
    this.shown = new Map(); // record id → element
    fillsQuietly(element);
  }

  get empty() {
    return this.shown.size === 0;
  }

  /** Adds entries, each in its place; keeps the view where it was unless it was at the end. `entries` are in the order of time. */
  add(entries) {
    const fresh = entries.filter((entry) => !this.shown.has(entry.id));
    if (!fresh.length) return;
    const first = this.element.querySelector(".message");
    const older = first ? fresh.filter((entry) => entry.at < Number(first.dataset.at)) : [];
    const stays = !near(this.element);
    const top = first?.getBoundingClientRect().top;
    if (older.length) fillsQuietly(this.element);
    if (older.length) first.before(...older.map((entry) => this.#made(entry)));
    for (const entry of fresh.slice(older.length)) this.#place(this.#made(entry));
    this.#separate();
    if (older.length) this.element.scrollTop += first.getBoundingClientRect().top - top;
    else if (!stays) this.toEnd();
  }

  #made(entry) {
    const element = message(entry);
    this.shown.set(entry.id, element);
    return element;
  }

  #place(element) {
    const at = Number(element.dataset.at);
    let last = this.element.lastElementChild;
    while (last && Number(last.dataset.at) > at) last = last.previousElementSibling;
    if (last) last.after(element);
    else this.element.prepend(element);
  }

  /** A day's name stands before its first message. What stands there already is left alone. */
  #separate() {
    let current = null;
    let name = null;
    for (const element of [...this.element.children]) {
      if (element.matches(".earlier")) continue;
      if (element.dataset.day) {
        name?.remove();
        name = element;
        continue;
      }
      const at = Number(element.dataset.at);
      const number = dayNumber(at);
      if (number === current || Number(name?.dataset.day) !== number) {
        name?.remove();
        if (number !== current) element.before(el("p", { class: "day", data: { at: String(at - 0.5), day: String(number) }, text: day(at) }));
      }
      name = null;
      current = number;
    }
    name?.remove();
  }

  /** At the top stands a button for what is older, if there is more. */
  earlier(more) {
    const old = this.element.querySelector(".earlier");
    if (!more) old?.remove();
    else if (!old) {
      const button = el("button", { type: "button", class: "quiet", data: { do: this.more }, text: t("talk.earlier") });
      this.element.prepend(el("p", { class: "day earlier", data: { at: "0" } }, button));
    }
  }

  /** A message that this page is just sending; it becomes the real one when the server has it. */
  sending(id, text, at) {
    const element = message({ id, at, kind: "said", mine: true, body: { from: "staff", text }, problem: "" });
    element.classList.add("pending");
    this.shown.get(id)?.remove();
    this.shown.set(id, element);
    this.#place(element);
    this.#separate();
    this.toEnd();
    return element;
  }

  sent(id) {
    this.shown.get(id)?.classList.remove("pending");
  }

  drop(id) {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
  }

  /** What became of replies: record id → [status, code]. */
  ticks(found) {
    for (const [id, [status, code]] of Object.entries(found)) {
      const place = this.shown.get(id)?.querySelector(".tick");
      const tick = TICKS[status] ?? "pending";
      const held = tick === "pending" && code.startsWith("window_"); // WhatsApp's day is over
      const name = held ? "held" : tick === "failed" && code === "not_safe" ? "withheld" : tick;
      if (place && place.dataset.state !== name) {
        place.dataset.state = name;
        place.textContent = t(`talk.${name}`);
      }
    }
  }

  /** Whether a reply of one's own stands at one of these ticks. */
  any(...names) {
    return [...this.shown.values()].some((element) => names.includes(element.querySelector(".tick")?.dataset.state));
  }

  toEnd() {
    const down = () => (this.element.scrollTop = this.element.scrollHeight);
    down();
    requestAnimationFrame(down); // how high a message is, is known once it is drawn
  }
}

const SIGNS = { safe: "talk.safe", call: "talk.relayed_heading" };

/** One message. `mark`: what stands beside its name. */
export function message(entry, mark = null) {
  const { body, at } = entry;
  const ours = body?.from === "staff";
  const box = el("div", { class: `message ${ours ? "ours" : "theirs"}${entry.problem ? " bad" : ""}`, data: { at: String(at), id: entry.id } });
  const who = entry.problem ? "" : ours ? (entry.mine ? t("talk.me") : (entry.name ?? "")) : t("talk.reporter");
  box.append(el("p", { class: "by" }, el("span", { class: "name", text: who }), " ", el("span", { class: "soft", text: clock(at) }), mark && " ", mark));
  if (entry.problem) box.append(el("p", { class: "wrong", text: t(`talk.${entry.problem}`) }));
  if (body?.text) box.append(el("p", { class: "words-said", text: body.text }));
  for (const [name, key] of Object.entries(SIGNS)) {
    if (body?.[name] === "yes" || body?.[name] === "no") box.append(el("p", { class: `sign ${body[name]}`, text: `${name === "safe" ? t(key) : ""} ${t(body[name] === "yes" ? "app.yes" : "app.no")}`.trim() }));
  }
  if (body?.alert) box.append(el("p", { class: "sign no", text: t(`case.alert_${body.alert === "emergency" ? "emergency" : "self_harm"}`) }));
  if (body?.callback) box.append(el("p", { class: "sign", text: t(body.writes_first === "reporter" ? "talk.callback_first" : "talk.callback", { time: clock(Date.parse(body.callback) / 1000) }) }));
  if (body?.location) box.append(el("p", { class: "soft", text: [].concat(body.location).join(", ") }));
  for (const file of body?.files ?? []) box.append(attachment(file));
  if (ours && entry.mine) box.append(el("p", { class: "tick", data: { state: "" } }));
  return box;
}

/** Whether a record belongs into the conversation itself. */
export const isSaid = (entry) => entry.kind === "said";
