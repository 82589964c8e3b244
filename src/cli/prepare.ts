/** From flags, configuration and repository to a plan and settings that may run: what is wrong is said in the contract's order,
 *  and nothing is written. */
import path from "node:path";
import { type ReadConfig, readConfig } from "../config/read-config.ts";
import { flagWorker, settingsOf } from "../config/settings-of.ts";
import {
  isTrusted,
  obeyedConfig,
  type RoleText,
  rolesQuestion,
  type TrustQuestion,
  trustQuestion,
} from "../config/trust.ts";
import { Failure } from "../core/failure.ts";
import type { RefName, RepoPath, Sha, UnitId } from "../core/id.ts";
import { filesByUnit, type Ownership, ownershipOf } from "../core/ownership.ts";
import type { Plan, PlanFile } from "../core/plan.ts";
import { type PlanFacts, planWarnings } from "../core/plan-problem.ts";
import { type Problem, problemLine, problemsFailure } from "../core/problem.ts";
import type { Settings } from "../core/settings.ts";
import type { SplitReport } from "../core/split-report.ts";
import { openRepository, type Repository, resolveTarget, revision } from "../git/repository.ts";
import { filesAt, type TreeEntry } from "../git/tree.ts";
import { stateHome } from "../host/file.ts";
import { readPlanFile, requirePlan } from "../plan/plan-file.ts";
import type { ReadPlan } from "../plan/plan-shape.ts";
import { mistakenPlaceholders } from "../work/placeholder.ts";
import type { RunRequest } from "./doors.ts";
import { askedModels, broughtRoles, keyWarnings, modelsOf, requireModels } from "./model-needs.ts";
import { estimateOf } from "./plan-estimate.ts";
import { staticPlan } from "./static-plan.ts";

export interface Prepared {
  readonly repository: Repository;
  readonly stateHome: string;
  readonly settings: Settings;
  readonly plan: Plan;
  /** As `--out` writes it. */
  readonly planFile: PlanFile;
  /** Of a plan that was made of files: how they were split. */
  readonly split?: SplitReport;
  readonly ownership: Ownership;
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  readonly warnings: readonly string[];
  /** What the repository's configuration would run and nobody trusted yet; none if all is well. */
  readonly untrusted: readonly string[];
}

export async function prepare(request: RunRequest): Promise<Prepared> {
  const repository = await openRepository(request.dir);
  const { target, read } = await targetAndConfig(repository, request);
  const base = await baseOf(repository, request, target);
  const facts = { target, folder: read.folder, cwd: request.dir, roles: [] };
  const settings = await settingsOf(read.config, request, facts);
  await requireRules(settings);
  await requireModules(settings);
  if (settings.land === "pr") throw noPullRequests();
  const entries = await filesAt(repository, base.sha, { sizes: true });
  const planFacts: PlanFacts = {
    files: entries,
    unitsMax: settings.limits.units,
    workers: Object.keys(settings.workers),
  };
  const found = { repository, settings, entries, base: base.sha, hubs: read.config.hubs };
  const said: ReadPlan & { readonly report?: SplitReport } =
    base.read ?? (await staticPlan(request, found));
  const planFile = requirePlan(path.basename(request.plan ?? "the plan"), said, planFacts);
  const models = modelsOf(settings, planFile);
  const brought = models.size === 0 ? undefined : await broughtRoles(repository.topLevel);
  const complete = { ...settings, roles: brought?.roles ?? [] };
  if (brought !== undefined) await requireModels(complete, planFile);
  const home = stateHome();
  const ownership = ownershipOf(planFile.units);
  const files = filesByUnit(ownership, ordinary(entries));
  const estimate = await estimateOf(planFile, files, { settings, entries });
  return {
    repository,
    stateHome: home,
    settings: complete,
    plan: { ...recorded(planFile, base.sha), estimate },
    planFile,
    ...(said.report === undefined ? {} : { split: said.report }),
    ownership,
    files,
    warnings: [
      ...read.warnings,
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
  };
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

/** Refuses what nobody trusted: exit 4, with what it would have run. */
export function requireTrust({ untrusted: commands }: Pick<Prepared, "untrusted">): void {
  if (commands.length === 0) return;
  const message =
    "this repository's configuration would run, or tell agents, what you have not trusted";
  throw new Failure("permission", "not_trusted", message, {
    advice: "read them, then `pleach trust` (for good) or --trust (this once)",
    details: { commands },
  });
}

/** The files that each unit owns, of a plan that is recorded already. */
export async function ownedFiles(
  repository: Repository,
  plan: Plan,
  ownership: Ownership,
): Promise<ReadonlyMap<UnitId, readonly RepoPath[]>> {
  return filesByUnit(ownership, ordinary(await filesAt(repository, plan.base)));
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

/** What the text alone tells first, then what ast-grep itself has against the rules that a unit may run. */
async function requireRules(settings: Settings): Promise<void> {
  const rules = Object.entries(settings.workers).flatMap(([name, worker]) =>
    worker.type === "codemod" && worker.codemod.type === "rule"
      ? [{ name, codemod: worker.codemod }]
      : [],
  );
  if (rules.length === 0) return;
  // Loaded only when it is needed: it brings a parser of YAML along.
  const { askCodemodProblems, codemodProblems } = await import("../work/codemod-worker.ts");
  const problems: Problem[] = [];
  for (const { name, codemod } of rules) {
    const told = codemodProblems(codemod.text, codemod.file);
    const asked = told.length > 0 ? told : await askCodemodProblems(codemod, neverAborted);
    problems.push(...asked.map((message) => ({ field: name, message })));
  }
  if (problems.length > 0) throw problemsFailure("usage", "the codemod", problems);
}

/** A module that cannot be parsed would fail every unit alike. */
async function requireModules(settings: Settings): Promise<void> {
  const modules = Object.entries(settings.workers).flatMap(([name, worker]) =>
    worker.type === "codemod" && worker.codemod.type === "module"
      ? [{ field: name, file: worker.codemod.file }]
      : [],
  );
  if (modules.length === 0) return;
  const { moduleProblem } = await import("../work/codemod-module.ts");
  const problems: Problem[] = [];
  for (const { field, file } of modules) {
    const message = await moduleProblem(file, neverAborted);
    if (message !== undefined) problems.push({ field, message });
  }
  if (problems.length > 0) throw problemsFailure("usage", "the codemod", problems);
}

const neverAborted = new AbortController().signal;

function recorded(file: PlanFile, base: Sha): Plan {
  const { version: _, base: __, ...rest } = file;
  return { ...rest, base };
}

/** Only what this run would obey is asked about; who trusts the whole config trusts each part of it. */
async function untrusted(
  home: string,
  repository: Repository,
  request: RunRequest,
  found: {
    readonly read: ReadConfig;
    readonly settings: Settings;
    readonly plan: PlanFile;
    readonly roleFiles: readonly RoleText[];
  },
): Promise<readonly string[]> {
  if (request.trust) return [];
  const isOpen = async ({ commands, hash }: TrustQuestion) =>
    commands.length > 0 && !(await isTrusted(home, repository.name, hash));
  const roles = rolesQuestion(found.roleFiles);
  const open = (await isOpen(roles)) ? roles.commands : [];
  const { read, settings, plan } = found;
  const { config, folder } = read;
  if (!(await isOpen(await trustQuestion(config, folder)))) return open;
  const workers = new Set([
    ...plan.units.map((unit) => unit.worker ?? settings.worker),
    ...askedModels(settings, plan),
  ]);
  if (request.command !== undefined) workers.delete(flagWorker.command);
  if (request.codemod !== undefined) workers.delete(flagWorker.codemod);
  const obeyed = obeyedConfig(config, {
    checks: request.checks.length === 0,
    unitChecks: request.unitChecks.length === 0,
    sandbox: request.sandbox === undefined,
    workers,
  });
  const part = await trustQuestion(obeyed, folder);
  return (await isOpen(part)) ? [...part.commands, ...open] : open;
}
