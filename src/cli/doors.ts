/** What the commands may ask of the rest of the program. compose.ts makes the real thing; a command only parses flags, asks here
 *  and prints. Every door throws a Failure where the outside fails. */

import type { Activity } from "../core/desk.ts";
import type { JournalLine } from "../core/event.ts";
import type { RunId } from "../core/id.ts";
import type { Role } from "../core/role.ts";
import type { RunState } from "../core/run.ts";
import type { SandboxMode } from "../core/settings.ts";
import type { Spend } from "../core/spend.ts";
import type { PlanPreview } from "../view/preview.ts";
import type { RunListing } from "../view/runs.ts";

/** Where a command was given: every relative path of its flags has been resolved against `dir`. */
export interface Where {
  /** Absolute: `-C`, else the current directory. */
  readonly dir: string;
  /** Absolute: `--config`. */
  readonly config?: string | undefined;
}

/** Every flag of `run` and `plan`, parsed; undefined where it was not given. */
/** What is known of a plan beside what its file says. */
export interface PlanShown {
  readonly weights?: ReadonlyMap<string, number>;
  /** What the model cost that made it. */
  readonly spend?: Spend;
}

export interface RunRequest extends Where {
  readonly goal?: string | undefined;
  /** Absolute. */
  readonly plan?: string | undefined;
  /** Of a plan that was made and looked at before: it goes by a file. */
  readonly shown?: PlanShown;
  /** Globs as typed: relative to `dir`. */
  readonly files: readonly string[];
  readonly units?: number | undefined;
  /** As typed: a rule file, a pattern or a regular expression. */
  readonly match?: string | undefined;
  /** That of a pattern. */
  readonly language?: string | undefined;
  /** What `match` finds may stay: it is no doneWhen. */
  readonly matchesStay: boolean;
  readonly worker?: string | undefined;
  readonly command?: string | undefined;
  /** Absolute: a rule or a module. */
  readonly codemod?: string | undefined;
  readonly checks: readonly string[];
  readonly unitChecks: readonly string[];
  readonly concurrency?: number | undefined;
  readonly attempts?: number | undefined;
  readonly rounds?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly target?: string | undefined;
  readonly base?: string | undefined;
  readonly land?: "auto" | "partial" | "never" | undefined;
  readonly budgetTokens?: number | undefined;
  readonly budgetUsd?: number | undefined;
  readonly approval?: "auto" | "required" | undefined;
  readonly sandbox?: SandboxMode | undefined;
  readonly trust: boolean;
  readonly keep: boolean;
  readonly yes: boolean;
}

/** Where a run is looked at while it goes on. */
export interface Asked {
  /** Lines above. */
  readonly text: string;
  /** Where the answer is typed. */
  readonly prompt: string;
}

export interface Eyes {
  event(line: JournalLine, state: RunState): void;
  activity(activity: Activity): void;
  /** What a model does that makes the plan, before there is a run. */
  planning(text: string): void;
  /** One line that a person should read; the run goes on. */
  warn(text: string): void;
  /** Shows what a person is asked, and then where the answer is typed; undefined once nothing is asked. */
  ask(asked: Asked | undefined): void;
  /** Nobody waits any more, and the process ends at once: the last word, of the state as it is in the journal. */
  leave(): void;
}

export interface RunReading {
  readonly state: RunState;
  readonly lines: readonly JournalLine[];
  /** Absolute: the run's folder. */
  readonly folder: string;
  /** Whether a process is at work on it now. */
  readonly alive: boolean;
}

export type Request =
  | { readonly type: "cancel"; readonly unit?: string | undefined }
  | { readonly type: "pause" }
  | { readonly type: "continue" }
  | {
      readonly type: "approve" | "deny";
      readonly id: string;
      /** What the agent that asks is told. */
      readonly text?: string | undefined;
    }
  | SaidToUnit;

export interface SaidToUnit {
  readonly type: "message";
  readonly unit: string;
  readonly agent?: string | undefined;
  readonly text: string;
}

export interface Heard {
  readonly run: RunId;
  /** `later`: nobody is at work on the run; it is heard when it is resumed. */
  readonly heard: "now" | "later";
}

export interface Said extends Heard {
  /** Of a run that had finished and went on for this. */
  readonly state?: RunState;
}

export interface Cleaned {
  readonly run: string;
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

export interface Finding {
  readonly name: string;
  readonly state: "fine" | "warning" | "wrong";
  readonly message: string;
  readonly advice?: string | undefined;
  /** Of what is wrong: how a run would end on it; 7 if absent. */
  readonly exitCode?: number;
}

export interface Trusted {
  /** What this repository's configuration may now run. */
  readonly commands: readonly string[];
  readonly already: boolean;
}

export interface KnownRoles {
  readonly roles: readonly Role[];
  readonly warnings: readonly string[];
}

export interface Doors {
  /** `tell` hears what a model does that makes the plan. */
  plan(request: RunRequest, tell: (text: string) => void): Promise<PlanPreview>;
  /** Writes the plan so that `--plan` reads it: JSON, or YAML where the name says so. */
  savePlan(file: string, preview: PlanPreview): Promise<void>;
  /** All of it or nothing. */
  saveText(file: string, text: string): Promise<void>;
  run(request: RunRequest, eyes: Eyes): Promise<RunState>;
  resume(
    where: Where,
    run: string | undefined,
    eyes: Eyes,
  ): Promise<{ readonly state: RunState; readonly alreadyFinished: boolean }>;
  readRun(where: Where, run: string | undefined): Promise<RunReading>;
  listRuns(where: Where): Promise<readonly RunListing[]>;
  /** Says something to a unit. Where the run has finished it goes on for that: `state` is how it stands afterwards. */
  message(where: Where, run: string | undefined, message: SaidToUnit, eyes: Eyes): Promise<Said>;
  /** Without a run: the one the request can be meant for, else a Failure. */
  speak(where: Where, run: string | undefined, request: Request): Promise<Heard>;
  land(where: Where, run: string | undefined, eyes: Eyes): Promise<RunState>;
  undo(where: Where, run: string | undefined, eyes: Eyes): Promise<RunState>;
  clean(
    where: Where,
    runs: readonly string[],
    options: { readonly discard: boolean },
    eyes: Eyes,
  ): Promise<readonly Cleaned[]>;
  agents(where: Where): Promise<KnownRoles>;
  doctor(where: Where): Promise<readonly Finding[]>;
  trust(where: Where): Promise<Trusted>;
}
