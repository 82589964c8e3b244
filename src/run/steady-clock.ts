/** Time that never goes back, whatever is done to the machine's clock: deadlines of a run hang on it. */
import type { Clock } from "./hands.ts";

const timerMsMax = 2 ** 31 - 1;

/** Wall-clock time as it was when we began, and from then on what has passed since. */
export function steadyClock(): Clock {
  const begun = Date.now() - performance.now();
  return {
    now: () => Math.floor(begun + performance.now()),
    after: (ms, call) => {
      const timer = setTimeout(call, Math.min(ms, timerMsMax));
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** The same clock, put on where the journal is ahead of it: somebody has turned the machine's clock back since, and an attempt
 *  that begins after the last line would else have to wait for that time before its own begins to run. */
export function notBefore(clock: Clock, at: number): Clock {
  const ahead = Math.max(0, at - clock.now());
  return ahead === 0 ? clock : { ...clock, now: () => clock.now() + ahead };
}
