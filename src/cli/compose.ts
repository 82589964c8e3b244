/** The one place where real things are made and handed in: each door of the commands, opened on a real repository. */
import { availableParallelism } from "node:os";
import PQueue from "p-queue";
import { readConfig } from "../config/read-config.ts";
import { isTrusted, rolesQuestion, trust, trustQuestion } from "../config/trust.ts";
import { isSettled } from "../core/decide.ts";
import type { RunEvent } from "../core/event.ts";
import { Failure, invariant } from "../core/failure.ts";
import type { RunId } from "../core/id.ts";
import type { Json } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import { planTies } from "../core/split-report.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { stateHome, writeAtomically } from "../host/file.ts";
import { parsePlan } from "../plan/plan-file.ts";
import { writePlan } from "../plan/plan-text.ts";
import { lockRepository, removeDeadLock } from "../run/runner.ts";
import { removeUnbegun } from "../run/unbegun.ts";
import type { PlanPreview } from "../view/preview.ts";
import { requireApproved } from "./approve-plan.ts";
import { diagnose } from "./diagnosis.ts";
import type { Cleaned, Doors, Eyes, KnownRoles, Said, SaidToUnit, Where } from "./doors.ts";
import { driveNew, driveOn } from "./drive.ts";
import type { Driver } from "./driver.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { askedToHear, speak } from "./speaking.ts";
import { anyRun, isUnfinished, openStoredRuns, type StoredRuns } from "./stored-runs.ts";
import { requireTrust } from "./untrusted.ts";

export function openDoors({ quit }: Pick<Driver, "quit">): Doors {
  // Filling worktrees keeps a processor busy each.
  const checkoutLane = makeLane(availableParallelism());
  const drive = (on: Pick<StoredRuns, "repository" | "stateHome">, eyes: Eyes): Driver => {
    return { repository: on.repository, stateHome: on.stateHome, eyes, quit, checkoutLane };
  };
  return {
    plan: async (request, tell) => previewOf(await prepare(request, tell)),
    savePlan: async (file, preview) => {
      const format = /\.ya?ml$/i.test(file) ? "yaml" : "json";
      const read = await parsePlan(JSON.stringify(preview.file), "json");
      invariant(read.type === "plan", "a plan that was made can be read");
      await writeAtomically(file, await writePlan(read.plan, format));
    },
    saveText: writeAtomically,
    run: async (request, eyes) => {
      const prepared = await prepare(request, eyes.planning);
      requireTrust(prepared);
      await requireApproved(prepared.unapproved, request);
      return driveNew(drive(prepared, eyes), prepared);
    },
    resume: async (where, named, eyes) => {
      const stored = await openStoredRuns(where.dir);
      const { state } = await stored.pick(named, [isUnfinished, anyRun]);
      if (!isUnfinished(state)) {
        await removeDeadLock(stored.repository, state.run);
        return { state, alreadyFinished: true };
      }
      const ended = await driveOn(drive(stored, eyes), state.run, () => []);
      return { state: ended, alreadyFinished: false };
    },
    readRun: async (where, named) => (await openStoredRuns(where.dir)).pick(named, [anyRun]),
    listRuns: async (where) => (await openStoredRuns(where.dir)).list(),
    speak,
    message: (where, named, said, eyes) =>
      message((stored) => drive(stored, eyes), { where, named, said }),
    land: async (where, named, eyes) => {
      const stored = await openStoredRuns(where.dir);
      const { state } = await stored.pick(named, [anyRun]);
      return driveOn(drive(stored, eyes), state.run, askedToLand);
    },
    undo: async (where, named, eyes) => {
      const stored = await openStoredRuns(where.dir);
      const { state } = await stored.pick(named, [hasLanded, anyRun]);
      return driveOn(drive(stored, eyes), state.run, askedToUndo);
    },
    clean: async (where, named, options, eyes) => {
      const stored = await openStoredRuns(where.dir);
      const unbegun = await cleanUnbegun(stored.repository, named);
      const others = named.filter((name) => !unbegun.some(({ run }) => run === name));
      if (named.length > 0 && others.length === 0) return unbegun;
      const { states, kept } = await runsToClean(stored, others);
      return [...(await clean(drive(stored, eyes), states, options)), ...kept, ...unbegun];
    },
    agents: agentsHere,
    doctor: (where) => diagnose(where),
    trust: trustHere,
  };
}

async function previewOf(prepared: Prepared): Promise<PlanPreview> {
  const { plan, planFile, settings, files, untrusted, split } = prepared;
  const survey = plan.units.length > 1 ? await prepared.survey() : undefined;
  const asks = [
    ...untrusted.map((command) => `not trusted yet: ${command}`),
    ...prepared.unapproved.map((command) => `not approved yet, being a model's: ${command}`),
  ];
  return {
    plan,
    file: JSON.parse(await writePlan(planFile, "json")) as Json,
    target: settings.target,
    base: plan.base,
    units: plan.units.map((unit) => ({
      id: unit.id,
      worker: unit.worker ?? settings.worker,
      files: files.get(unit.id) ?? [],
    })),
    checks: settings.checks.map(({ name }) => name),
    warnings: [...prepared.warnings, ...asks],
    ...(prepared.planning === undefined ? {} : { planning: prepared.planning }),
    ...(prepared.weights === undefined ? {} : { weights: prepared.weights }),
    ...(split === undefined ? {} : { split }),
    ...(survey === undefined ? {} : { ties: planTies(files, survey.imports), notes: survey.notes }),
  };
}

/** A run that goes on hears it in its inbox; one that has finished goes on for it. */
async function message(
  drive: (stored: StoredRuns) => Driver,
  { where, named, said }: { where: Where; named: string | undefined; said: SaidToUnit },
): Promise<Said> {
  const stored = await openStoredRuns(where.dir);
  const { state } = await stored.pick(named, [isUnfinished, anyRun]);
  if (isUnfinished(state)) return speak(where, state.run, said);
  const asked = (now: RunState) => askedToHear(now, said);
  const ended = await driveOn(drive(stored), state.run, asked);
  return { run: state.run, heard: "now", state: ended };
}

function hasLanded({ landing }: RunState): boolean {
  return landing.phase === "landed" || landing.phase === "undo_refused";
}

function askedToLand(state: RunState): readonly RunEvent[] {
  requireFinished(state);
  const { phase } = state.landing;
  if (phase === "landed" && state.landing.new === state.integration) return [];
  if (phase === "asked" || phase === "moving") return [];
  if (state.integration === state.plan.base) {
    throw new Failure("repository", "nothing_to_land", `run ${state.run} merged nothing`, {
      advice: `see why: pleach status ${state.run}`,
    });
  }
  return [{ type: "land-asked" }];
}

function askedToUndo(state: RunState): readonly RunEvent[] {
  requireFinished(state);
  const { phase } = state.landing;
  if (phase === "undone" || phase === "undo_asked" || phase === "undoing") return [];
  if (hasLanded(state)) return [{ type: "undo-asked" }];
  throw new Failure("repository", "not_landed", `run ${state.run} has not landed`, {
    advice: "there is nothing to take back",
  });
}

function requireFinished(state: RunState): void {
  if (state.at.phase === "finished") return;
  throw new Failure("repository", "run_unfinished", `run ${state.run} is not finished`, {
    advice: `go on with it first: pleach resume ${state.run}`,
  });
}

interface ToClean {
  readonly states: readonly RunState[];
  /** Those of which nobody can say what they left. */
  readonly kept: readonly Cleaned[];
}

async function runsToClean(stored: StoredRuns, named: readonly string[]): Promise<ToClean> {
  if (named.length > 0) {
    const picked = named.map(async (run) => (await stored.pick(run, [])).state);
    return { states: await Promise.all(picked), kept: [] };
  }
  const runs = await stored.list();
  return {
    states: runs.flatMap((run) => (run.type === "run" && !run.alive ? [run.state] : [])),
    kept: runs.flatMap((one) =>
      one.type === "unreadable"
        ? [{ run: one.run, removed: [], kept: [`all of it: it cannot be read (${one.message})`] }]
        : [],
    ),
  };
}

/** Each run takes the lock for itself afterwards; whoever has it now is told of first. */
async function cleanUnbegun(
  repository: Repository,
  named: readonly string[],
): Promise<readonly Cleaned[]> {
  const lock = await lockRepository(repository);
  try {
    const removed = await removeUnbegun(repository);
    const asked = removed.filter((run) => named.length === 0 || named.includes(run));
    return asked.map((run) => ({ run, removed: ["its folder: it never began"], kept: [] }));
  } finally {
    await lock.release();
  }
}

async function clean(
  driver: Driver,
  runs: readonly RunState[],
  { discard }: { readonly discard: boolean },
): Promise<readonly Cleaned[]> {
  const cleaned: Cleaned[] = [];
  for (const state of runs) {
    const { run } = state;
    if (isUnfinished(state) && !discard) {
      const kept = [`all of it: it is not finished (pleach resume ${run}, or --discard)`];
      cleaned.push({ run, removed: [], kept });
    } else cleaned.push(await cleanRun(driver, run, discard));
  }
  return cleaned;
}

async function cleanRun(driver: Driver, run: RunId, discard: boolean): Promise<Cleaned> {
  const ended = await driveOn(driver, run, (state) =>
    isUnfinished(state) ? [{ type: "run-cancelled", why: "discarded by pleach clean" }] : [],
  );
  const before = ended.clean.removed.length;
  // What it keeps is thrown away next, and named by us.
  const eyes = { ...driver.eyes, event: () => undefined };
  const first = discard ? { ...driver, eyes } : driver;
  const cleaned = await cleanTo(first, ended, { discard: false });
  if (discard) {
    for (const kept of cleaned.clean.kept) driver.eyes.warn(`throwing away ${kept}`);
  }
  const state = discard ? await cleanTo(driver, cleaned, { discard }) : cleaned;
  return { run, removed: state.clean.removed.slice(before), kept: state.clean.kept };
}

async function cleanTo(
  driver: Driver,
  state: RunState,
  { discard }: { readonly discard: boolean },
): Promise<RunState> {
  if (!isSettled(state)) return state;
  return driveOn(driver, state.run, () => [{ type: "clean-asked", discard }]);
}

async function agentsHere(where: Where): Promise<KnownRoles> {
  const { withBuiltInRoles } = await import("../agent/roles/read-roles.ts");
  const { broughtRoles } = await import("./model-needs.ts");
  const { topLevel } = await openRepository(where.dir, { allowUnborn: true });
  const { roles, warnings } = await broughtRoles(topLevel);
  return { roles: await withBuiltInRoles(roles), warnings };
}

async function trustHere(where: Where) {
  const repository = await openRepository(where.dir, { allowUnborn: true });
  const read = await readConfig(repository.topLevel, where.config);
  const { files } = await (await import("./model-needs.ts")).broughtRoles(repository.topLevel);
  const questions = [await trustQuestion(read.config, read.folder), rolesQuestion(files)];
  const asked = questions.filter(({ commands }) => commands.length > 0);
  let already = true;
  for (const question of asked) {
    if (await isTrusted(stateHome(), repository.name, question.hash)) continue;
    already = false;
    await trust(stateHome(), repository.name, question);
  }
  return {
    commands: asked.flatMap(({ commands }) => commands),
    already: already && asked.length > 0,
  };
}

/** A physical limit: so many at once, the others wait their turn. */
function makeLane(concurrency: number): <T>(work: () => Promise<T>) => Promise<T> {
  const queue = new PQueue({ concurrency });
  return (work) => queue.add(work);
}
