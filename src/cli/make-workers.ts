/** The workers that a plan names, made real. */
import type { Redact } from "../agent/redaction.ts";
import type { Roster } from "../agent/roster.ts";
import { Failure, unreachable } from "../core/failure.ts";
import type { RunId } from "../core/id.ts";
import type { Ownership } from "../core/ownership.ts";
import type { Plan } from "../core/plan.ts";
import type { ModelSettings, Settings, WorkerSettings } from "../core/settings.ts";
import type { Judge, Place, Worker } from "../core/worker.ts";
import type { Repository } from "../git/repository.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { startApart } from "../host/starter.ts";
import type { HandsParts } from "../run/hands-parts.ts";

export interface MadeWorkers {
  readonly workers: ReadonlyMap<string, Worker>;
  /** Where a model is among the workers, or could be. */
  readonly judge?: Judge | undefined;
  readonly summarise?: HandsParts["summarise"];
  /** Ends what is kept between units. */
  close(): Promise<void>;
}

export interface WorkerFacts {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly repository: Repository;
  readonly ownership: Ownership;
  /** Whether any unit is still to be worked on. */
  readonly isAtWork: boolean;
  /** Absent where there are no keys. */
  readonly redact: Redact | undefined;
}

export async function makeWorkers(
  run: RunId,
  { settings, plan, repository, ownership, redact, isAtWork }: WorkerFacts,
  sandbox: ((writable: readonly string[]) => Sandbox) | undefined,
): Promise<MadeWorkers> {
  const names = new Set(plan.units.map((unit) => unit.worker ?? settings.worker));
  if (
    isAtWork &&
    plan.units.length >= unitsApart &&
    [...names].some((name) => settings.workers[name]?.type === "command")
  )
    startApart();
  const workers = new Map<string, Worker>();
  const closers: (() => Promise<void>)[] = [];
  let roster: Roster | undefined;
  const hide: Redact = redact ?? ((text) => text);
  const inSandbox =
    sandbox === undefined
      ? undefined
      : ({ worktree, exchange }: Place) => sandbox([worktree, exchange]);
  const makeModel = async (name: string, told: ModelSettings): Promise<Worker> => {
    const { makeModelWorker, makeRoster } = await import("./make-model-worker.ts");
    roster ??= makeRoster(settings);
    const parts = { settings, ownership, repository, roster, redact: hide, sandbox: inSandbox };
    return makeModelWorker(name, told, parts);
  };
  for (const name of names) {
    const told = Object.hasOwn(settings.workers, name) ? settings.workers[name] : undefined;
    if (told === undefined) throw unknownWorker(name);
    const worker =
      told.type === "model"
        ? await makeModel(name, told)
        : await make(name, told, { run, isAtWork, redact, sandbox: inSandbox });
    workers.set(name, worker);
    if ("close" in worker) closers.push(worker.close);
  }
  return {
    workers,
    judge: await makeJudge(settings, plan, hide),
    summarise: await makeSummary(settings, plan, hide),
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

/** Needed only where a unit is worked on in several ways. The run's own model comes first. */
async function makeJudge(
  settings: Settings,
  plan: Plan,
  redact: Redact,
): Promise<Judge | undefined> {
  if (plan.units.every(({ approaches = 1 }) => approaches === 1)) return undefined;
  const first = firstModel(settings);
  if (first === undefined) return undefined;
  const { makeApproachJudge } = await import("./make-model-worker.ts");
  return makeApproachJudge(first.name, first.told, settings, redact);
}

async function makeSummary(
  settings: Settings,
  plan: Plan,
  redact: Redact,
): Promise<HandsParts["summarise"]> {
  if ((plan.aggregate ?? settings.aggregate) !== "ai_summarize") return undefined;
  const first = firstModel(settings);
  if (first === undefined) return undefined;
  const { makeRunSummary } = await import("./make-model-worker.ts");
  return makeRunSummary(first.name, first.told, settings, redact);
}

/** The run's own worker comes first. */
export function firstModel({ worker, workers }: Settings) {
  for (const name of [worker, ...Object.keys(workers)]) {
    const told = workers[name];
    if (told?.type === "model") return { name, told };
  }
  return undefined;
}

/** For so many starts it pays to have a process of its own for them. */
const unitsApart = 10;

type Made = Worker | (Worker & { close(): Promise<void> });

async function make(
  name: string,
  told: Exclude<WorkerSettings, ModelSettings>,
  parts: {
    readonly run: RunId;
    readonly isAtWork: boolean;
    readonly redact: Redact | undefined;
    readonly sandbox: ((place: Place) => Sandbox) | undefined;
  },
): Promise<Made> {
  const made = await makePlain(name, told, parts);
  if (parts.redact === undefined) return made;
  const { redactedWorker } = await import("../work/redacted-worker.ts");
  return redactedWorker(made, parts.redact);
}

async function makePlain(
  name: string,
  told: Exclude<WorkerSettings, ModelSettings>,
  { redact, sandbox, ...rest }: Parameters<typeof make>[2],
): Promise<Made> {
  switch (told.type) {
    case "command": {
      const { createCommandWorker } = await import("../work/command-worker.ts");
      const { command, stdin } = told;
      return createCommandWorker({ name, command, stdin, sandbox, redact });
    }
    case "codemod": {
      const { createCodemodWorker } = await import("../work/codemod-worker.ts");
      const { codemod } = told;
      const within = sandbox === undefined ? {} : { sandbox };
      return createCodemodWorker({ name, codemod, redact, ...rest, ...within });
    }
    default:
      return unreachable(told);
  }
}

function unknownWorker(name: string): Failure {
  return new Failure("usage", "unknown_worker", `there is no worker ${name}`, {
    advice: "name one of `workers` in the configuration",
  });
}
