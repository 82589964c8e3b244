/** From `--files` to a plan: which files are meant, what ties them together, and the units that they are split into. */
import path from "node:path";
import type { Sha } from "../core/id.ts";
import type { PlanFile } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { SplitReport } from "../core/split-report.ts";
import type { Repository } from "../git/repository.ts";
import type { TreeEntry } from "../git/tree.ts";
import type { HubRule } from "../plan/hubs.ts";
import type { RunRequest } from "./doors.ts";
import { assumptionsFor } from "./plan-estimate.ts";

export interface StaticFacts {
  readonly repository: Repository;
  readonly settings: Settings;
  /** Of the base, with sizes. */
  readonly entries: readonly TreeEntry[];
  readonly base: Sha;
  readonly hubs: readonly HubRule[];
}

/** What a plan file would be read as, and how it came to be. */
export interface StaticPlan {
  readonly type: "plan";
  readonly plan: PlanFile;
  readonly report: SplitReport;
}

export async function staticPlan(request: RunRequest, facts: StaticFacts): Promise<StaticPlan> {
  const { settings, entries, hubs } = facts;
  // Loaded only here: they bring graphology along, which a run of a plan file has no use for.
  const { matchedFiles, planFromFiles } = await import("../plan/static-planner.ts");
  const { splitFiles } = await import("../plan/split.ts");
  const sized = entries.map(({ path: file, mode, size }) => ({
    path: file,
    mode,
    ...(size === undefined ? {} : { bytes: size }),
  }));
  const files = matchedFiles(rooted(facts.repository, request), sized);
  const split = {
    files,
    units: request.units,
    unitsMax: settings.limits.units,
    by: assumptionsFor(settings, settings.worker),
    hubs,
  };
  const made = splitFiles(split);
  const goal = request.goal ?? goalOf(settings, settings.workers[settings.worker]);
  return { type: "plan", plan: planFromFiles({ split: made, goal }), report: made.report };
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

function goalOf(settings: Settings, worker: Settings["workers"][string] | undefined): string {
  if (worker?.type === "codemod" && worker.codemod.type !== "command") {
    return `Apply ${path.basename(worker.codemod.file)}`;
  }
  return `Run ${settings.worker}`;
}
