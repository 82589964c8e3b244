/** From flags, configuration and repository to a plan and settings that may run: what is wrong is said in the contract's order,
 *  and nothing is written. */
import path from "node:path";
import { type ReadConfig, readConfig } from "../config/read-config.ts";
import { settingsOf } from "../config/settings-of.ts";
import { Failure } from "../core/failure.ts";
import type { RefName, RepoPath, Sha, UnitId } from "../core/id.ts";
import { filesByUnit, ownershipOfUnits } from "../core/ownership.ts";
import type { Plan, PlanFile } from "../core/plan.ts";
import { type PlanFacts, planWarnings } from "../core/plan-problem.ts";
import { problemLine } from "../core/problem.ts";
import type { Settings } from "../core/settings.ts";
import type { Spend } from "../core/spend.ts";
import type { SplitReport } from "../core/split-report.ts";
import { openRepository, type Repository, resolveTarget, revision } from "../git/repository.ts";
import { filesAt, type TreeEntry, withSizes } from "../git/tree.ts";
import { stateHome } from "../host/file.ts";
import { readPlanFile, requirePlan } from "../plan/plan-file.ts";
import type { ReadPlan } from "../plan/plan-shape.ts";
import { mistakenPlaceholders } from "../work/placeholder.ts";
import { askEarly, requireModules, requireRules } from "./codemod-needs.ts";
import type { RunRequest } from "./doors.ts";
import { broughtRoles, keyWarnings, modelsOf, requireModels } from "./model-needs.ts";
import type { ModelPlanFacts } from "./model-plan.ts";
import { estimateOf } from "./plan-estimate.ts";
import { type SurveyDoor, surveyDoor } from "./repository-survey.ts";
import { type MadePlan, requirePlanMatches, staticPlan } from "./static-plan.ts";
import { untrusted } from "./untrusted.ts";

interface Made extends Pick<MadePlan, "warnings" | "report" | "weights"> {
  readonly read: ReadPlan;
  readonly commands?: readonly string[];
  readonly spend?: Spend;
}

export interface Prepared {
  readonly repository: Repository;
  readonly stateHome: string;
  readonly settings: Settings;
  readonly plan: Plan;
  /** As `--out` writes it. */
  readonly planFile: PlanFile;
  /** Of a plan that was made of files: how they were split. */
  readonly split?: SplitReport;
  readonly survey: SurveyDoor["survey"];
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  readonly warnings: readonly string[];
  /** What the repository's configuration would run and nobody trusted yet; none if all is well. */
  readonly untrusted: readonly string[];
  /** What a model's plan would run and no person has seen yet. */
  readonly unapproved: readonly string[];
  /** What it cost where a model made the plan. */
  readonly planning?: Spend;
  /** Bytes, of the files that were weighed by something else than their size. */
  readonly weights?: ReadonlyMap<string, number>;
}

/** `tell` hears what a model does that makes the plan. */
export async function prepare(
  request: RunRequest,
  tell: (text: string) => void,
): Promise<Prepared> {
  const { repository, read, base, settings, entries } = await asked(request);
  const planFacts: PlanFacts = {
    files: entries,
    unitsMax: settings.limits.units,
    workers: Object.keys(settings.workers),
  };
  const { survey } = surveyDoor(repository, base.sha, entries);
  const found = { repository, settings, entries, base: base.sha, hubs: read.config.hubs, survey };
  const made: Made =
    base.read === undefined
      ? await makePlan(request, { ...found, planFacts, read, tell })
      : { read: base.read, warnings: [], ...request.shown };
  const planFile = await requireSound(request, made.read, planFacts);
  const models = modelsOf(settings, planFile);
  const brought = models.size === 0 ? undefined : await broughtRoles(repository.topLevel);
  const complete = { ...settings, roles: brought?.roles ?? [] };
  if (brought !== undefined) await requireModels(complete, planFile);
  const home = stateHome();
  const files = filesByUnit(ownershipOfUnits(planFile.units), ordinary(entries));
  const sized =
    request.plan === undefined
      ? entries
      : await withSizes(repository, entries, new Set([...files.values()].flat()));
  const weighed = { settings, entries: sized, weights: made.weights };
  const estimate = await estimateOf(planFile, files, weighed);
  return {
    repository,
    stateHome: home,
    settings: complete,
    plan: { ...recorded(planFile, base.sha), estimate },
    planFile,
    survey,
    ...(made.report === undefined ? {} : { split: made.report }),
    files,
    warnings: [
      ...read.warnings,
      ...made.warnings,
      ...(brought?.warnings ?? []),
      ...keyWarnings(complete, planFile),
      ...planWarnings(planFile, planFacts).map(problemLine),
      ...(settings.checks.length === 0 ? [noChecks] : []),
      ...mistakes(settings),
    ],
    untrusted: await untrusted(home, repository, request, {
      read,
      settings,
      plan: planFile,
      roleFiles: brought?.files ?? [],
    }),
    unapproved: made.commands ?? [],
    ...(made.weights === undefined ? {} : { weights: made.weights }),
    ...(made.spend === undefined ? {} : { planning: made.spend }),
  };
}

/** What is asked for, and of which repository. */
async function asked(request: RunRequest) {
  const early = askEarly(request);
  const repository = await openRepository(request.dir);
  const { target, read } = await targetAndConfig(repository, request);
  const base = await baseOf(repository, request, target);
  const facts = { target, folder: read.folder, cwd: request.dir, roles: [] };
  const settings = await settingsOf(read.config, request, facts);
  const listed = filesAt(repository, base.sha, { sizes: request.plan === undefined });
  // Asked meanwhile: what is wrong with the configuration is told first.
  listed.catch(() => undefined);
  await requireRules(settings, await early);
  await requireModules(settings);
  if (settings.land === "pr") throw noPullRequests();
  return { repository, read, base, settings, entries: await listed };
}

/** Also that what it looks for can be looked for. */
async function requireSound(
  request: RunRequest,
  read: ReadPlan,
  planFacts: PlanFacts,
): Promise<PlanFile> {
  const name = request.plan === undefined ? "the plan" : path.basename(request.plan);
  const planFile = requirePlan(name, read, planFacts);
  await requirePlanMatches(request, planFile);
  return planFile;
}

/** A goal alone is split by a model; everything else needs none. */
async function makePlan(request: RunRequest, facts: ModelPlanFacts): Promise<Made> {
  const { goal, files, match } = request;
  if (goal === undefined || files.length > 0 || match !== undefined) {
    return staticPlan(request, facts);
  }
  const { modelPlan } = await import("./model-plan.ts");
  return modelPlan({ ...request, goal }, facts);
}

/** Only a warning: it may be honest text of the command's. */
function mistakes(settings: Settings): readonly string[] {
  return Object.entries(settings.workers).flatMap(([name, worker]) => {
    const found = worker.type === "command" ? mistakenPlaceholders(worker.command) : [];
    if (found.length === 0) return [];
    return [`${name}: ${found.join(", ")} stays as it is: only {task} and {files} are replaced`];
  });
}

function noPullRequests(): Failure {
  const message = "land: pr is not in this version";
  return new Failure("usage", "land_pr_unknown", message, {
    advice: "use --land never, then push the integration branch that the run names",
  });
}

const noChecks =
  "no check is configured: what is merged is verified by nothing (give --check, or checks in .agentrc.json)";

/** The files that each unit owns, of a plan that is recorded already. */
export async function ownedFiles(
  repository: Repository,
  plan: Plan,
): Promise<ReadonlyMap<UnitId, readonly RepoPath[]>> {
  return filesByUnit(ownershipOfUnits(plan.units), ordinary(await filesAt(repository, plan.base)));
}

function ordinary(entries: readonly TreeEntry[]): readonly RepoPath[] {
  return entries.filter(({ mode }) => mode !== "160000").map((entry) => entry.path);
}

/** A target that is not there is told before a config that is wrong. */
async function targetAndConfig(
  repository: Repository,
  request: RunRequest,
): Promise<{ readonly target: RefName; readonly read: ReadConfig }> {
  if (request.target !== undefined) {
    const target = await resolveTarget(repository, request.target);
    return { target, read: await readConfig(repository.topLevel, request.config) };
  }
  let read: ReadConfig;
  try {
    read = await readConfig(repository.topLevel, request.config);
  } catch (error) {
    await resolveTarget(repository);
    throw error;
  }
  return { target: await resolveTarget(repository, read.config.target), read };
}

async function baseOf(repository: Repository, request: RunRequest, target: RefName) {
  const read = request.plan === undefined ? undefined : await readPlanFile(request.plan);
  const planned = read?.type === "plan" ? read.plan.base : undefined;
  const sha: Sha = await revision(repository, request.base ?? planned ?? target);
  return { sha, read };
}

function recorded(file: PlanFile, base: Sha): Plan {
  const { version: _, base: __, ...rest } = file;
  return { ...rest, base };
}
