/** What is done about files that many units would want to change: first what the config says, then what the survey proposes. A
 *  codemod changes each file by itself, so for it only the config's word counts; and whoever says how many units there are to be
 *  asks for even ones side by side, so that hubs which are only used by many stay among the others. */
import { matcherOf } from "../core/ownership.ts";
import type { HubTreatment, HubUse } from "../core/split-report.ts";
import type { Hub, HubReason } from "../core/survey.ts";

/** What the config says of some files. */
export interface HubRule {
  readonly files: readonly string[];
  readonly policy: HubTreatment;
  /** Of `regenerate`: who makes them anew. */
  readonly worker?: string | undefined;
}

export interface HubFacts {
  /** Each file is changed by itself. */
  readonly isCodemod: boolean;
  /** Somebody said how many units. */
  readonly isCounted: boolean;
}

export interface HubDecision {
  readonly uses: readonly HubUse[];
  /** The worker of each path that is made anew. */
  readonly makers: ReadonlyMap<string, string>;
}

/** For each of the paths that is a hub, or that a rule names; the first rule that names it counts. */
export function decideHubs(
  paths: readonly string[],
  hubs: readonly Hub[],
  rules: readonly HubRule[],
  facts: HubFacts,
): HubDecision {
  const known = new Map<string, Hub>(hubs.map((hub) => [hub.path, hub]));
  const matchers = rules.map((rule) => ({ rule, isMeant: matcherOf(rule.files) }));
  const uses: HubUse[] = [];
  const makers = new Map<string, string>();
  for (const path of paths) {
    const hub = known.get(path);
    const rule = matchers.find(({ isMeant }) => isMeant(path))?.rule;
    if (rule !== undefined) {
      const why = hub?.why ?? "named in the config";
      uses.push({ path, why, treatment: rule.policy, by: "config" });
      if (rule.worker !== undefined) makers.set(path, rule.worker);
    } else if (hub !== undefined) {
      const treatment = defaultTreatment(hub, facts);
      uses.push({ path, why: hub.why, treatment, by: "default" });
    }
  }
  return { uses, makers };
}

const byDegree: ReadonlySet<HubReason> = new Set(["barrel", "imported_by_many", "imports_many"]);

function defaultTreatment({ policy, reason }: Hub, facts: HubFacts): HubTreatment {
  if (facts.isCodemod || (facts.isCounted && byDegree.has(reason))) return "with_others";
  // Nobody is configured to make it anew, and no unit should write by hand what a program writes.
  return policy === "regenerate" ? "refuse" : policy;
}
