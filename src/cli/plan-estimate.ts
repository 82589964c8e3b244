/** What a plan is thought to take, by the worker that most of its units have. */
import { assumptionsOf, estimatePlan, type PriceOf } from "../core/estimate.ts";
import type { RepoPath, UnitId } from "../core/id.ts";
import type { Assumptions, PlanEstimate, PlanFile } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { TreeEntry } from "../git/tree.ts";
import { loadPrice } from "../host/model-price.ts";

export function assumptionsFor(settings: Settings, worker: string): Assumptions {
  const { limits, checks, workers } = settings;
  return assumptionsOf({
    worker: workers[worker]?.type ?? "command",
    slots: limits.concurrency,
    checks: checks.length,
  });
}

interface SizeFacts {
  readonly settings: Settings;
  readonly entries: readonly TreeEntry[];
  readonly weights?: ReadonlyMap<string, number> | undefined;
}

/** `files` are those at the base that each unit owns; `entries` have their sizes. What a file was weighed by when it was split
 *  counts here too, so that a plan says one time and not two. */
export async function estimateOf(
  plan: PlanFile,
  files: ReadonlyMap<UnitId, readonly RepoPath[]>,
  { settings, entries, weights }: SizeFacts,
): Promise<PlanEstimate> {
  const worker = commonest(plan.units.map((unit) => unit.worker ?? settings.worker));
  const sizes = new Map<string, number>([
    ...entries.map(({ path, size = 0 }) => [path, size] as const),
    ...(weights ?? []),
  ]);
  const sized = plan.units.map(({ id }) =>
    (files.get(id) ?? []).map((path) => ({ path, bytes: sizes.get(path) ?? 0 })),
  );
  const told = settings.workers[worker];
  const priceOf: PriceOf = told?.type === "model" ? await loadPrice(told) : () => undefined;
  return estimatePlan(plan.units, sized, assumptionsFor(settings, worker), priceOf);
}

function commonest(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most?.[0] ?? "";
}
