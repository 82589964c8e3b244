/** Time as waiting for a provider needs it; tests have one of their own. */

export interface ModelClock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Settles after `ms`, or as soon as the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const timerMsMax = 2 ** 31 - 1;

export const realClock: ModelClock = {
  now: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, timerMsMax));
      signal.addEventListener("abort", end, { once: true });
    }),
};
