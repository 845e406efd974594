// Whether somebody's hands are at this page. What the page asks for while nobody touches it says so, and keeps no session alive.

const RECENT = 60_000; // ms
let touched = Date.now();

for (const name of ["pointerdown", "keydown", "wheel", "input", "click"]) {
  globalThis.addEventListener?.(
    name,
    (event) => {
      if (event.isTrusted) touched = Date.now();
    },
    { capture: true, passive: true },
  );
}

/** Headers for a request of now. */
export const byItself = () => (Date.now() - touched > RECENT ? { "X-By-Itself": "1" } : {});
