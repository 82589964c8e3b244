/** What a transcript holds: one fact a line, durable before it is believed. An agent is the fold of these lines (see
 *  `conversation.ts`), so nothing that the model was told or did may be missing here. */
import type { AccountLevel } from "../core/budget.ts";
import type { AgentId, InvocationKind } from "../core/desk.ts";
import type { ModelMessage, ToolCall } from "../core/model.ts";
import type { Aggregate, Budget, Json } from "../core/plan.ts";
import type { Spend } from "../core/spend.ts";

/** One message of a conversation. */
export interface Entry {
  readonly message: ModelMessage;
  /** The task itself: never dropped, never compacted. */
  readonly kept?: boolean;
}

/** Who speaks to the agent between its turns. */
export type Teller =
  | "check"
  | "strays"
  | "verify"
  | "verdict"
  | "aggregate"
  | "results"
  | "inbox"
  | "child"
  | "budget"
  | "gate"
  | "parent"
  | "cut"
  | "empty";

export type FailReason = "worker_failed" | "over_budget" | "out_of_turns" | "denied" | "timed_out";

export type AgentFinal =
  | { readonly type: "completed"; readonly summary: string; readonly data?: Json }
  | {
      readonly type: "failed";
      readonly why: FailReason;
      /** Of `over_budget`: whose budget. */
      readonly level?: AccountLevel;
      /** One line. */
      readonly message: string;
      readonly summary: string;
    }
  /** Ended by its parent, or with it. */
  | { readonly type: "cancelled"; readonly message: string; readonly summary: string };

/** How a piece of its work ends. */
export type AgentEnd =
  | AgentFinal
  /** It waits for a person, and nobody is there. */
  | { readonly type: "parked"; readonly summary: string }
  | { readonly type: "stopped" };

/** What FileStates says of each path. */
export type FilesRead = Readonly<Record<string, Json>>;

export type TranscriptFact =
  | {
      readonly type: "begun";
      readonly agent: AgentId;
      readonly role: string;
      readonly kind: InvocationKind;
      readonly parent?: AgentId;
      readonly system: string;
      readonly entries: readonly Entry[];
      /** What it may spend, its subagents included. */
      readonly allowance: Budget;
      readonly turnsMax: number;
      /** A command that must pass before it may end. */
      readonly verify?: string;
      /** How the results of its subagents become its own. */
      readonly aggregate?: Aggregate;
      readonly files?: FilesRead;
    }
  /** A user message from `from`; `upTo` is the last message of the inbox in it, `child` the subagent that it reports. */
  | {
      readonly type: "told";
      readonly from: Teller;
      readonly text: string;
      readonly upTo?: number;
      readonly child?: AgentId;
    }
  /** A call of the model begins; for a summary, the history before the entry `keepFrom` is what it is to stand for. */
  | { readonly type: "asked"; readonly reserved: Spend; readonly keepFrom?: number }
  | {
      readonly type: "answered";
      readonly text: string;
      readonly calls: readonly ToolCall[];
      readonly spend: Spend;
      readonly estimated: boolean;
    }
  /** The call brought nothing, and was paid for all the same. */
  | { readonly type: "unanswered"; readonly why: string; readonly spend: Spend }
  /** A call that starts an agent, or speaks to one again, does so for this one; `stint` counts how often it was begun. */
  | {
      readonly type: "child";
      readonly index: number;
      readonly agent: AgentId;
      readonly stint: number;
      readonly background: boolean;
    }
  /** The call begins to wait for a person, it or whom it started; it has changed nothing. `altered`: what stands in the transcript is not what
   *  the model wrote, since something in it looked like a secret. */
  | { readonly type: "waiting"; readonly index: number; readonly altered: boolean }
  /** The person has agreed: its effect begins. */
  | { readonly type: "cleared"; readonly index: number }
  | {
      readonly type: "result";
      readonly index: number;
      readonly text: string;
      readonly failed: boolean;
      /** The call was none that could be made. */
      readonly strike: boolean;
      /** Stands for this call with this result. */
      readonly same: string;
      /** Files were changed by it: what was tried before may have another result now. */
      readonly changed: boolean;
      readonly finished?: { readonly data: Json };
      /** What the agent has come to know of files; `null` for what it knows no longer. */
      readonly files?: FilesRead;
    }
  /** Output of tools before this entry was dropped to a pointer. */
  | { readonly type: "dropped"; readonly before: number }
  /** The agent has ended, and is spoken to again. */
  | {
      readonly type: "resumed";
      readonly from: Teller;
      readonly text: string;
      /** The message of the inbox that it is. */
      readonly upTo?: number;
    }
  | { readonly type: "ended"; readonly final: AgentFinal };

/** `at` is milliseconds since the epoch. */
export type TranscriptLine = TranscriptFact & { readonly at: number };
