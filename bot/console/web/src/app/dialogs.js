// Dialogs are the browser's own: it keeps the focus inside, gives it back, and Esc closes.

import { $, $$ } from "./dom.js";

export function openDialog(id) {
  const dialog = $(`#${id}`);
  if (dialog && !dialog.open) dialog.showModal();
  return dialog;
}

export const closeDialogs = () => {
  for (const dialog of $$("dialog[open]:not(#veil)")) dialog.close();
};

export const anyOpen = () => $("dialog[open]") !== null;
