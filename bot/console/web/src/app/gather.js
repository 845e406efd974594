// A look at the server that many changes ask for. Never two at a time; and after one that took long there is a pause that is longer still, so
// that a busy desk is not kept busy by those who look at it.

const MOST = 3000; // ms: however slow the server is, nobody looks at what was for longer
const AGAIN = 2000; // ms after a look that did not come; twice as long after each further one
const AGAIN_MOST = 30_000;
let signedIn = 0; // how many have been: nothing is looked at for who has gone

/** Somebody leaves: what failed is not asked for again. */
export const restAll = () => {
  signedIn += 1;
};

/** Whether something did not come, and may come at the next try. */
const passes = (problem) => problem instanceof Error && (["offline", "busy"].includes(problem.code) || problem.status >= 500);

/** `look` fetches and shows; if it throws, or gives, a problem that passes, it is repeated. `now()` gives a promise of a look that begins after the call; `soon()`
 *  waits for more changes, `pause` ms at least, and is not put off by them; `later()` does the same and waits for `long` ms; `rest()` forgets what was asked for. */
export function gathered(look, pause, long = pause) {
  let timer = null;
  let due = 0;
  let running = null;
  let next = null;
  let took = 0;
  let failed = 0; // looks, one after the other
  let rests = 0;

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
    const of = [rests, signedIn];
    running = look()
      .then(
        (given) => ended(given, of),
        (problem) => {
          ended(problem, of);
          throw problem;
        },
      )
      .finally(() => {
        took = performance.now() - begun;
        running = null;
      });
    return running;
  }

  function ended(given, [rest, who]) {
    failed = passes(given) ? failed + 1 : 0;
    if (failed && rest === rests && who === signedIn) within(Math.min(AGAIN_MOST, AGAIN * 2 ** (failed - 1)), AGAIN_MOST, who);
  }

  function within(wait, most = MOST, who = null) {
    const wanted = performance.now() + Math.min(most, Math.max(wait, 2 * took));
    if (timer && due <= wanted) return;
    clearTimeout(timer);
    due = wanted;
    timer = setTimeout(() => {
      timer = null;
      if (who !== null && who !== signedIn) return;
      if (navigator.onLine) void now().catch(() => {}); // when the line is back, all is asked for anew
    }, wanted - performance.now());
  }

  return {
    now,
    soon: () => within(pause),
    later: () => within(long),
    rest() {
      rests += 1;
      clearTimeout(timer);
      timer = null;
    },
  };
}

/** Lets the browser do what waits (a key that was pressed, a frame to be drawn) before what comes next. */
export const breathe = () => (globalThis.scheduler?.yield ? scheduler.yield() : new Promise((next) => setTimeout(next)));
