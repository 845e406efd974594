// The conversation as it is shown: bubbles, options, and where the reader is in it.

import { label, spoken, t } from "./labels.js";
import { blocks, make } from "./words.js";

function labelled(tag, className, key) {
  const element = make(tag, className);
  label(element, key);
  return element;
}

// `log`: where messages go. `scroll`: what scrolls. `newer`: the button for more below. `typing`: the dots. `answers()`: if at once.
export function openLog({ log, scroll, newer, typing, answers }) {
  let current = null; // the newest question with options
  let count = 0;

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;

  function more(key) {
    label(newer, key);
    newer.hidden = false;
  }

  function add(element, follow) {
    const end = atEnd();
    log.append(element);
    if (follow || end) reveal(element);
    else more("newer");
  }

  // A bubble taller than the window is shown from its start: reading begins there. Its options are then out of sight, so that is said.
  function reveal(element) {
    const tall = scroll.scrollHeight - element.offsetTop > scroll.clientHeight;
    scroll.scrollTop = tall ? element.offsetTop - 12 : scroll.scrollHeight;
    newer.hidden = true;
    if (element.offsetHeight > scroll.clientHeight - 12) more("below");
  }

  // The box for writing grows, or a keyboard comes up: who was at the end stays there.
  let ended = false;
  new ResizeObserver(() => ended && (scroll.scrollTop = scroll.scrollHeight)).observe(scroll);
  scroll.addEventListener(
    "scroll",
    () => {
      ended = atEnd();
      if (ended) newer.hidden = true;
    },
    { passive: true },
  );
  newer.addEventListener("click", () => {
    if (newer.dataset.t === "below") scroll.scrollTop += scroll.clientHeight * 0.8;
    else scroll.scrollTop = scroll.scrollHeight;
    newer.hidden = atEnd();
    scroll.focus({ preventScroll: true });
  });

  function retire(group) {
    group.classList.add("past");
    for (const box of group.querySelectorAll("[role=checkbox]")) box.setAttribute("aria-disabled", "true");
    group.querySelector(".attach")?.remove(); // files go to the question that asks for them
  }

  function options(message, language, on) {
    const group = make("div", message.many ? "choices many" : "choices");
    group.setAttribute("role", "group");
    const choices = message.choices ?? [];
    const past = () => group.classList.contains("past");
    const last = choices.length - 1;
    choices.forEach(([id, words, description], index) => {
      const many = message.many && index < last;
      const body = make("span", "words", words);
      body.lang = language;
      if (description) body.append(make("small", "", description));
      const button = make("button", message.many && index === last ? "choice done" : "choice", make("span", "nr", String(index + 1)), " ", body);
      button.type = "button";
      if (many) {
        button.setAttribute("role", "checkbox");
        button.setAttribute("aria-checked", "false");
      }
      button.addEventListener("click", () => {
        if (message.many && past()) return on.hint("closed");
        if (many) return button.setAttribute("aria-checked", String(button.getAttribute("aria-checked") !== "true"));
        if (!message.many) {
          for (const other of group.querySelectorAll(".choice")) other.classList.toggle("chosen", other === button);
          return on.tap(id, words);
        }
        const ticked = [...group.querySelectorAll("[role=checkbox]")].flatMap((b, i) => (b.getAttribute("aria-checked") === "true" ? [i] : []));
        if (!ticked.length) return on.tap(id, words);
        on.text(ticked.map((i) => i + 1).join(","), ticked.map((i) => choices[i][1]).join(", "));
        retire(group);
      });
      group.append(button);
    });
    // First, because who is in danger taps what comes first, and the options here say that it is over.
    if (message.ask_location && navigator.geolocation && isSecureContext) {
      const button = labelled("button", "choice locate", "locate");
      button.type = "button";
      button.addEventListener("click", () => on.locate(button));
      group.prepend(button);
    }
    if (message.accept?.length) {
      const button = labelled("button", "choice attach", "attach_" + message.accept.join("_"));
      button.type = "button";
      button.addEventListener("click", () => on.attach(message.accept));
      group.append(button);
    }
    return group;
  }

  // All that was said goes out of the page.
  function clear() {
    const held = log.contains(document.activeElement);
    log.replaceChildren();
    current = null;
    newer.hidden = true;
    if (held) scroll.focus({ preventScroll: true });
  }

  let dots = null;
  function writes(ms) {
    clearTimeout(dots);
    typing.hidden = false;
    if (atEnd()) scroll.scrollTop = scroll.scrollHeight;
    dots = setTimeout(() => (typing.hidden = true), ms);
  }

  return {
    // Somebody writes: three dots while the hint is good.
    writes: () => writes(6000),
    // A bubble of the service's. `on` is {tap, text, locate, attach, hint, wiped}.
    bubble(message, on) {
      typing.hidden = true;
      if (message.wipe) {
        clear();
        on.wiped();
      }
      count += 1;
      const language = message.language || spoken();
      const words = blocks(message);
      words.lang = language;
      const element = make("div", "message theirs", labelled("span", "unseen", "service"), words);
      if (message.choices?.length || message.ask_location || message.accept?.length) {
        if (current) retire(current);
        current = options(message, language, on);
        const question = words.lastElementChild;
        if (question) {
          question.id = "q" + count;
          current.setAttribute("aria-labelledby", question.id);
          if (question !== words.firstElementChild && question.textContent.trim().endsWith("?")) question.className = "question";
        }
        element.append(current);
      }
      add(element, false);
    },
    // The person's bubble; gives what shows its status.
    own(text, again) {
      const status = make("span", "status");
      const element = make("div", "message ours", labelled("span", "unseen", "you"), make("p", "words", text), status);
      add(element, true);
      return (state, percent) => {
        status.className = "status " + state;
        const said = labelled("span", "", state);
        if (percent !== undefined) said.append(" ", make("span", "percent", percent + " %"));
        if (percent !== undefined || status.firstChild?.dataset?.t !== state) status.replaceChildren(said);
        if (state === "failed") {
          const button = labelled("button", "quiet", "again");
          button.type = "button";
          button.addEventListener("click", again);
          status.append(button);
        }
        if (state === "sent") {
          setTimeout(() => {
            if (answers() && element.isConnected && log.lastElementChild === element) writes(7500);
          }, 500);
        }
      };
    },
  };
}
