// Attachments: blurred and not even fetched until somebody asks for them. Their keys lie in the sealed record.

import { el } from "../app/dom.js";
import { get, unbase64 } from "../app/api.js";
import { t } from "../app/words.js";
import { openFile, unhex } from "../vault/index.js";

const TYPES = { image: ["image/jpeg", "image/png", "image/webp"], voice: ["audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/amr", "audio/x-wav"] };
const EXTENSIONS = ["jpg", "png", "webp", "ogg", "mp3", "m4a", "aac", "amr", "wav", "pdf"]; // what the program writes (bot/evidence/format.py)

async function content(file) {
  // Who can write to the database can seal a record to a case: what it says of its files names no address, and no program.
  if (!/^[0-9a-f]{32}$/.test(file.id)) throw new Error("file");
  const pieces = [];
  for (;;) {
    const { pieces: more } = await get(`/console/j/file/${file.id}/${pieces.length}`);
    pieces.push(...more.map(unbase64));
    if (more.length < 64) break;
  }
  return openFile(unhex(file.key), unhex(file.id), pieces);
}

const size = (bytes) => (bytes > 900_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`);

const shown = new Map(); // what is open: element → its address in this page's memory

/** Forgets what was opened and stands on the screen no more. */
export function putAway() {
  for (const [box, url] of shown) {
    if (box.isConnected) continue;
    URL.revokeObjectURL(url);
    shown.delete(box);
  }
}

/** A file of a record, opened by a click and put away by another. */
export function attachment(file) {
  const kind = file.kind === "voice" ? "media_audio" : file.kind === "image" ? "media_show" : "media_document";
  const place = el("div", { class: "media", "aria-live": "polite" });
  const button = el("button", { type: "button", class: "quiet", "aria-expanded": "false" }, t(`talk.${kind}`), el("span", { class: "soft", text: ` ${size(file.clean_size ?? file.size ?? 0)}` }));
  const box = el("figure", { class: "attachment" }, el("div", { class: "blur", "aria-hidden": "true" }), el("figcaption", {}, el("span", { class: "soft", text: t("talk.media") }), button), place);
  button.addEventListener("click", async () => {
    if (shown.has(box)) {
      URL.revokeObjectURL(shown.get(box));
      shown.delete(box);
      place.replaceChildren();
      box.classList.remove("seen");
      button.firstChild.textContent = t(`talk.${kind}`);
      button.setAttribute("aria-expanded", "false");
      return;
    }
    button.disabled = true;
    place.replaceChildren(el("p", { class: "soft", text: t("talk.media_load") }));
    try {
      const bytes = await content(file);
      const type = [...TYPES.image, ...TYPES.voice].includes(file.type) ? file.type : "application/octet-stream";
      if (!box.isConnected) return; // somebody went on while it came
      const url = URL.createObjectURL(new Blob([bytes], { type }));
      shown.set(box, url);
      place.replaceChildren(...shownAs(file, type, url));
      box.classList.add("seen");
      button.firstChild.textContent = t("talk.media_hide");
      button.setAttribute("aria-expanded", "true");
    } catch {
      place.replaceChildren(el("p", { class: "wrong", text: t("talk.media_error") }));
    } finally {
      button.disabled = false;
    }
  });
  return box;
}

function shownAs(file, type, url) {
  if (TYPES.image.includes(type)) return [el("img", { src: url, alt: t("case.files") })];
  if (TYPES.voice.includes(type)) return [el("audio", { src: url, controls: true, preload: "auto" })];
  // A document is not shown in the page: it could hold anything. It is handed to whoever wants it, under a name of ours, and lies on the
  // disk from then on, which is said.
  const save = el("a", { href: url, download: `${file.id.slice(0, 8)}.${EXTENSIONS.includes(file.extension) ? file.extension : "bin"}`, text: t("talk.media_save") });
  return [save, el("p", { class: "hint", text: t("talk.media_saved") })];
}
