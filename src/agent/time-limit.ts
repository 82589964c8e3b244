/** The time of one agent. It stands still while the agent waits for its subagents or for a person: what others take is theirs. */
import { performance } from "node:perf_hooks";

export class TimeLimit {
  readonly #onLate: () => void;
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #waits = 0;
  #isLate = false;

  /** Runs from now on; `onLate` is called once, when the time is over. */
  constructor(ms: number, onLate: () => void) {
    this.#leftMs = ms;
    this.#onLate = onLate;
    this.#run();
  }

  get isLate(): boolean {
    return this.#isLate;
  }

  async pausedDuring<T>(wait: () => Promise<T>): Promise<T> {
    this.#pause();
    try {
      return await wait();
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) this.#run();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leftMs = Number.POSITIVE_INFINITY;
  }

  #pause(): void {
    this.#waits += 1;
    if (this.#waits > 1) return;
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#since;
  }

  #run(): void {
    if (!Number.isFinite(this.#leftMs)) return;
    this.#since = performance.now();
    this.#timer = setTimeout(
      () => {
        this.#isLate = true;
        this.#onLate();
      },
      Math.max(0, this.#leftMs),
    );
  }
}
