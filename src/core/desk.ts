/** What a worker may ask of the run while it works. Everything but activity is in the journal before the promise settles. */
import type { Account } from "./budget.ts";
import type { RepoPath, UnitId } from "./id.ts";
import type { Json } from "./plan.ts";
import type { Spend } from "./spend.ts";

/** Names an agent within its unit: `coder`, its subagents `coder.1`, `coder.2`, theirs `coder.1.1`. */
export type AgentId = string;

/** How an agent came to work: anew, spoken to again, or with its parent's conversation. */
export type InvocationKind = "spawn" | "resume" | "fork";

export type AgentStatus =
  | "queued"
  | "running"
  | "awaiting_approval"
  | "completed"
  | "failed"
  | "cancelled"
  | "timed_out";

/** Live noise for the eyes: may be dropped, never replayed. */
export interface Activity {
  readonly unit: UnitId;
  readonly text: string;
}

/** What becomes of the agents of an attempt, as facts for the journal. */
export type AgentFact =
  | {
      /** Told when it begins to wait for its turn (`queued`) or to work. */
      readonly type: "agent-started";
      readonly agent: AgentId;
      readonly parent?: AgentId;
      readonly role: string;
      readonly kind: InvocationKind;
      readonly queued: boolean;
    }
  | {
      /** One call of the model, answered or paid for all the same. */
      readonly type: "agent-spent";
      readonly agent: AgentId;
      /** Turns that it has taken so far. */
      readonly turns: number;
      readonly spend: Spend;
      /** Counted by us: the provider told nothing. */
      readonly estimated: boolean;
      /** Its last words, at most 200 characters. */
      readonly said: string;
    }
  | {
      readonly type: "agent-finished";
      readonly agent: AgentId;
      readonly status: "completed" | "failed" | "cancelled" | "timed_out";
      /** One line: what it did, or why it ended. */
      readonly message: string;
    }
  | {
      /** A limit is nearly used up. */
      readonly type: "budget-warned";
      readonly level: "agent" | "unit" | "run";
      /** Whose: `run`, a unit, or `unit/agent`. */
      readonly name: string;
    };

export type ClaimAnswer =
  | { readonly type: "granted" }
  | { readonly type: "refused"; readonly why: string; readonly owner?: UnitId };

/** What a person is asked while an agent works. The answer holds for exactly this content. */
export interface Question {
  readonly agent: AgentId;
  /** `agent`: may it start; `tool`: may this call be made; `question`: the agent's own. */
  readonly kind: "agent" | "tool" | "question";
  /** What is shown: the tool's name and arguments, or the question. */
  readonly content: string;
}

export type Answer =
  | { readonly type: "approved"; readonly text?: string }
  | { readonly type: "denied"; readonly text?: string }
  /** Nobody is there: the worker ends as `parked` as soon as nothing else of it goes on. */
  | { readonly type: "nobody" };

export interface Message {
  /** Counts up over the whole run. */
  readonly id: number;
  /** `person`, or `unit/agent`. */
  readonly from: string;
  readonly unit: UnitId;
  /** Absent: the unit's first agent. */
  readonly agent?: AgentId;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type Told = { readonly type: "done" } | { readonly type: "refused"; readonly why: string };

export interface ContextEntry {
  readonly value: Json;
  /** `unit/agent`. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Desk {
  /** Whose desk it is. */
  readonly unit: UnitId;
  /** For the eyes: may be dropped, never replayed. */
  report(activity: Activity): void;
  /** The unit's account; those of its agents are made below it. */
  readonly account: Account;
  /** What the journal knows of the agents of this attempt; one that goes on has those of the attempt that was cut off. */
  agents(): readonly KnownAgent[];
  tell(fact: AgentFact): Promise<void>;
  /** More paths: all of them, or none. */
  claim(agent: AgentId, paths: readonly RepoPath[]): Promise<ClaimAnswer>;
  /** Paths that were granted to this unit. */
  claimed(): readonly RepoPath[];
  ask(question: Question, signal: AbortSignal): Promise<Answer>;
  /** Whether `to` is `unit` or `unit/agent`. */
  send(agent: AgentId, to: string, text: string): Promise<Told>;
  /** What was said to this unit and came after the message `since`; 0 for all. */
  messages(since: number): readonly Message[];
  /** Settles when there is a message after `since`, or the signal aborts. */
  untilMessage(since: number, signal: AbortSignal): Promise<void>;
  /** The values that the agents of this run share. */
  context(): Readonly<Record<string, ContextEntry>>;
  /** `null` removes the key. */
  writeContext(agent: AgentId, key: string, value: Json): Promise<Told>;
  /** How many subagents the run has started, resumed runs included. */
  subagents(): number;
}

/** The journal's word of an agent. */
export interface KnownAgent {
  readonly agent: AgentId;
  readonly attempt: number;
  readonly turns: number;
  readonly spend: Spend;
  readonly status: AgentStatus;
}
