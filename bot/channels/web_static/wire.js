// Between page and service: messages go out in order and once, bubbles come in and are confirmed once they are shown. A file that cannot go
// holds nothing up.

import { touch } from "./token.js";

const QUIET = 40_000; // ms without even a heartbeat: the connection is dead, whatever the phone thinks
const STILL = 20_000; // ms without a step forward: what was said after a file does not wait for it any more
const backoff = (n) => Math.min(15_000, 400 * 2 ** n) * (0.5 + Math.random());

// `token`: this tab's. `onBubble(id, message)`, `onTyping()`: a person writes to this page, `onLink(connected)`, `onStatus(item, "waiting"|"sending"|"sent"|"failed", code, percent)`.
export function openWire({ token, onBubble, onTyping, onLink, onStatus }) {
  const headers = { Authorization: "Bearer " + token };
  const outgoing = [];
  const shown = new Set();
  let unconfirmed = [];
  let sending = false;
  let confirming = false;
  let closed = false;
  let stream = null;
  const uploads = new Set();
  let heard = Date.now();
  const pauses = new Set();

  const hurry = () => pauses.forEach((end) => end());
  const pause = (ms) =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      pauses.add(end);
    });
  const post = (path, body) => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 20_000);
    return fetch(path, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: patience.signal,
    }).finally(() => clearTimeout(timer));
  };

  // A file, as it is. XMLHttpRequest, because fetch does not tell how much of it has gone. `moves()`: some more of it has.
  const upload = (item, moves) => {
    const request = new XMLHttpRequest();
    uploads.add(request);
    moves();
    return new Promise((resolve, reject) => {
      request.open("POST", "/chat/files");
      for (const [name, value] of Object.entries({ ...headers, "Chat-Message": item.body.id, "Chat-Language": item.body.language, "Content-Type": "application/octet-stream" }))
        request.setRequestHeader(name, value);
      request.timeout = 300_000;
      request.upload.onprogress = (event) => {
        moves();
        if (event.lengthComputable) onStatus(item, "sending", undefined, Math.floor((100 * event.loaded) / event.total));
      };
      request.onload = () =>
        resolve({
          ok: request.status >= 200 && request.status < 300,
          status: request.status,
          headers: { get: (name) => request.getResponseHeader(name) },
          json: async () => JSON.parse(request.responseText),
        });
      request.onerror = request.ontimeout = request.onabort = reject;
      request.send(item.file);
    }).finally(() => uploads.delete(request));
  };

  // Tries until it has gone, or is refused for good. `after`, called after each try, lets go on what waits behind it.
  async function carry(item, send, after = () => {}) {
    for (let tries = 0; !closed; tries += 1) {
      let wait = 0;
      try {
        const answer = await send();
        if (answer.ok) {
          touch();
          onStatus(item, "sent");
        } else if (answer.status === 429 || answer.status >= 500 || answer.status === 408) {
          wait = 1000 * Number(answer.headers.get("Retry-After") || 0) * (1 + Math.random() / 2) || backoff(tries);
        } else {
          const { code } = await answer.json().catch(() => ({}));
          onStatus(item, "failed", code);
        }
      } catch {
        wait = backoff(tries);
      }
      after();
      if (!wait || closed) return;
      onStatus(item, "waiting");
      await pause(wait);
    }
  }

  // A file: what was said after it comes after it as long as its first try gets on. Else it goes beside, whenever it can.
  const carryFile = (item) =>
    new Promise((free) => {
      let still = 0;
      const moves = () => {
        clearTimeout(still);
        still = setTimeout(free, STILL);
      };
      const after = () => {
        clearTimeout(still);
        free();
      };
      carry(item, () => upload(item, moves), after);
    });

  async function pump() {
    if (sending) return;
    sending = true;
    while (outgoing.length && !closed) {
      const item = outgoing[0];
      await (item.file ? carryFile(item) : carry(item, () => post("/chat/messages", item.body)));
      outgoing.shift();
    }
    sending = false;
  }

  async function confirm() {
    if (confirming) return;
    confirming = true;
    for (let tries = 0; unconfirmed.length && !closed; ) {
      const ids = unconfirmed.slice(0, 500);
      const done = await post("/chat/confirm", { ids }).then((answer) => answer.ok, () => false);
      if (done) {
        unconfirmed = unconfirmed.filter((id) => !ids.includes(id));
        tries = 0;
      } else await pause(backoff(tries++));
    }
    confirming = false;
  }

  function take(block) {
    const data = block
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trim())
      .join("\n");
    if (!data) return;
    const { id, message, typing } = JSON.parse(data);
    if (typing) return onTyping();
    if (!shown.has(id)) {
      shown.add(id);
      onBubble(id, message);
    }
    if (!unconfirmed.includes(id)) unconfirmed.push(id);
    confirm();
  }

  async function listen() {
    for (let tries = 0; !closed; ) {
      stream = new AbortController();
      heard = Date.now();
      try {
        const answer = await fetch("/chat/events", { headers, credentials: "omit", cache: "no-store", signal: stream.signal });
        if (!answer.ok) throw new Error(String(answer.status));
        const reader = answer.body.getReader();
        const decoder = new TextDecoder();
        let text = "";
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          heard = Date.now();
          if (tries !== -1) {
            tries = -1;
            onLink(true);
            hurry(); // the service is back: what waits goes out now
          }
          text += decoder.decode(value, { stream: true });
          for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) take(text.slice(0, end));
        }
      } catch {
        // lost: below
      }
      if (closed) return;
      onLink(false);
      tries += 1;
      await pause(backoff(tries));
    }
  }

  const watch = setInterval(() => {
    if (Date.now() - heard > QUIET) stream?.abort();
  }, 5000);
  const wake = () => {
    hurry();
    if (document.visibilityState === "visible" && Date.now() - heard > QUIET / 2) stream?.abort();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  listen();

  return {
    // `item.body` is the message with its id, `item.file` a file that goes in its place; the same item may be sent again, the service takes it once.
    send(item) {
      outgoing.push(item);
      onStatus(item, "waiting");
      pump();
    },
    // A hint, sent once or not at all.
    types() {
      post("/chat/typing", {}).catch(() => {});
    },
    close() {
      closed = true;
      clearInterval(watch);
      outgoing.length = 0;
      for (const request of uploads) request.abort();
      shown.clear();
      stream?.abort();
      hurry();
    },
  };
}
