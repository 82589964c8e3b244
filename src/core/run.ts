/** What is so: the state of a run, the fold of its journal. Status, resume, report and every view are this value. */

import type { CleanDepth } from "./action.ts";
import type {
  AgentId,
  AgentStatus,
  ContextEntry,
  InvocationKind,
  Message,
  Question,
} from "./desk.ts";
import type {
  Approach,
  CheckResult,
  Cut,
  MergeSubject,
  Refusal,
  Runner,
  RunOutcome,
  StopWhy,
} from "./event.ts";
import type { RefName, RepoPath, RunId, Sha, UnitId } from "./id.ts";
import type { Plan } from "./plan.ts";
import type { Settings } from "./settings.ts";
import type { Spend } from "./spend.ts";
import type { Reason } from "./worker.ts";

/** Impossible states cannot be written; the names outside are the contract's. */
export type UnitPhase =
  /** Waits for the units it comes after, for a slot, or (attempt > 0) for another try. */
  | { readonly phase: "waiting" }
  | { readonly phase: "awaiting_approval"; readonly request: string }
  | {
      readonly phase: "running";
      readonly attempt: number;
      readonly base: Sha;
      readonly slot: number;
      readonly since: number;
      /** Goes on with an attempt that was cut off. */
      readonly continues?: Cut;
      /** The further attempts, where it is worked on several ways at once. */
      readonly others: readonly Approach[];
      /** Since when one of its agents waits for a person, and how long they waited before: no time of the attempt's own. */
      readonly askingSince?: number;
      readonly askedMs: number;
      readonly stopping?: StopWhy;
      /** Begun by a runner that was killed: nobody works on it now. */
      readonly lost: boolean;
    }
  /** Accepted in its own worktree, waiting in the merge queue. */
  | { readonly phase: "completed"; readonly head: Sha }
  | { readonly phase: "merging"; readonly head: Sha }
  /** `commit` is absent for a unit that owns nothing. */
  | { readonly phase: "merged"; readonly commit?: Sha }
  | { readonly phase: "failed" | "cancelled" | "timed_out"; readonly reason: Reason };

export type EndedPhase = Extract<
  UnitPhase,
  { phase: "merged" | "failed" | "cancelled" | "timed_out" }
>;

/** One of our own agents, as the journal knows it. */
export interface AgentState {
  readonly agent: AgentId;
  readonly attempt: number;
  readonly parent?: AgentId;
  readonly role: string;
  readonly kind: InvocationKind;
  readonly status: AgentStatus;
  readonly turns: number;
  readonly spend: Spend;
  readonly estimated: boolean;
  /** Its last words. */
  readonly said: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Not by its own end, but with its attempt. */
  readonly isCutOff?: true;
}

/** What somebody is, or was, asked to approve. */
export interface Approval {
  readonly id: string;
  readonly unit: UnitId;
  readonly question?: Question;
  readonly askedAt: number;
  readonly answer?: "approved" | "denied";
  readonly text?: string;
}

export interface UnitState {
  readonly id: UnitId;
  readonly at: UnitPhase;
  /** The number of the last attempt started; 0 before the first. */
  readonly attempts: number;
  /** The first of those that were started last; there are several where it is worked on several ways at once. */
  readonly newest: number;
  /** Of the attempts that were started last, several at once: whose work was taken. */
  readonly chosen?: number;
  /** Attempts that were refused: they count against `limits.attempts`. */
  readonly refusals: number;
  readonly interruptions: number;
  readonly approved: boolean;
  /** A person asked to cancel it while it could not be at once. */
  readonly cancelAsked: boolean;
  /** Why the last attempt was refused; goes to the next one. */
  readonly previous?: Reason;
  readonly changed: readonly RepoPath[];
  readonly summary: string;
  readonly artifacts: readonly string[];
  /** Every attempt's snapshot and what it could not hold. */
  readonly leavings: readonly {
    readonly attempt: number;
    readonly snapshot?: Sha;
    readonly left: readonly string[];
  }[];
  readonly spend: Spend;
  /** Milliseconds of attempts that have ended. */
  readonly workedMs: number;
  readonly agents: readonly AgentState[];
  /** Paths beyond its own that it was granted. */
  readonly claims: readonly RepoPath[];
  /** Its last attempt was cut off: the next goes on from there. */
  readonly cut?: Cut;
  /** What its last attempt left of its agents, who can be spoken to again; `isMerged` where its work was merged. */
  readonly conversation?: Cut & { readonly isMerged?: true };
  /** What was said to it after it had ended, in this conversation. */
  readonly told: readonly Message[];
  /** It had ended and was spoken to: what it was, and is again unless what comes of it is merged. */
  readonly reopened?: Reopened;
  /** What came of that last: its words, and why what it did was not merged. */
  readonly answer?: { readonly said: string; readonly refused?: Reason };
}

export interface Reopened {
  readonly before: EndedPhase;
  readonly changed: readonly RepoPath[];
  /** Where it began to go on. */
  readonly from: Cut;
}

/** The candidate in the making: one at a time, in the serial queue. */
export interface MergeState {
  readonly subject: MergeSubject;
  readonly onto: Sha;
  readonly head: Sha;
  readonly candidate?: { readonly commit: Sha; readonly tree: Sha };
  readonly results: readonly CheckResult[];
  /** The check that is running now. */
  readonly checking?: Checking;
}

export interface Checking {
  readonly name: string;
  readonly since: number;
  readonly stopping: boolean;
}

/** `doneWhen` on the merged result. */
export interface CompletionState {
  readonly commit: Sha;
  readonly results: readonly CheckResult[];
  readonly checking?: Checking;
}

interface Move {
  readonly target: RefName;
  readonly old: Sha;
  readonly new: Sha;
}

export type Landing =
  /** Not asked for, or not yet decided. */
  | { readonly phase: "idle" }
  | {
      readonly phase: "asked";
      readonly target: RefName;
      readonly seen?: { readonly tip: Sha; readonly contained: boolean };
    }
  | ({ readonly phase: "moving"; readonly since: number } & Move)
  | ({ readonly phase: "landed" } & Move)
  | { readonly phase: "refused"; readonly refusal: Refusal }
  | ({ readonly phase: "undo_asked" } & Move)
  | ({ readonly phase: "undoing"; readonly since: number } & Move)
  | ({ readonly phase: "undone" } & Move)
  | ({ readonly phase: "undo_refused"; readonly refusal: Refusal } & Move);

/** Where the run as a whole stands. `working` also while it winds down. */
export type RunPhase =
  | { readonly phase: "working" | "paused" }
  | {
      readonly phase: "interrupted";
      readonly why: string;
      readonly cause?: "provider";
      readonly signal?: "SIGINT" | "SIGTERM";
    }
  | { readonly phase: "finished"; readonly outcome: RunOutcome };

export interface RunState {
  readonly run: RunId;
  readonly version: string;
  readonly plan: Plan;
  readonly settings: Settings;
  readonly runner: Runner;
  readonly at: RunPhase;
  /** Set once somebody cancelled the run, with who or why. */
  readonly cancelled?: string;
  /** `limits.runTimeout` passed. */
  readonly timedOut: boolean;
  /** The run's budget is spent: nothing more begins, what is completed is still merged. */
  readonly overBudget: boolean;
  readonly approvals: readonly Approval[];
  /** The newest last; what is too old to be answered for is forgotten. */
  readonly messages: readonly Message[];
  /** What the units came to, where a model was asked to sum it up, and what that cost. */
  readonly summary?: string;
  readonly summarySpend: Spend;
  /** What the plan cost where a model made it. */
  readonly planningSpend: Spend;
  /** What the agents of the run share. */
  readonly context: Readonly<Record<string, ContextEntry>>;
  /** How many rounds of units were made for what was left over. */
  readonly rounds: number;
  /** In plan order. */
  readonly units: readonly UnitState[];
  /** The tip of the line of verified merges. */
  readonly integration: Sha;
  readonly merge?: MergeState;
  readonly completion?: CompletionState;
  readonly landing: Landing;
  /** How often the target was found moved while landing. */
  readonly landingRounds: number;
  /** It had finished, and a unit of it was spoken to: it never lands by itself again. */
  readonly revived: boolean;
  readonly checks: { readonly run: number; readonly reused: number; readonly ms: number };
  readonly clean: {
    readonly asked?: CleanDepth;
    /** The run has come to rest once: what is done later, such as an undo, is no time of its running. */
    readonly rested?: true;
    readonly kept: readonly string[];
    readonly removed: readonly string[];
  };
  readonly startedAt: number;
  readonly updatedAt: number;
  /** Milliseconds during which a loop was running; the time between a kill and a resume does not count. */
  readonly activeMs: number;
  readonly seq: number;
}
