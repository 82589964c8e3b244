/** What a tool is: a name, a strict shape of arguments, and one effect. A failed tool is a result for the model, never an exception;
 *  it throws a Failure only where the machine cannot go on. */
import type { z } from "zod";
import type { UnitId } from "../core/id.ts";
import type { ToolName } from "../core/role.ts";
import type { Mark } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { FileStates } from "./file-state.ts";
import type { PathLocks } from "./path-locks.ts";

/** What the file and shell tools of one agent work on. */
export interface Workplace {
  /** Absolute path of the worktree. */
  readonly worktree: string;
  /** Whether the unit may change this path (from the repository's root, with `/`), and if not, why. */
  readonly mayChange: (path: string) => MayChange;
  /** What this agent has read. */
  readonly files: FileStates;
  /** Shared by all agents of the unit. */
  readonly locks: PathLocks;
  /** Absolute path of a folder outside the worktree where long output is kept; made when needed. */
  readonly outputs: string;
  /** Takes keys out of what is kept there. */
  readonly redact: (text: string) => string;
  readonly shell: {
    readonly sandbox: Sandbox | undefined;
    readonly env: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    /** Told apart from other processes by it. */
    readonly mark: Mark;
  };
}

export type MayChange =
  | { readonly type: "yes" }
  | { readonly type: "no"; readonly owner?: UnitId; readonly isProtected: boolean };

export type ToolResult =
  /** `text` goes to the model, fenced by the caller where `isForeign`: it came from a file, a command or another agent. */
  | { readonly type: "done"; readonly text: string; readonly isForeign?: boolean }
  | { readonly type: "failed"; readonly text: string; readonly isForeign?: boolean }
  /** It waits for a person and nobody is there. */
  | { readonly type: "parked" }
  /** The agent says that it is done. `data` is what it gave. */
  | { readonly type: "finished"; readonly data: unknown };

/** Which call of its agent this is. */
export interface CallPlace {
  readonly turn: number;
  /** Among the calls of its turn. */
  readonly index: number;
  /** How many calls that start agents begin together with it, itself included. */
  readonly ways: number;
}

export type Effect = "reads" | "changes" | "starts";

export interface Tool<Arguments = unknown> {
  readonly name: ToolName;
  readonly description: string;
  readonly shape: z.ZodType<Arguments>;
  /** Calls of one turn that only read run at once; the others one after the other. */
  readonly effect: Effect;
  /** Where it depends on the arguments. */
  effectOf?(given: Arguments): Effect;
  call(given: Arguments, signal: AbortSignal, at?: CallPlace): Promise<ToolResult>;
}

/** Keeps the argument's type within the tool. */
export function tool<Arguments>(made: Tool<Arguments>): Tool {
  return made as Tool;
}
