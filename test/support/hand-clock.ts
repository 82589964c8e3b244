/** A clock that goes on only when a test says so. */
import type { ModelClock } from "../../src/host/model-clock.ts";

export interface HandClock extends ModelClock {
  /** Lets time pass, and all that waited for it go on. */
  pass(ms: number): Promise<void>;
  /** Lets as much time pass as anybody waits for, again and again, until nobody waits any more; answers with each wait. */
  passAll(): Promise<readonly number[]>;
}

const roundsMax = 1_000;

export function handClock(): HandClock {
  let now = 0;
  const waits = new Set<{ readonly until: number; readonly end: () => void }>();
  const pass = async (ms: number) => {
    now += ms;
    for (const wait of [...waits].filter(({ until }) => until <= now)) wait.end();
    await settled();
  };
  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const end = () => {
          waits.delete(wait);
          signal.removeEventListener("abort", end);
          resolve();
        };
        const wait = { until: now + ms, end };
        waits.add(wait);
        signal.addEventListener("abort", end, { once: true });
      }),
    pass,
    passAll: async () => {
      const passed: number[] = [];
      await settled();
      for (let round = 0; waits.size > 0 && round < roundsMax; round += 1) {
        const ms = Math.min(...[...waits].map(({ until }) => until)) - now;
        passed.push(ms);
        await pass(ms);
      }
      return passed;
    },
  };
}

/** All that can go on without time passing has. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
