/** Who may be at work, over the whole run: one roster for all units. A place is held only while an agent really works; whoever
 *  waits for its subagents or for a person gives it back, so that waiting can never keep others from being waited for. */
import { invariant } from "../core/failure.ts";

export interface RosterLimits {
  /** At work at once. */
  readonly agents: number;
  /** Subagents that one agent has at once. */
  readonly agentsPerParent: number;
  /** Subagents that a run starts in all. */
  readonly agentsPerRun: number;
  /** Levels of subagents: 1 means that subagents start none. */
  readonly depth: number;
}

interface Waiter {
  readonly enter: () => void;
}

export class Roster {
  readonly limits: RosterLimits;
  #working = 0;
  /** The subagents that are told to the journal, one after the other. */
  #admitted: Promise<unknown> = Promise.resolve();
  /** Those who come back go before those who begin: they hold work that is half done. */
  readonly #returning: Waiter[] = [];
  readonly #beginning: Waiter[] = [];

  constructor(limits: RosterLimits) {
    this.limits = limits;
  }

  get working(): number {
    return this.#working;
  }

  /** Whether a newcomer would have to wait. */
  get isFull(): boolean {
    return this.#working >= this.limits.agents;
  }

  /** Waits for a place, first come, first served; false where the signal aborted first. */
  enter(signal: AbortSignal): Promise<boolean> {
    return this.#wait(this.#beginning, signal);
  }

  leave(): void {
    invariant(this.#working > 0, "only who is at work leaves");
    this.#working -= 1;
    this.#call();
  }

  /** As `enter`, for an agent that has only been away. */
  comeBack(signal: AbortSignal): Promise<boolean> {
    return this.#wait(this.#returning, signal);
  }

  /** Starts one more subagent if the run may: `started` says how many the journal knows, `start` writes it there. */
  admit(started: () => number, start: () => Promise<void>): Promise<boolean> {
    const admitted = this.#admitted.then(async () => {
      if (started() >= this.limits.agentsPerRun) return false;
      await start();
      return true;
    });
    this.#admitted = admitted.catch(() => undefined);
    return admitted;
  }

  #wait(queue: Waiter[], signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const onAbort = () => {
        queue.splice(queue.indexOf(waiter), 1);
        resolve(false);
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener("abort", onAbort);
          resolve(true);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.push(waiter);
      this.#call();
    });
  }

  #call(): void {
    while (!this.isFull) {
      const next = this.#returning.shift() ?? this.#beginning.shift();
      if (next === undefined) return;
      this.#working += 1;
      next.enter();
    }
  }
}

/** One agent's place in the roster. */
export class Seat {
  readonly #roster: Roster;
  readonly #signal: AbortSignal;
  #held = false;
  #away = 0;

  constructor(roster: Roster, signal: AbortSignal) {
    this.#roster = roster;
    this.#signal = signal;
  }

  /** False where the signal aborted first. */
  async take(): Promise<boolean> {
    this.#held = await this.#roster.enter(this.#signal);
    return this.#held;
  }

  give(): void {
    if (this.#held) this.#roster.leave();
    this.#held = false;
  }

  /** Does work during which the agent only waits; it is back at work when the last of such work has ended. */
  async away<T>(work: () => Promise<T>): Promise<T> {
    this.#away += 1;
    if (this.#away === 1) this.give();
    try {
      return await work();
    } finally {
      this.#away -= 1;
      if (this.#away === 0) this.#held = await this.#roster.comeBack(this.#signal);
    }
  }
}
