/** Virtual time: everything that waits, waits here, and the driver decides what happens next. */
import type { Clock } from "../../src/run/hands.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
  cancelled: boolean;
}

export class Timeline implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #order = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): { cancel(): void } {
    const timer: Timer = { at: this.#now + ms, order: this.#order++, call, cancelled: false };
    let at = this.#timers.length;
    while (at > 0 && isLater(this.#timers[at - 1], timer)) at--;
    this.#timers.splice(at, 0, timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Calls the next timer; false if there is none. */
  advance(): boolean {
    for (;;) {
      const timer = this.#timers.shift();
      if (timer === undefined) return false;
      if (timer.cancelled) continue;
      this.#now = timer.at;
      timer.call();
      return true;
    }
  }

  /** The plug is pulled: nobody who waited will ever hear. */
  forget(): void {
    this.#timers = [];
  }
}

function isLater(timer: Timer | undefined, than: Timer): boolean {
  if (timer === undefined) return false;
  return timer.at > than.at || (timer.at === than.at && timer.order > than.order);
}
