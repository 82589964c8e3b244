/** The port every worker fits: our own agent, another agent's CLI, a codemod, a far machine. */
import type { AccountLevel } from "./budget.ts";
import type { Desk, Message } from "./desk.ts";
import type { Glob, RepoPath, RunId, Sha, UnitId } from "./id.ts";
import type { Aggregate, Check, Json } from "./plan.ts";

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
  /** Of `over_budget`: whose budget. */
  readonly level?: AccountLevel;
  /** Another try of the same would end alike. */
  readonly final?: true;
}

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
  /** Roles of our own agents that work one after the other; none means one coder. */
  readonly agents: readonly string[];
  /** Whether a person is asked before each further agent starts; `auto` if absent. */
  readonly approval?: "auto" | "required";
  /** How summaries of its agents are combined. */
  readonly aggregate?: Aggregate;
  /** The attempt that was cut off and that this one goes on with: its changes are in the worktree, its transcripts in the record. */
  readonly continues?: number;
  /** What was said to the unit after it had ended: the conversation goes on with that. */
  readonly told?: readonly Message[];
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

/** Chooses among attempts at one unit that all passed their checks. */
export interface Judge {
  /** Undefined where it was stopped. Settles soon after `signal` aborts. */
  choose(
    question: {
      readonly assignment: Assignment;
      readonly candidates: readonly {
        readonly attempt: number;
        readonly summary: string;
        readonly changed: readonly RepoPath[];
        readonly diff: string;
      }[];
    },
    desk: Desk,
    signal: AbortSignal,
  ): Promise<{ readonly attempt: number; readonly why: string } | undefined>;
}

export type WorkOutcome =
  | {
      readonly type: "done";
      readonly summary: string;
      readonly artifacts: readonly string[];
      /** It was spoken to after its end, and what it says is an answer, no work. */
      readonly answers?: true;
    }
  | {
      readonly type: "failed";
      readonly message: string;
      readonly summary: string;
      readonly log?: string;
      /** `worker_failed` if absent. */
      readonly reason?: "worker_failed" | "over_budget" | "out_of_turns" | "denied" | "timed_out";
      /** Of `over_budget`: whose budget. */
      readonly level?: AccountLevel;
    }
  /** It waits for a person, and nobody is there: the same attempt goes on once somebody has answered. */
  | { readonly type: "parked"; readonly summary: string }
  | { readonly type: "stopped" };

/** Contract: expected failures are outcomes, not exceptions. Changes are left in the worktree, uncommitted.
 *  Settles soon after `signal` aborts, with `stopped`, and leaves no process behind. Throws a Failure only where nobody
 *  can go on: the machine (disk full, no sandbox), or the provider of the model. */
export interface Worker {
  readonly name: string;
  work(assignment: Assignment, place: Place, desk: Desk, signal: AbortSignal): Promise<WorkOutcome>;
}
