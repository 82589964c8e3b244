/** What a run was told, parsed and complete: recorded in the journal when the run starts, never re-read. */
import type { Glob, RefName } from "./id.ts";
import type { Aggregate, Budget, Check, Command, Json } from "./plan.ts";
import type { PolicyRule } from "./policy.ts";
import type { Role } from "./role.ts";

export type LandMode = "auto" | "partial" | "never" | "pr";
export type CheckoutMode = "auto" | "full" | "sparse";
export type SandboxMode = "auto" | "bwrap" | "none";

export type WorkerSettings =
  | ModelSettings
  | { readonly type: "command"; readonly command: Command; readonly stdin?: "task" }
  | { readonly type: "codemod"; readonly codemod: Codemod };

export interface ModelSettings {
  readonly type: "model";
  readonly baseURL: string;
  /** The environment variable that holds the key; an endpoint that needs none is asked without. */
  readonly apiKeyEnv: string;
  readonly model: string;
  /** Absent: as the price list of the provider has it. */
  readonly price?: Price;
  /** Tokens that fit the model's window. */
  readonly window: number;
  /** Tokens of one answer. */
  readonly outputTokensMax: number;
  /** Without any content for so long a turn is given up. */
  readonly idleTimeoutMs: number;
  readonly turnTimeoutMs: number;
}

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
}

/** What the `shell` tool of our own agents may have. */
export interface ShellSettings {
  readonly network: boolean;
  readonly timeoutMs: number;
  /** Folders of the home directory to be seen and written, such as `.npm`. */
  readonly caches: readonly string[];
}

/** `file` is absolute. A rule's text is read once, when the run starts. */
export type Codemod =
  | { readonly type: "rule"; readonly file: string; readonly text: string }
  | { readonly type: "module"; readonly file: string }
  | { readonly type: "command"; readonly command: Command };

export interface Setup {
  /** Files copied from the user's checkout into each worktree. */
  readonly copy: readonly string[];
  /** Folders cloned from the user's checkout, copy-on-write where the file system can. */
  readonly clone: readonly string[];
  readonly run: readonly Command[];
}

export interface Limits {
  readonly concurrency: number;
  readonly units: number;
  /** How often units are made for what is left over in the end. */
  readonly rounds: number;
  readonly attempts: number;
  /** Of one of our own agents. */
  readonly agentTimeoutMs: number;
  readonly unitTimeoutMs: number;
  readonly runTimeoutMs: number;
  readonly checks: number;
  readonly agents: number;
  readonly agentsPerParent: number;
  readonly agentsPerRun: number;
  readonly depth: number;
  readonly turns: number;
}

export interface Settings {
  readonly target: RefName;
  /** The worker of a unit that names none. */
  readonly worker: string;
  readonly workers: Readonly<Record<string, WorkerSettings>>;
  readonly checks: readonly Check[];
  readonly unitChecks: readonly Check[];
  readonly setup: Setup;
  readonly limits: Limits;
  readonly budget: {
    readonly agent: Budget;
    readonly unit: Budget;
    readonly run: Budget;
    readonly warnAt: number;
  };
  readonly context?: Json;
  readonly aggregate?: Aggregate;
  /** Roles that the repository or the user brought along, the nearest first. */
  readonly roles: readonly Role[];
  readonly approval: "auto" | "required";
  /** Every question is answered with yes. */
  readonly yes: boolean;
  /** What agents may use, by role and tool. */
  readonly policy: readonly PolicyRule[];
  readonly shell: ShellSettings;
  readonly protected: readonly Glob[];
  readonly checkout: CheckoutMode;
  readonly land: LandMode;
  readonly sandbox: SandboxMode;
  /** Keep the worktrees after the run, one per unit. */
  readonly keep: boolean;
}
