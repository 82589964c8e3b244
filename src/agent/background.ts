/** The subagents of one agent that work while it goes on. It waits for them; it never ends them. */
import type { AgentId } from "../core/desk.ts";
import type { AgentEnd, AgentFinal } from "./transcript-line.ts";

export class Background {
  readonly #under = new Map<AgentId, Promise<void>>();
  readonly #ended = new Map<AgentId, AgentFinal>();
  readonly #parked = new Set<AgentId>();

  has(child: AgentId): boolean {
    return this.#under.has(child) || this.#parked.has(child);
  }

  add(child: AgentId, end: Promise<AgentEnd>): void {
    const settled = end.then((how) => {
      this.#under.delete(child);
      if (how.type === "parked" || how.type === "stopped") this.#parked.add(child);
      else this.#ended.set(child, how);
    });
    this.#under.set(child, settled);
  }

  /** Those that have ended and were not taken yet. */
  take(): readonly (readonly [AgentId, AgentFinal])[] {
    const taken = [...this.#ended];
    this.#ended.clear();
    return taken;
  }

  /** There are some, and all of them wait for a person. */
  get areAllParked(): boolean {
    return this.#parked.size > 0 && this.#under.size === 0 && this.#ended.size === 0;
  }

  /** Settles when one has ended, when none is under way, or when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.#ended.size > 0 || this.#under.size === 0 || signal.aborted) return;
    const aborted = new AbortController();
    const abort = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true, signal: aborted.signal });
    });
    try {
      await Promise.race([abort, ...this.#under.values()]);
    } finally {
      aborted.abort();
    }
  }

  /** Settles when none is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#under.values());
  }
}
