// Nothing that a passer-by could read: a key hides the screen until one wants it back; a page that nobody looks at hides itself.

import { $ } from "./dom.js";

const root = document.documentElement;

export function hideScreen() {
  const veil = $("#veil");
  if (veil.open) return;
  root.dataset.hidden = "";
  veil.showModal();
}

export function showScreen() {
  $("#veil").close();
}

export function watchHiding() {
  const veil = $("#veil");
  veil.addEventListener("close", () => delete root.dataset.hidden);
  // Esc is the first key that a startled hand finds: it must not show what was just hidden.
  veil.addEventListener("cancel", (event) => event.preventDefault());
  document.addEventListener("visibilitychange", () => root.toggleAttribute("data-away", document.visibilityState === "hidden"));
  addEventListener("blur", () => root.toggleAttribute("data-away", document.visibilityState === "hidden"));
}
