/** The two deadlines of a turn and the signal of whoever asked, as one signal that can be told apart afterwards: an aborted
 *  stream ends without a word. */
import { setMaxListeners } from "node:events";

export type TurnEnd = "stopped" | "idle" | "too_long";

export interface TurnOptions {
  readonly idleTimeoutMs: number;
  readonly turnTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface TurnWatch {
  /** Aborts when the turn must end. */
  readonly signal: AbortSignal;
  /** Why it aborted. */
  ended(): TurnEnd | undefined;
  /** Something of the answer came. */
  heard(): void;
  /** The turn is over: nothing is left behind. */
  dispose(): void;
}

const timerMsMax = 2 ** 31 - 1;

export function watchTurn({ idleTimeoutMs, turnTimeoutMs, signal }: TurnOptions): TurnWatch {
  const controller = new AbortController();
  let end: TurnEnd | undefined;
  let lastHeard = performance.now();
  const endAs = (why: TurnEnd) => {
    end ??= why;
    controller.abort();
  };
  const stop = () => endAs("stopped");
  // One signal stops many turns at once; that is no leak to warn of.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const total = setTimeout(() => endAs("too_long"), Math.min(turnTimeoutMs, timerMsMax));
  // A stream has thousands of chunks: they only leave the time, and the timer looks at it when it comes.
  const look = () => {
    const leftMs = lastHeard + idleTimeoutMs - performance.now();
    if (leftMs <= 0) endAs("idle");
    else idle = setTimeout(look, Math.min(Math.ceil(leftMs), timerMsMax));
  };
  let idle = setTimeout(look, Math.min(idleTimeoutMs, timerMsMax));
  return {
    signal: controller.signal,
    ended: () => end,
    heard: () => {
      lastHeard = performance.now();
    },
    dispose: () => {
      clearTimeout(total);
      clearTimeout(idle);
      signal.removeEventListener("abort", stop);
    },
  };
}
