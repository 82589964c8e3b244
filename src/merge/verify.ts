/** Verifying: the checks run on the very tree that is to become the tip, in one worktree of ours that holds nothing else. A check
 *  that cannot run is red. It must never verify a branch in place of the merged tree. */
import type { CheckResult, RunEvent } from "../core/event.ts";
import type { Sha } from "../core/id.ts";
import type { MatchCheck } from "../core/match.ts";
import { type Check, type Completion, isMatchCheck } from "../core/plan.ts";
import { prepareSlot, type Slot } from "../git/slot.ts";
import type { SlotPool } from "../git/worktree.ts";

/** How a check is run and a worktree made fit for it; the run hands both in, since attempts do the same. */
export interface CheckTools {
  /** `timeoutMs` bounds all of it. */
  setUp(slot: Slot, timeoutMs: number, signal: AbortSignal): Promise<ReadySlot>;
  runCheck(check: Check, slot: Slot, log: string, signal: AbortSignal): Promise<CheckResult>;
  /** Looks into the commit itself: it needs no worktree. */
  runMatchCheck(
    check: MatchCheck,
    commit: Sha,
    log: string,
    signal: AbortSignal,
  ): Promise<CheckResult>;
}

export type ReadySlot =
  | { readonly type: "ready" }
  | {
      readonly type: "failed";
      readonly message: string;
      /** Relative to the run's folder. */
      readonly log: string;
      readonly tail: string;
    }
  | { readonly type: "stopped" };

export interface CheckRequest {
  readonly commit: Sha;
  readonly check: Completion;
  readonly position: number;
}

/** The integration worktree: prepared once for each commit, then used by its checks one after the other. */
export class Verifier {
  readonly #pool: SlotPool;
  readonly #tools: CheckTools;
  readonly #lane: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #running = new Map<string, { stop: AbortController; ended: Promise<unknown> }>();
  #prepared: { readonly commit: Sha; readonly slot: Slot; readonly ready: ReadySlot } | undefined;

  constructor(pool: SlotPool, tools: CheckTools, lane: <T>(work: () => Promise<T>) => Promise<T>) {
    this.#pool = pool;
    this.#lane = lane;
    this.#tools = tools;
  }

  /** Answers with check-finished, or check-interrupted where it was stopped. */
  async check(request: CheckRequest): Promise<RunEvent> {
    const stop = new AbortController();
    const ended = this.#check(request, stop.signal);
    this.#running.set(keyOf(request), { stop, ended: ended.catch(() => undefined) });
    return ended;
  }

  /** Answers with nothing where the check itself answers, with check-interrupted where none was begun. */
  async stop(request: Pick<CheckRequest, "commit" | "position">): Promise<readonly RunEvent[]> {
    const running = this.#running.get(keyOf(request));
    if (running === undefined) return [{ type: "check-interrupted", commit: request.commit }];
    running.stop.abort();
    await running.ended;
    return [];
  }

  abandon(): void {
    for (const { stop } of this.#running.values()) stop.abort();
  }

  async #check({ commit, check, position }: CheckRequest, signal: AbortSignal): Promise<RunEvent> {
    const interrupted: RunEvent = { type: "check-interrupted", commit };
    try {
      if (isMatchCheck(check)) {
        const log = logOf(commit, position);
        const result = await this.#tools.runMatchCheck(check, commit, log, signal);
        return signal.aborted ? interrupted : { type: "check-finished", commit, result };
      }
      const { slot, ready } = await this.#prepare(commit, check.timeoutMs, signal);
      if (ready.type === "stopped") return interrupted;
      const result =
        ready.type === "failed"
          ? unready(check, ready)
          : await this.#tools.runCheck(check, slot, logOf(commit, position), signal);
      return signal.aborted ? interrupted : { type: "check-finished", commit, result };
    } catch (error) {
      if (signal.aborted) return interrupted;
      throw error;
    }
  }

  async #prepare(commit: Sha, timeoutMs: number, signal: AbortSignal) {
    if (this.#prepared?.commit === commit) return this.#prepared;
    this.#prepared = undefined;
    const content = { base: commit, checkout: { mode: "full" } } as const;
    const slot = await this.#lane(() =>
      prepareSlot(this.#pool, "integration", content, { signal }),
    );
    const ready = await this.#tools.setUp(slot, timeoutMs, signal);
    const prepared = { commit, slot, ready };
    if (ready.type === "ready") this.#prepared = prepared;
    return prepared;
  }
}

function unready({ name }: Check, ready: ReadySlot & { type: "failed" }): CheckResult {
  const { message, log, tail } = ready;
  return { name, passed: false, seconds: 0, message, log, tail };
}

function keyOf({ commit, position }: Pick<CheckRequest, "commit" | "position">): string {
  return `${commit} ${position}`;
}

/** Relative to the run's folder. */
function logOf(commit: Sha, position: number): string {
  return `checks/${commit.slice(0, 12)}-${position + 1}.log`;
}
