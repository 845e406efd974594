// Attachments: blurred and not even fetched until somebody asks for them. Their keys lie in the sealed record.

import { el } from "../app/dom.js";
import { get, unbase64 } from "../app/api.js";
import { t } from "../app/words.js";
import { openFile, unhex } from "../vault/index.js";

const TYPES = { image: ["image/jpeg", "image/png", "image/webp"], voice: ["audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/amr", "audio/x-wav"] };

async function content(file) {
  const pieces = [];
  for (;;) {
    const { pieces: more } = await get(`/console/j/file/${file.id}/${pieces.length}`);
    pieces.push(...more.map(unbase64));
    if (more.length < 64) break;
  }
  return openFile(unhex(file.key), unhex(file.id), pieces);
}

const size = (bytes) => (bytes > 900_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`);

/** A file of a record, opened by a click and put away by another. */
export function attachment(file) {
  const kind = file.kind === "voice" ? "media_audio" : file.kind === "image" ? "media_show" : "media_document";
  const place = el("div", { class: "media", "aria-live": "polite" });
  const button = el("button", { type: "button", class: "quiet", "aria-expanded": "false" }, t(`talk.${kind}`), el("span", { class: "soft", text: ` ${size(file.clean_size ?? file.size ?? 0)}` }));
  const box = el("figure", { class: "attachment" }, el("div", { class: "blur", "aria-hidden": "true" }), el("figcaption", {}, el("span", { class: "soft", text: t("talk.media") }), button), place);
  let url = "";
  button.addEventListener("click", async () => {
    if (url) {
      URL.revokeObjectURL(url);
      url = "";
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
      url = URL.createObjectURL(new Blob([bytes], { type }));
      place.replaceChildren(shown(file, type, url));
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

function shown(file, type, url) {
  if (TYPES.image.includes(type)) return el("img", { src: url, alt: t("case.files") });
  if (TYPES.voice.includes(type)) return el("audio", { src: url, controls: true, preload: "auto" });
  // A document is not shown in the page: it could hold anything. It is handed to whoever wants it, under a name of ours.
  return el("a", { href: url, download: `${file.id.slice(0, 8)}.${file.extension ?? "bin"}`, text: t("talk.media_document") });
}
