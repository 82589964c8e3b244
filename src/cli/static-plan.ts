/** The plan of a command line without a plan file: the units of `--files` or of `--match`, split by what ties the files together. */
import path from "node:path";
import type { SizedFile } from "../core/estimate.ts";
import type { Glob, Sha } from "../core/id.ts";
import { isException } from "../core/ownership.ts";
import { isMatchCheck, type PlanFile } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { SplitReport } from "../core/split-report.ts";
import type { Repository } from "../git/repository.ts";
import type { TreeEntry } from "../git/tree.ts";
import type { HubRule } from "../plan/hubs.ts";
import type { Split } from "../plan/split.ts";
import type { RunRequest } from "./doors.ts";
import { assumptionsFor } from "./plan-estimate.ts";
import type { SurveyDoor } from "./repository-survey.ts";

export interface PlanningFacts {
  readonly repository: Repository;
  readonly settings: Settings;
  /** Everything at the base, with sizes. */
  readonly entries: readonly TreeEntry[];
  readonly base: Sha;
  readonly hubs: readonly HubRule[];
  readonly survey: SurveyDoor["survey"];
}

export interface MadePlan {
  readonly read: { readonly type: "plan"; readonly plan: PlanFile };
  readonly warnings: readonly string[];
  /** How its files were split. */
  readonly report?: SplitReport;
  /** Bytes, of the files that were weighed by something else than their size. */
  readonly weights?: ReadonlyMap<string, number>;
}

export async function staticPlan(request: RunRequest, facts: PlanningFacts): Promise<MadePlan> {
  const { repository, settings, entries, base } = facts;
  // Loaded only here: they bring graphology along, which a run of a plan file has no use for.
  const { matchedFiles, planFromFiles } = await import("../plan/static-planner.ts");
  const globs = rooted(repository, request);
  const goal = request.goal ?? goalOf(settings);
  const files = entries.map(({ path: file, mode, size }) => ({
    path: file,
    mode,
    ...(size === undefined ? {} : { bytes: size }),
  }));
  if (request.match === undefined) {
    const split = await splitOf(request, facts, matchedFiles(globs, files));
    const plan = planFromFiles({ split, goal: goal ?? `Run ${settings.worker}` });
    return { read: { type: "plan", plan }, warnings: [], report: split.report };
  }
  // What is wrong with the globs is told as without a rule.
  if (globs.length > 0) matchedFiles(globs, files);
  const all = globs.length > 0 && globs.every(isException) ? ["**", ...globs] : globs;
  const { planOfMatches } = await import("./match-plan.ts");
  const { plan, ...made } = await planOfMatches(repository, request, {
    ...{ base, goal, globs: all as readonly Glob[] },
    split: (found) => splitOf(request, facts, found),
  });
  return { read: { type: "plan", plan }, ...made };
}

async function splitOf(
  request: RunRequest,
  { settings, hubs, survey }: PlanningFacts,
  files: readonly SizedFile[],
): Promise<Split> {
  const { needsSurvey, splitFiles } = await import("../plan/split.ts");
  const split = {
    files,
    units: request.units,
    unitsMax: settings.limits.units,
    by: assumptionsFor(settings, settings.worker),
    hubs,
  };
  return splitFiles({ ...split, survey: needsSurvey(split) ? await survey() : undefined });
}

/** Rules that a plan file brings along are tried before anything begins; that of `--match` was. */
export async function requirePlanMatches(request: RunRequest, plan: PlanFile): Promise<void> {
  if (request.plan === undefined) return;
  const matches = plan.doneWhen.flatMap((completion, at) =>
    isMatchCheck(completion) ? [{ field: `doneWhen[${at}].match`, match: completion.match }] : [],
  );
  if (matches.length === 0) return;
  const { requireMatches } = await import("./match-plan.ts");
  await requireMatches(matches, path.basename(request.plan));
}

/** The globs as seen from the root: they were typed in a folder of the repository. */
function rooted(repository: Repository, { dir, files }: RunRequest): readonly string[] {
  const prefix = path.relative(repository.topLevel, dir).split(path.sep).join("/");
  if (prefix === "" || prefix.startsWith("..")) return files;
  return files.map((glob) =>
    glob.startsWith("!")
      ? `!${path.posix.join(prefix, glob.slice(1))}`
      : path.posix.join(prefix, glob),
  );
}

/** What a codemod says of itself. */
function goalOf(settings: Settings): string | undefined {
  const worker = settings.workers[settings.worker];
  if (worker?.type !== "codemod" || worker.codemod.type === "command") return undefined;
  return `Apply ${path.basename(worker.codemod.file)}`;
}
