// What is past its time, for leads: how many cases nobody has read, or answered, by when they should have. It goes by being seen to.

import { $ } from "./dom.js";
import { get } from "./api.js";
import { chime } from "./sound.js";
import { t } from "./words.js";

let watching = false;
let call = () => {};
let timer = null;

function show({ read, report }) {
  const count = read + report;
  const words = count ? t("nav.late", { n: count }) : "";
  if ($("#late").textContent !== words) $("#late").textContent = words;
  call(read);
}

/** Looks anew, soon; many changes at once are one look. */
export function lookLate() {
  if (!watching) return;
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      const found = await get("/console/j/overdue");
      if (watching) show(found);
    } catch {
      // the next change, or the line that is back, asks again
    }
  }, 150);
}

/** A case's time has just passed. */
export function becameLate() {
  chime("offered");
  lookLate();
}

/** Begins for somebody who has the board; `late` is called with how many cases nobody has read in time. */
export function watchLate(late) {
  watching = true;
  call = late;
  lookLate();
}

export function restLate() {
  watching = false;
  clearTimeout(timer);
  $("#late").textContent = "";
}
