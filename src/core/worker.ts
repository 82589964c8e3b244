/** The port every worker fits: our own agent, another agent's CLI, a codemod, a far machine. */
import type { Glob, RepoPath, RunId, Sha, UnitId } from "./id.ts";
import type { Check, Json } from "./plan.ts";

/** Why work did not land, in the words of the contract. */
export type ReasonType =
  | "conflict"
  | "check_failed"
  | "strayed"
  | "no_change"
  | "worker_failed"
  | "timed_out"
  | "over_budget"
  | "out_of_turns"
  | "denied"
  | "cancelled"
  | "dependency_failed";

export interface Reason {
  readonly type: ReasonType;
  /** One line. */
  readonly message: string;
  /** The strays of `strayed`, the conflicting files of `conflict`. */
  readonly paths: readonly RepoPath[];
  /** A file in the run's folder, relative to it. */
  readonly log?: string;
  /** The last characters of the failed check's output, at most 5,000. */
  readonly tail?: string;
}

export interface Spend {
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
}

export const noSpend: Spend = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, usd: 0 };

/** One attempt of one unit, as plain data: it can cross a queue unchanged. */
export interface Assignment {
  readonly run: RunId;
  readonly unit: UnitId;
  readonly attempt: number;
  readonly base: Sha;
  readonly title: string;
  readonly instructions: string;
  readonly goal: string;
  readonly owns: readonly Glob[];
  /** The files at `base` that the unit owns. */
  readonly files: readonly RepoPath[];
  readonly checks: readonly Check[];
  readonly timeoutMs: number;
  readonly context: readonly Json[];
  /** Summaries of the units this one comes after. */
  readonly given: readonly { readonly unit: UnitId; readonly summary: string }[];
  /** Why the attempt before was refused. */
  readonly previous?: Reason;
}

/** Where the work is done on this machine; a far machine makes its own. */
export interface Place {
  /** Absolute path of the worktree. */
  readonly worktree: string;
  /** Absolute path of the folder for task, result, inbox and outbox, outside the worktree. */
  readonly exchange: string;
  /** Absolute path of the folder for this attempt's logs. */
  readonly record: string;
}

/** Live noise for the eyes: may be dropped, never replayed. */
export interface Activity {
  readonly unit: UnitId;
  readonly text: string;
}

/** What a worker may ask of the run while it works. */
export interface Desk {
  report(activity: Activity): void;
}

export type WorkOutcome =
  | { readonly type: "done"; readonly summary: string; readonly artifacts: readonly string[] }
  | {
      readonly type: "failed";
      readonly message: string;
      readonly summary: string;
      readonly log?: string;
    }
  | { readonly type: "stopped" };

/** Contract: expected failures are outcomes, not exceptions. Changes are left in the worktree, uncommitted.
 *  Settles soon after `signal` aborts, with `stopped`, and leaves no process behind. Throws a Failure only where the
 *  machine itself cannot go on (disk full, no sandbox). */
export interface Worker {
  readonly name: string;
  work(assignment: Assignment, place: Place, desk: Desk, signal: AbortSignal): Promise<WorkOutcome>;
}
