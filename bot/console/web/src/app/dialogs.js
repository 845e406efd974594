// Dialogs are the browser's own: it keeps the focus inside, gives it back, and Esc closes.

import { $, $$ } from "./dom.js";

export function openDialog(id) {
  const dialog = $(`#${id}`);
  if (!dialog || dialog.open) return dialog;
  // What lies under a sheet cannot be reached, the button that hides the screen neither: each has its own, after everything else in it.
  if (!$("[data-do=hide]", dialog)) dialog.append($("#desk [data-do=hide]").cloneNode(true));
  dialog.showModal();
  return dialog;
}

export const closeDialogs = () => {
  for (const dialog of $$("dialog[open]:not(#veil)")) dialog.close();
};

export const anyOpen = () => $("dialog[open]") !== null;
