/** The journal's whole vocabulary: facts, past tense, a closed union. A new fact is a new member here. */
import type { AgentFact, AgentId, ClaimAnswer, Question } from "./desk.ts";
import type { RefName, RepoPath, RunId, Sha, UnitId } from "./id.ts";
import type { FoundFile } from "./match.ts";
import type { Json, Plan, Unit } from "./plan.ts";
import type { Settings } from "./settings.ts";
import type { Spend } from "./spend.ts";
import type { Reason } from "./worker.ts";

/** The journal format that this version writes; a newer one is refused. */
export const journalVersion = 1;

/** `at` is milliseconds since the epoch; `seq` starts at 0 and has no gaps. */
export interface JournalLine {
  readonly v: typeof journalVersion;
  readonly seq: number;
  readonly at: number;
  readonly event: RunEvent;
}

/** The process that runs the loop, told apart from a later one with the same pid. */
export interface Runner {
  readonly pid: number;
  /** The kernel's start time of the process, in clock ticks since boot. */
  readonly startTime: string;
  readonly boot: string;
}

export type AttemptOutcome =
  | {
      readonly type: "completed";
      /** The unit's commit; the attempt's base where the unit owns nothing. */
      readonly head: Sha;
      readonly changed: readonly RepoPath[];
      readonly summary: string;
      readonly artifacts: readonly string[];
      /** Of several approaches: whose work it is; older journals do not say. */
      readonly chosen?: number;
    }
  | {
      readonly type: "refused";
      readonly reason: Reason;
      readonly changed: readonly RepoPath[];
      readonly summary: string;
    }
  /** We stopped it; what it left, and had changed by then, is in the snapshot. `log` is what it printed, relative to the run's
   *  folder. */
  | { readonly type: "stopped"; readonly log?: string; readonly changed?: readonly RepoPath[] }
  /** It was spoken to after its unit had ended, and changed nothing. */
  | { readonly type: "answered"; readonly summary: string }
  /** It waits for a person; what it left is in the snapshot, and it goes on from there once somebody has answered. */
  | { readonly type: "parked"; readonly summary: string };

/** What an attempt left. `snapshot` is absent where nothing was left; `left` names what no commit can hold. */
export interface Leavings {
  readonly snapshot?: Sha;
  readonly left?: readonly string[];
  /** Its worktree was ready, and so was what it had to go on from. */
  readonly begun?: true;
}

/** One more attempt of the same unit at the same time. */
export interface Approach {
  readonly attempt: number;
  readonly slot: number;
}

/** An attempt that was cut off, from which the next one can go on. */
export interface Cut {
  readonly attempt: number;
  readonly base: Sha;
  /** What it left; absent where it had changed nothing. */
  readonly snapshot?: Sha;
}

export interface LeftBehind {
  readonly attempt: number;
  readonly leavings: Leavings;
}

/** What an agent of a killed runner had spent. */
export interface UntoldSpend {
  readonly agent: AgentId;
  readonly attempt: number;
  readonly spend: Spend;
}

/** What a candidate weaves into the integration branch: a unit's commit, or the target's new tip. */
export type MergeSubject =
  | { readonly type: "unit"; readonly unit: UnitId; readonly attempt: number }
  | { readonly type: "target" };

export type MergeOutcome =
  | { readonly type: "merged"; readonly commit: Sha }
  | { readonly type: "conflict"; readonly paths: readonly RepoPath[]; readonly message: string }
  | { readonly type: "check_failed"; readonly reason: Reason };

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** One line: why it is red. */
  readonly message?: string;
  /** A file in the run's folder, relative to it. */
  readonly log?: string;
  readonly tail?: string;
  /** What a rule of doneWhen still finds. */
  readonly left?: readonly FoundFile[];
}

export type StopWhy = "timed_out" | "cancelled" | "interrupted";

export type RunOutcome =
  | "complete"
  | "partial"
  | "failed"
  | "over_budget"
  | "cancelled"
  | "awaiting_approval"
  | "interrupted"
  | "provider_unavailable";

export type Refusal = {
  readonly type:
    | "local_edits"
    | "conflict"
    | "check_failed"
    | "target_missing"
    | "target_moved"
    | "not_possible";
  readonly message: string;
  readonly paths: readonly string[];
};

export type RunEvent =
  | {
      readonly type: "run-started";
      readonly run: RunId;
      readonly version: string;
      readonly plan: Plan;
      readonly settings: Settings;
      readonly runner: Runner;
      /** What it cost where a model made the plan. */
      readonly planning?: Spend;
    }
  | { readonly type: "run-resumed"; readonly runner: Runner }
  | {
      readonly type: "approval-asked";
      readonly id: string;
      readonly unit: UnitId;
      /** What an agent at work wants to know; absent where the unit itself asks whether it may start. */
      readonly question?: Question;
    }
  | {
      readonly type: "approval-answered";
      readonly id: string;
      readonly answer: "approved" | "denied";
      readonly text?: string;
    }
  | {
      readonly type: "unit-started";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly base: Sha;
      readonly slot: number;
      /** The attempt that was cut off and that this one goes on with. */
      readonly continues?: number;
      /** Worked on several ways at once: the further attempts, each with its worktree. */
      readonly others?: readonly Approach[];
    }
  | {
      readonly type: "unit-stopping";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly why: StopWhy;
    }
  | {
      readonly type: "unit-finished";
      readonly unit: UnitId;
      readonly attempt: number;
      readonly outcome: AttemptOutcome;
      readonly leavings: Leavings;
      readonly spend?: Spend;
      /** What the attempts left that were made at the same time and not chosen. */
      readonly others?: readonly LeftBehind[];
    }
  | {
      readonly type: "unit-interrupted";
      readonly unit: UnitId;
      readonly attempt: number;
      /** What it was being stopped for when its runner was killed; older journals do not say, and it was tried again. */
      readonly stopping?: StopWhy;
      readonly leavings: Leavings;
      /** What its agents had spent that was not in the journal yet: a call in flight counts with all that was reserved. */
      readonly spend?: Spend;
      /** Whose it was; older journals do not say. */
      readonly spent?: readonly UntoldSpend[];
      readonly others?: readonly LeftBehind[];
    }
  | (AgentFact & { readonly unit: UnitId; readonly attempt: number })
  | {
      readonly type: "claim-answered";
      readonly unit: UnitId;
      readonly agent: AgentId;
      readonly paths: readonly RepoPath[];
      readonly answer: ClaimAnswer;
    }
  | {
      readonly type: "message-sent";
      /** `person`, or `unit/agent`. */
      readonly from: string;
      readonly unit: UnitId;
      /** Absent: the unit's first agent. */
      readonly agent?: AgentId;
      readonly text: string;
      /** The unit had ended: it works again. */
      readonly reopens?: true;
    }
  | {
      readonly type: "context-written";
      /** `unit/agent`. */
      readonly by: string;
      readonly key: string;
      /** `null` removes the key. */
      readonly value: Json;
    }
  | { readonly type: "unit-cancelled"; readonly unit: UnitId }
  | {
      readonly type: "merge-started";
      readonly subject: MergeSubject;
      readonly onto: Sha;
      readonly head: Sha;
    }
  | {
      readonly type: "candidate-made";
      readonly subject: MergeSubject;
      readonly commit: Sha;
      readonly tree: Sha;
    }
  | { readonly type: "check-started"; readonly commit: Sha; readonly name: string }
  | { readonly type: "check-stopping"; readonly commit: Sha }
  | { readonly type: "check-interrupted"; readonly commit: Sha }
  | { readonly type: "check-finished"; readonly commit: Sha; readonly result: CheckResult }
  | {
      readonly type: "merge-finished";
      readonly subject: MergeSubject;
      readonly outcome: MergeOutcome;
    }
  | { readonly type: "run-paused" }
  | { readonly type: "run-continued" }
  | { readonly type: "run-cancelled"; readonly why: string }
  /** `limits.runTimeout` passed: what is not merged by now never will be. */
  | { readonly type: "run-timed-out" }
  | {
      readonly type: "run-interrupted";
      readonly why: string;
      /** Nobody can reach the model: the run goes on once it can be reached again. */
      readonly cause?: "provider";
      readonly signal?: "SIGINT" | "SIGTERM";
    }
  /** All units have ended, and rules of doneWhen still find something: units for that, from 1 on. */
  | { readonly type: "round-started"; readonly round: number; readonly units: readonly Unit[] }
  /** What the units came to, summed up by a model. */
  | { readonly type: "run-summarised"; readonly text: string; readonly spend: Spend }
  | { readonly type: "run-finished"; readonly outcome: RunOutcome }
  | { readonly type: "land-asked" }
  | { readonly type: "target-seen"; readonly tip: Sha | null; readonly contained: boolean }
  | {
      readonly type: "land-started";
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
    }
  | { readonly type: "landed"; readonly target: RefName; readonly old: Sha; readonly new: Sha }
  | { readonly type: "land-refused"; readonly refusal: Refusal }
  | { readonly type: "undo-asked" }
  | {
      readonly type: "undo-started";
      readonly target: RefName;
      readonly old: Sha;
      readonly new: Sha;
    }
  | { readonly type: "undone"; readonly target: RefName; readonly old: Sha; readonly new: Sha }
  | { readonly type: "undo-refused"; readonly refusal: Refusal }
  | { readonly type: "clean-asked"; readonly discard: boolean }
  | {
      readonly type: "cleaned";
      readonly removed: readonly string[];
      readonly kept: readonly string[];
    };
