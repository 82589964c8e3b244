/** What one seed means: a plan, how its workers behave, what the people beside us do, how often the plug is pulled. */
import type { Glob, RefName, RunId, Sha, UnitId } from "../../src/core/id.ts";
import type { MatchCheck } from "../../src/core/match.ts";
import type { Check, Plan, Unit } from "../../src/core/plan.ts";
import type { LandMode, Settings } from "../../src/core/settings.ts";
import type { Random } from "./random.ts";

export type Behaviour =
  | "good"
  | "nothing"
  | "stray"
  | "red"
  | "semantic"
  | "left"
  | "fail"
  | "hang"
  | "slow"
  /** Does half, then parks until a person has answered. */
  | "ask"
  /** Meets the end of the run's budget. */
  | "broke";

export interface Scenario {
  readonly run: RunId;
  readonly plan: (base: Sha) => Plan;
  /** What is there before: in some, what the rule of doneWhen finds. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** By unit, by how many of its tries were refused before. */
  readonly behaviours: ReadonlyMap<UnitId, readonly Behaviour[]>;
  readonly crashShare: number;
  readonly rivalShare: number;
  readonly speakShare: number;
  /** How often somebody speaks to a unit that has ended. */
  readonly againShare: number;
  readonly checkKilledShare: number;
  /** How often a hand fails in a way that nobody can make a fact of, such as a full disk. */
  readonly failShare: number;
  readonly userEdits: boolean;
  readonly answerable: boolean;
}

const modelWorker = {
  type: "model",
  baseURL: "http://localhost",
  apiKeyEnv: "KEY",
  model: "sim",
  window: 1000,
  outputTokensMax: 100,
  idleTimeoutMs: 1000,
  turnTimeoutMs: 1000,
} as const;

export const target = "refs/heads/main" as RefName;
const minute = 60_000;

export function makeScenario(random: Random): Scenario {
  const count = 1 + random.below(7);
  const units = Array.from({ length: count }, (_, position) => makeUnit(random, position));
  const checks = Array.from({ length: random.below(3) }, (_, n) => makeCheck(`check${n}`));
  const doneWhen = [
    ...(random.chance(0.5) ? [makeCheck("done")] : []),
    ...(random.chance(0.5) ? [nothingLeft] : []),
  ];
  const calm = random.chance(0.2);
  const approval = random.chance(0.1) ? "required" : "auto";
  // Our own agents, who can go on where they were cut off.
  const agents = random.chance(0.4);
  return {
    run: "20260101-0000-seed" as RunId,
    plan: (base) => ({ goal: "simulate", base, units, doneWhen }),
    files: random.chance(0.5)
      ? { readme: "base" }
      : {
          readme: "base",
          ...Object.fromEntries(units.map(({ id }) => [`${id}/a`, "LEFT of old"])),
        },
    settings: { ...makeSettings(random, checks, approval), ...(agents ? { worker: "model" } : {}) },
    behaviours: new Map(units.map(({ id }) => [id, makeBehaviours(random, { calm, agents })])),
    crashShare: random.pick([0, 0.005, 0.02, 0.05]),
    rivalShare: calm ? 0 : random.pick([0, 0, 0.01, 0.05]),
    speakShare: calm ? 0 : random.pick([0, 0, 0.01]),
    againShare: agents && !calm ? 0.01 : 0,
    checkKilledShare: calm ? 0 : random.pick([0, 0, 0.1]),
    failShare: calm ? 0 : random.pick([0, 0, 0, 0.02]),
    userEdits: !calm && random.chance(0.15),
    answerable: true,
  };
}

function makeUnit(random: Random, position: number): Unit {
  const before = Array.from({ length: position }, (_, other) => other);
  return {
    id: `u${position}` as UnitId,
    title: `Unit ${position}`,
    instructions: "write",
    owns: [`u${position}/**` as Glob],
    after: before.filter(() => random.chance(0.25)).map((other) => `u${other}` as UnitId),
    checks: [],
  };
}

function makeBehaviours(
  random: Random,
  { calm, agents }: { readonly calm: boolean; readonly agents: boolean },
): readonly Behaviour[] {
  const bad = ["nothing", "stray", "red", "semantic", "left", "fail", "hang"] as const;
  return Array.from({ length: 4 }, () => {
    if (random.chance(0.2)) return "slow";
    if (agents && random.chance(0.3)) return "ask";
    if (agents && !calm && random.chance(0.03)) return "broke";
    return calm || random.chance(0.65) ? "good" : random.pick(bad);
  });
}

/** Finds what a worker left over; whose rule it is does not matter here. */
const nothingLeft: MatchCheck = {
  name: "nothing left",
  match: { type: "regex", source: "LEFT", flags: "" },
  files: [],
  timeoutMs: minute,
};

function makeCheck(name: string): Check {
  return { name, run: name, timeoutMs: minute };
}

function makeSettings(
  random: Random,
  checks: readonly Check[],
  approval: "auto" | "required",
): Settings {
  const lands: readonly LandMode[] = ["auto", "auto", "partial", "never"];
  return {
    target,
    worker: "sim",
    workers: { sim: { type: "command", command: "sim" }, model: modelWorker },
    checks,
    unitChecks: [],
    setup: { copy: [], clone: [], run: [] },
    limits: {
      concurrency: 1 + random.below(4),
      units: 50,
      attempts: 1 + random.below(3),
      agentTimeoutMs: 900_000,
      unitTimeoutMs: 15 * minute,
      runTimeoutMs: random.chance(0.05) ? 20 * minute : 600 * minute,
      checks: 1,
      agents: 8,
      agentsPerParent: 5,
      agentsPerRun: 50,
      depth: 3,
      turns: 30,
      rounds: random.below(3),
    },
    budget: { agent: {}, unit: {}, run: {}, warnAt: 0.8 },
    approval,
    ...(random.chance(0.1) ? { aggregate: "ai_summarize" as const } : {}),
    roles: [],
    yes: false,
    policy: [],
    shell: { network: false, timeoutMs: 120_000, caches: [] },
    protected: [],
    checkout: "full",
    land: random.pick(lands),
    sandbox: "none",
    keep: random.chance(0.1),
  };
}
