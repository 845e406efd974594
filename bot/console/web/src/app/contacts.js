// One's own chat and telephone: how one is called when nobody looks at the screen. A code ties them to the account; it is shown once.

import { $, focus } from "./dom.js";
import { onAction, onForm } from "./actions.js";
import { get, post } from "./api.js";
import { tick } from "./ticker.js";
import { say } from "./toast.js";
import { t } from "./words.js";

const CODES = ["too_fast", "number", "not_reached", "code", "no_way"];

/** Shows what is linked now; nothing if one's own account is not on the screen. */
export async function contactsShown() {
  if (!$("#contacts")) return;
  const { telegram, telephone, place, ways } = await get("/console/j/contacts");
  if (!$("#contacts")) return;
  $("#telegram-state").textContent = t(ways.includes("telegram") ? (telegram ? "me.telegram_on" : "me.telegram_off") : "me.telegram_no_way");
  $("[data-do=telegram-code]").hidden = !ways.includes("telegram");
  $("[data-do=telegram-code]").textContent = t(telegram ? "me.telegram_other" : "me.telegram_go");
  $("[data-do=telegram-unlink]").hidden = !telegram;
  if (telegram && !$("#telegram-made").hidden) {
    $("#telegram-made").hidden = true; // the code was used
    $("#telegram-code").textContent = "";
    say("me.telegram_done");
  }
  const chain = place ? t("me.telephone_place", { n: place }) : t("me.telephone_no_place");
  $("#telephone-state").textContent = !ways.includes("telephone") ? t("me.telephone_no_way") : telephone ? `${t("me.telephone_on", { n: telephone })} ${chain}` : t("me.telephone_off");
  $("#telephone-form").hidden = !ways.includes("telephone");
  $("[data-do=telephone-forget]").hidden = !telephone;
}

/** Does it, and says what was refused under what was asked. */
async function tried(where, work) {
  $(where).textContent = "";
  try {
    return await work();
  } catch (problem) {
    if (!CODES.includes(problem.code)) throw problem;
    $(where).textContent = t(`me.refused_${problem.code}`);
    return null;
  }
}

onAction("telegram-code", () =>
  tried("#telegram-wrong", async () => {
    const { code, until, bot } = await post("/console/j/contacts/code");
    $("#telegram-code").textContent = code;
    $("#telegram-bot").textContent = bot ? `@${bot}` : t("me.telegram_this_bot");
    $("#telegram-left").dataset.until = until;
    $("#telegram-left").dataset.words = t("me.telegram_left");
    $("#telegram-left").dataset.over = t("me.telegram_over");
    $("#telegram-made").hidden = false;
    tick($("#telegram-made"));
    focus($("#telegram-made button"));
  }),
);
onAction("telegram-unlink", async () => {
  await post("/console/j/contacts/unlink");
  await contactsShown();
  focus($("[data-do=telegram-code]"));
});

onForm("telephone-form", (form) =>
  tried("#telephone-wrong", async () => {
    const field = form.elements.namedItem("number");
    await post("/console/j/contacts/ring", { number: field.value.trim().replace(/^0/, "+62") });
    $("#telephone-confirm").hidden = false;
    focus($("#telephone-confirm input"));
  }),
);
onForm("telephone-confirm", (form) =>
  tried("#telephone-heard", async () => {
    const { code, place } = Object.fromEntries(new FormData(form));
    await post("/console/j/contacts/confirm", { code: code.trim(), place: Number(place) });
    form.reset();
    form.hidden = true;
    $("#telephone-form").reset();
    say("app.saved");
    await contactsShown();
    focus($("#telephone-heading"));
  }),
);
onAction("telephone-forget", async () => {
  await post("/console/j/contacts/forget");
  await contactsShown();
  focus($("#telephone-heading"));
});
