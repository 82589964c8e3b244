/** How files came to be split as they are: what was weighed, and what was decided by whom. For people and programs to read; a
 *  run never looks at it. */
import type { UnitId } from "./id.ts";
import type { Cut } from "./partition.ts";
import type { HubPolicy } from "./survey.ts";

/** What is done about a hub; `with_others`: nothing, it is a file like any other. */
export type HubTreatment = HubPolicy | "with_others";

export interface HubUse {
  readonly path: string;
  /** Why it is a hub, in a few words. */
  readonly why: string;
  readonly treatment: HubTreatment;
  /** Who says so: the config, or nobody, and then the default is told. */
  readonly by: "default" | "config";
}

export interface SplitReport {
  /** One line each: why there are so many units, and what else a person should know. */
  readonly reasons: readonly string[];
  readonly hubs: readonly HubUse[];
  /** Files that no unit may change. */
  readonly leftOut: readonly string[];
  /** Of the units side by side; absent where nothing is known of what ties the files together. */
  readonly coupling?: SplitCoupling;
}

export interface SplitCoupling {
  /** Among the files that are split. */
  readonly imports: number;
  readonly cut: Cut;
  /** What grouping by folder would have cut. */
  readonly byFolder: Cut;
  /** The largest unit's work over the mean. */
  readonly balance: number;
  /** Files that import each other in a circle and are in several units all the same. */
  readonly split: readonly (readonly string[])[];
}

/** The imports that go from one unit of a plan to another. */
export interface PlanTies {
  /** All among the units' files. */
  readonly imports: number;
  readonly crossing: number;
  readonly between: readonly {
    readonly from: UnitId;
    readonly to: UnitId;
    readonly imports: number;
  }[];
  /** Each crossing import, as files. */
  readonly edges: readonly (readonly [string, string])[];
}

/** `files` are those of each unit; an import counts once, however often it is said. */
export function planTies(
  files: ReadonlyMap<UnitId, readonly string[]>,
  imports: readonly { readonly from: string; readonly to: string }[],
): PlanTies {
  const homes = new Map<string, UnitId>();
  for (const [unit, paths] of files) for (const path of paths) homes.set(path, unit);
  const seen = new Set<string>();
  const between = new Map<UnitId, Map<UnitId, number>>();
  const edges: (readonly [string, string])[] = [];
  for (const { from, to } of imports) {
    const [one, other] = [homes.get(from), homes.get(to)];
    const key = `${from}\0${to}`;
    if (one === undefined || other === undefined || from === to || seen.has(key)) continue;
    seen.add(key);
    if (one === other) continue;
    edges.push([from, to]);
    const counts = between.get(one) ?? new Map<UnitId, number>();
    counts.set(other, (counts.get(other) ?? 0) + 1);
    between.set(one, counts);
  }
  return {
    imports: seen.size,
    crossing: edges.length,
    between: [...between].flatMap(([from, counts]) =>
      [...counts].map(([to, count]) => ({ from, to, imports: count })),
    ),
    edges,
  };
}
