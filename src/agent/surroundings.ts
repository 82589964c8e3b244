/** What all agents of one attempt share. Plain parts, handed in: nothing here is found or made by an agent itself. */
import type { Desk } from "../core/desk.ts";
import type { RunId, UnitId } from "../core/id.ts";
import type { Model } from "../core/model.ts";
import type { Budget, Command } from "../core/plan.ts";
import type { Decision } from "../core/policy.ts";
import type { Role, ToolName } from "../core/role.ts";
import type { ModelClock } from "../host/model-clock.ts";
import type { ModelLane } from "../host/model-lane.ts";
import type { FileStates } from "./file-state.ts";
import type { Roster } from "./roster.ts";
import type { Tool, Workplace } from "./tool.ts";

/** A model as an agent may use it. */
export interface ModelAccess {
  readonly model: Model;
  /** Tokens that fit the model's window. */
  readonly window: number;
  /** Tokens of one answer. */
  readonly outputTokensMax: number;
  /** Of its provider. */
  readonly lane: ModelLane;
  /** The time of its retries, and their spread; real if absent. */
  readonly clock?: ModelClock;
  readonly random?: () => number;
}

export interface Ruling {
  readonly decision: Decision;
  readonly why?: string;
}

export type CommandVerdict =
  | { readonly type: "passed" }
  /** `output` is the end of what it printed. */
  | { readonly type: "failed"; readonly message: string; readonly output: string };

export interface Surroundings {
  readonly run: RunId;
  readonly unit: UnitId;
  readonly attempt: number;
  /** Absolute path of the folder of the transcripts. */
  readonly transcripts: string;
  /** Absolute path. */
  readonly worktree: string;
  readonly desk: Desk;
  readonly roster: Roster;
  /** By name or alias. */
  readonly roleOf: (name: string) => Role | undefined;
  readonly roleNames: readonly string[];
  /** For a role that names a model, or none; undefined where there is no such model. */
  readonly modelOf: (name: string | undefined) => ModelAccess | undefined;
  /** What an agent may spend at most. */
  readonly agentBudget: Budget;
  readonly turnsMax: number;
  /** Of one stint of one agent, without the time in which it waits for its subagents or for a person. */
  readonly timeoutMs: number;
  /** Whether a person is asked before each agent after the first starts; a role may ask for it too. */
  readonly approval: "auto" | "required";
  readonly decide: (question: {
    readonly role: Role;
    readonly tool: ToolName;
    readonly given: unknown;
  }) => Ruling;
  /** What every agent is told before its own task; the same text for all, so that providers can cache it. */
  readonly shared: string;
  readonly workplaceOf: (files: FileStates) => Workplace;
  /** The tools of files and of the shell, over one agent's workplace. */
  readonly fileTools: (workplace: Workplace) => readonly Tool[];
  /** Runs a command as the `shell` tool would. */
  readonly runCommand: (command: Command, signal: AbortSignal) => Promise<CommandVerdict>;
  readonly redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
