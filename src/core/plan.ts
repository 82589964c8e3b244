/** The plan: a goal split into units that own separate files. A value; nothing here acts. */
import type { Glob, Sha, UnitId } from "./id.ts";
import type { MatchCheck } from "./match.ts";

/** A string is run by `sh -c`; a list is run without a shell. */
export type Command = string | readonly string[];

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A command that must pass: exit code 0 within its time. */
export interface Check {
  readonly name: string;
  readonly run: Command;
  readonly timeoutMs: number;
}

/** What must hold in the end: a command that passes, or a rule that finds nothing. */
export type Completion = Check | MatchCheck;

/** What one agent, unit or run may spend; absent means no limit. */
export interface Budget {
  readonly tokens?: number;
  readonly usd?: number;
}

/** How the results of several agents become one. */
export type Aggregate = "concatenate" | "structured_merge" | "ai_summarize" | "pipeline";

/** One slice of the goal, disjoint in files from every other. */
export interface Unit {
  readonly id: UnitId;
  readonly title: string;
  readonly instructions: string;
  /** Paths this unit alone may change, a new file too; none at all makes it a unit of words only. */
  readonly owns: readonly Glob[];
  /** Units that must be merged before this one starts. */
  readonly after: readonly UnitId[];
  readonly worker?: string;
  /** Roles of our own agents that work one after the other. */
  readonly agent?: string | readonly string[];
  /** So many attempts at once, of which one is chosen; 1 if absent. */
  readonly approaches?: number;
  readonly aggregate?: Aggregate;
  readonly checks: readonly Check[];
  readonly approval?: "auto" | "required";
  readonly budget?: Budget;
  /** Made for what was left over, in this round; absent for those of the plan. */
  readonly round?: number;
  /** Nothing to change is well done, as where a lockfile is made anew and is as it was. */
  readonly mayChangeNothing?: true;
}

/** A plan as a file says it: its base is still a revision, or absent. */
export interface PlanFile {
  readonly version: 1;
  readonly goal: string;
  readonly context?: Json;
  readonly base?: string;
  readonly aggregate?: Aggregate;
  readonly units: readonly Unit[];
  readonly doneWhen: readonly Completion[];
}

/** A plan as a run records it; a round adds its units. */
export interface Plan {
  readonly goal: string;
  readonly context?: Json;
  readonly base: Sha;
  readonly aggregate?: Aggregate;
  readonly units: readonly Unit[];
  /** What must hold on the merged result before it may land. */
  readonly doneWhen: readonly Completion[];
  /** What it was thought to take when it was made; older journals do not say. */
  readonly estimate?: PlanEstimate;
}

export function isMatchCheck(completion: Completion): completion is MatchCheck {
  return "match" in completion;
}

/** Of the same work, done by one worker in one unit and as the plan has it. */
export interface PlanEstimate {
  readonly serial: Cost;
  readonly parallel: Cost;
  /** Seconds of work for each unit, in plan order. */
  readonly units: readonly number[];
  readonly assumptions: Assumptions;
}

/** `null` where nobody can know: another agent's tokens are its own, and not every price is known. */
export interface Cost {
  readonly seconds: number;
  readonly tokens: number | null;
  readonly usd: number | null;
}

/** What an estimate rests on, each number with its unit in its name. */
export interface Assumptions {
  readonly worker: "model" | "command" | "codemod";
  /** Units at work at once. */
  readonly slots: number;
  /** Of every unit, beside its files: worktree, start, getting to know the place, merge. */
  readonly unitSeconds: number;
  readonly fileSeconds: number;
  readonly kilobyteSeconds: number;
  /** Of each check of a merged tree; merges are checked one after the other. */
  readonly checkSeconds: number;
  readonly checks: number;
  readonly unitInputTokens: number;
  readonly fileInputTokens: number;
  readonly kilobyteInputTokens: number;
  /** The share of tokens that go in and were seen before. */
  readonly cachedShare: number;
  readonly fileOutputTokens: number;
  readonly kilobyteOutputTokens: number;
}

type Named = Pick<Unit, "id">;

const positions = new WeakMap<readonly Named[], ReadonlyMap<UnitId, number>>();

/** Where each unit stands in the plan; computed once per list. */
export function unitPositions(units: readonly Named[]): ReadonlyMap<UnitId, number> {
  const known = positions.get(units);
  if (known) return known;
  const made = new Map(units.map((unit, position) => [unit.id, position]));
  positions.set(units, made);
  return made;
}
