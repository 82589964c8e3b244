/** What the tools of an agent, and those who started it, may know of it and ask of it. */
import type { Account } from "../core/budget.ts";
import type { AgentFact, AgentId } from "../core/desk.ts";
import type { ToolCall } from "../core/model.ts";
import type { Aggregate, Json } from "../core/plan.ts";
import type { Role, ToolName } from "../core/role.ts";
import type { Background } from "./background.ts";
import type { Conversation } from "./conversation.ts";
import type { FileStates } from "./file-state.ts";
import type { ModelAccess, Surroundings } from "./surroundings.ts";
import type { CallPlace, Tool, ToolResult } from "./tool.ts";
import type { AgentEnd, AgentFinal, TranscriptFact } from "./transcript-line.ts";

/** The agent that a call starts, or speaks to again. */
export interface ChildPlace {
  readonly agent: AgentId;
  readonly stint: number;
}

export interface AgentDoor {
  readonly id: AgentId;
  readonly parent: AgentId | undefined;
  /** 0 for an agent of the unit itself. */
  readonly depth: number;
  /** `run/unit/attempt/agent`. */
  readonly session: string;
  readonly role: Role;
  readonly tools: readonly ToolName[];
  readonly access: ModelAccess;
  readonly account: Account;
  readonly files: FileStates;
  readonly conversation: Conversation;
  /** Takes what was said to the whole unit. */
  readonly hearsUnit: boolean;
  /** Aborts when the agent ends, and with everything around it. */
  readonly lifetime: AbortSignal;
  /** Does work during which the agent only waits: another may have its place meanwhile. */
  away<T>(work: () => Promise<T>): Promise<T>;
  /** Writes down which agent the call starts, or finds what was written before. `known`: one it speaks to again. */
  placeChild(at: CallPlace, background: boolean, known?: ChildPlace): Promise<ChildPlace>;
  /** Is told of the end of this subagent in a later turn, and does not end before. */
  follow(child: AgentId, end: Promise<AgentEnd>): void;
  /** A note for its next turn. */
  note(text: string): void;
}

/** The agent as the pieces of its own loop see it. */
export interface AgentAtWork extends AgentDoor {
  readonly around: Surroundings;
  readonly keeper: AgentKeeper;
  readonly toolMap: ReadonlyMap<string, Tool>;
  /** Calls of tools that were under way when the agent was cut off. */
  readonly cutOff: ReadonlySet<ToolCall>;
  readonly background: Background;
  /** Whether it may end now. */
  readonly judge: Judge;
  /** Of one stint. */
  readonly turnsMax: number;
  /** What it is to be told at its next turn. */
  takeNotes(): readonly string[];
  /** Durable, then believed. */
  record(fact: TranscriptFact): Promise<void>;
  /** Believed, and durable at the latest when a later fact is, or after `recorded`: for what nothing outside rests on before. */
  recordSoon(fact: TranscriptFact): void;
  /** Settles when all is durable. */
  recorded(): Promise<void>;
  tell(fact: AgentFact): Promise<void>;
  end(final: AgentFinal): Promise<AgentFinal>;
}

/** What an agent asks of those around it. */
export interface AgentKeeper {
  /** Aborts when the whole attempt ends. */
  readonly stopping: AbortSignal;
  /** Those who hear of a budget that is nearly used up. */
  warned(accounts: readonly Account[]): Promise<void>;
  /** Goes on with a subagent that worked in the background when everything was cut off. */
  adopt(parent: AgentDoor, child: ChildPlace): Promise<AgentEnd>;
  /** What its parent is told. */
  report(child: AgentId, end: AgentFinal): string;
}

export type Judgement =
  /** It may end. `summary` and `data` stand for what it said itself. */
  | { readonly type: "good"; readonly summary?: string; readonly data?: Json }
  | {
      readonly type: "again";
      readonly from: "check" | "strays" | "verify" | "verdict" | "aggregate";
      readonly text: string;
    }
  /** It has failed; nothing that it could still do would help. */
  | { readonly type: "bad"; readonly message: string };

export type Judge = (agent: AgentDoor, signal: AbortSignal) => Promise<Judgement>;

/** What an agent asks of a subagent that it starts. */
export interface TaskRequest {
  readonly description: string;
  /** A role, or `fork` for itself with all that it knows. */
  readonly subagent_type?: string | undefined;
  /** In the place of the role's own system prompt. */
  readonly prompt?: string | undefined;
  readonly max_turns?: number | undefined;
  readonly background?: boolean | undefined;
  readonly verify?: string | undefined;
  readonly aggregate?: Aggregate | undefined;
}

export interface Subagents {
  start(parent: AgentDoor, request: TaskRequest, at: CallPlace): Promise<ToolResult>;
  /** Whether `child` is a subagent of this agent that has ended, and so can be spoken to again. */
  isEnded(parent: AgentDoor, child: AgentId): boolean;
  speak(parent: AgentDoor, child: AgentId, text: string, at: CallPlace): Promise<ToolResult>;
}
