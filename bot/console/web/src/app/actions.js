// What buttons do: an element says `data-do="name"`, a module says what the name means. Nothing is inline, nothing is bound twice.

import { saw } from "./toast.js";

const known = new Map();

export function onAction(name, call) {
  if (known.has(name)) throw new Error(`two actions are called ${name}`);
  known.set(name, call);
}

async function run(call, element, event) {
  if (element.getAttribute("aria-disabled") === "true") return;
  element.setAttribute("aria-disabled", "true");
  try {
    await call(element, event);
  } catch (problem) {
    saw(problem);
  } finally {
    element.removeAttribute("aria-disabled");
  }
}

document.addEventListener("click", (event) => {
  const element = event.target instanceof Element ? event.target.closest("[data-do]") : null;
  const call = element && known.get(element.dataset.do);
  if (call) void run(call, element, event);
});

const forms = new Map();
/** What a form does, by its id. */
export const onForm = (id, call) => forms.set(id, call);

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const call = forms.get(event.target.id);
  if (!call || event.target.dataset.busy) return;
  event.target.dataset.busy = "1";
  Promise.resolve(call(event.target, event))
    .catch(saw)
    .finally(() => delete event.target.dataset.busy);
});
