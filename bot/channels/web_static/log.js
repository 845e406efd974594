// The conversation as it is shown. Everything is built as nodes; nobody's words are ever read as HTML.

import { label, spoken, t } from "./labels.js";

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function labelled(tag, className, key) {
  const element = make(tag, className);
  label(element, key);
  return element;
}

const DIGIT = /[0-9]/;

// The text with every telephone number of `numbers` as a link; part of a longer number is none.
function linked(text, numbers = []) {
  const parts = document.createDocumentFragment();
  const known = [...numbers].filter(Boolean).sort((a, b) => b.length - a.length);
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const found = known.find((n) => text.startsWith(n, at) && !DIGIT.test(text[at - 1] ?? "") && !DIGIT.test(text[at + n.length] ?? ""));
    if (!found) {
      at += 1;
      continue;
    }
    const link = make("a", "", found);
    link.href = "tel:" + found.replace(/[^0-9+]/g, "");
    parts.append(text.slice(from, at), link);
    from = at += found.length;
  }
  parts.append(text.slice(from));
  return parts;
}

// `log`: where messages go. `scroll`: what scrolls. `newer`: the button that says there is more below. `typing`: the three dots.
export function openLog({ log, scroll, newer, typing }) {
  let current = null; // the newest question with options
  let count = 0;

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;

  function add(element, follow) {
    const end = atEnd();
    log.append(element);
    if (follow || end) reveal(element);
    else newer.hidden = false;
  }

  // A bubble taller than the window is shown from its start: reading begins there.
  function reveal(element) {
    const tall = element.offsetHeight > scroll.clientHeight - 24;
    scroll.scrollTop = tall ? element.offsetTop - 12 : scroll.scrollHeight;
    newer.hidden = true;
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
    scroll.scrollTop = scroll.scrollHeight;
    newer.hidden = true;
    scroll.focus({ preventScroll: true });
  });

  function retire(group) {
    group.classList.add("past");
    for (const box of group.querySelectorAll("[role=checkbox]")) box.setAttribute("aria-disabled", "true");
  }

  function options(message, textId, on) {
    const group = make("div", message.many ? "choices many" : "choices");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", textId);
    const choices = message.choices ?? [];
    const past = () => group.classList.contains("past");
    const last = choices.length - 1;
    choices.forEach(([id, words, description], index) => {
      const many = message.many && index < last;
      const body = make("span", "words", words);
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
    if (message.ask_location && navigator.geolocation && isSecureContext) {
      const button = labelled("button", "choice locate", "locate");
      button.type = "button";
      button.addEventListener("click", () => on.locate(button));
      group.append(button);
    }
    return group;
  }

  return {
    reveal,
    // A bubble of the service's. `on` is {tap, text, locate, hint}.
    bubble(message, on) {
      typing.hidden = true;
      count += 1;
      const words = make("p", "words", linked(message.text, message.numbers));
      words.id = "m" + count;
      const element = make("div", "message theirs", labelled("span", "unseen", "service"), words);
      element.lang = spoken();
      if (message.choices?.length || message.ask_location) {
        if (current) retire(current);
        current = options(message, words.id, on);
        element.append(current);
      }
      add(element, false);
    },
    // A bubble of the person's; gives a function that shows its status.
    own(text, again) {
      const status = make("span", "status");
      const element = make("div", "message ours", labelled("span", "unseen", "you"), make("p", "words", text), status);
      add(element, true);
      return (state) => {
        status.className = "status " + state;
        const said = labelled("span", "", state);
        if (status.firstChild?.dataset?.t !== state) status.replaceChildren(said);
        if (state === "failed") {
          const button = labelled("button", "quiet", "again");
          button.type = "button";
          button.addEventListener("click", again);
          status.append(button);
        }
        if (state === "sent") {
          setTimeout(() => {
            if (element.isConnected && log.lastElementChild === element) {
              typing.hidden = false;
              if (atEnd()) scroll.scrollTop = scroll.scrollHeight;
            }
          }, 500);
          setTimeout(() => (typing.hidden = true), 8000);
        }
      };
    },
  };
}
