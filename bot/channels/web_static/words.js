// How the service's words are set: paragraphs, lists, telephone numbers that can be called, and the receipt to be copied by hand.
// Everything is built as nodes; nobody's words are ever read as HTML.

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const DIGIT = /[0-9]/;
const BULLET = "• ";
const CALLED = 20; // characters: a line no longer than this that names a number is there to be called

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
    const line = text.slice(text.lastIndexOf("\n", at) + 1).split("\n", 1)[0];
    const link = make("a", line.startsWith(found) || line.length <= CALLED ? "call" : "", found);
    link.href = "tel:" + found.replace(/[^0-9+]/g, "");
    parts.append(text.slice(from, at), link);
    from = at += found.length;
  }
  parts.append(text.slice(from));
  return parts;
}

// The receipt: one word a line, numbered, for the order counts. The words are Indonesian in every language.
function receipt(code) {
  const list = make("ol", "code", ...code.split(/\s+/).map((word) => make("li", "", word)));
  list.lang = "id";
  return list;
}

// The words of a bubble; the last block is the question, if it asks one.
export function blocks({ text, numbers, code }) {
  const body = make("div", "words");
  let list = null;
  for (const paragraph of text.split(/\n{2,}/)) {
    if (code && paragraph.trim() === code) {
      body.append(receipt(code));
      list = null;
      continue;
    }
    let plain = [];
    const close = () => {
      if (plain.join("").trim()) body.append(make("p", "", linked(plain.join("\n"), numbers)));
      plain = [];
    };
    for (const line of paragraph.split("\n")) {
      if (line.startsWith(BULLET)) {
        close();
        list ??= body.appendChild(make("ul", ""));
        list.append(make("li", "", linked(line.slice(BULLET.length), numbers)));
      } else {
        if (line.trim()) list = null;
        plain.push(line);
      }
    }
    close();
  }
  return body;
}
