/** The plan of a command line without a plan file: the units of `--files` or of `--match`. */
import path from "node:path";
import type { Glob, Sha } from "../core/id.ts";
import { isException } from "../core/ownership.ts";
import { isMatchCheck, type PlanFile } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Repository } from "../git/repository.ts";
import type { TreeEntry } from "../git/tree.ts";
import { matchedFiles, planFromFiles } from "../plan/static-planner.ts";
import type { RunRequest } from "./doors.ts";

export interface PlanningFacts {
  readonly repository: Repository;
  readonly settings: Settings;
  /** Everything at the base, with sizes. */
  readonly entries: readonly TreeEntry[];
  readonly base: Sha;
}

export interface MadePlan {
  readonly read: { readonly type: "plan"; readonly plan: PlanFile };
  readonly warnings: readonly string[];
}

export async function staticPlan(
  request: RunRequest,
  { repository, settings, entries, base }: PlanningFacts,
): Promise<MadePlan> {
  const globs = rooted(repository, request);
  const goal = request.goal ?? goalOf(settings);
  const { concurrency, units: unitsMax } = settings.limits;
  const facts = { units: request.units, concurrency, unitsMax };
  const files = entries.map(({ path: file, mode, size }) => ({
    path: file,
    mode,
    ...(size === undefined ? {} : { bytes: size }),
  }));
  if (request.match === undefined) {
    const plan = planFromFiles({
      ...facts,
      files: matchedFiles(globs, files),
      goal: goal ?? runs(settings),
    });
    return { read: { type: "plan", plan }, warnings: [] };
  }
  // What is wrong with the globs is told as without a rule.
  if (globs.length > 0) matchedFiles(globs, files);
  const all = globs.length > 0 && globs.every(isException) ? ["**", ...globs] : globs;
  const { planOfMatches } = await import("./match-plan.ts");
  const where = { globs: all as readonly Glob[], base };
  const { plan, warnings } = await planOfMatches(repository, request, { ...facts, ...where, goal });
  return { read: { type: "plan", plan }, warnings };
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

function runs(settings: Settings): string {
  return `Run ${settings.worker}`;
}
