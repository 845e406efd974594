// A look at the server that many changes ask for. Never two at a time; and after one that took long there is a pause that is longer still, so
// that a busy desk is not kept busy by those who look at it.

const MOST = 3000; // ms: however slow the server is, nobody looks at what was for longer

/** `look` fetches and shows. `now()` gives a promise of a look that begins after the call; `soon()` waits for more changes, `pause` ms at
 *  least, and is not put off by them; `later()` does the same and waits for `long` ms; `rest()` forgets what was asked for. */
export function gathered(look, pause, long = pause) {
  let timer = null;
  let due = 0;
  let running = null;
  let next = null;
  let took = 0;

  function now() {
    clearTimeout(timer);
    timer = null;
    if (running) {
      next ??= running
        .catch(() => {})
        .then(() => {
          next = null;
          return now();
        });
      return next;
    }
    const begun = performance.now();
    running = look().finally(() => {
      took = performance.now() - begun;
      running = null;
    });
    return running;
  }

  function within(wait) {
    const wanted = performance.now() + Math.min(MOST, Math.max(wait, 2 * took));
    if (timer && due <= wanted) return;
    clearTimeout(timer);
    due = wanted;
    timer = setTimeout(() => {
      timer = null;
      if (navigator.onLine) void now().catch(() => {}); // when the line is back, all is asked for anew
    }, wanted - performance.now());
  }

  return {
    now,
    soon: () => within(pause),
    later: () => within(long),
    rest() {
      clearTimeout(timer);
      timer = null;
    },
  };
}

/** Lets the browser do what waits (a key that was pressed, a frame to be drawn) before what comes next. */
export const breathe = () => (globalThis.scheduler?.yield ? scheduler.yield() : new Promise((next) => setTimeout(next)));
