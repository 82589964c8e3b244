/** Everything that is wrong with a plan, at once. What must be known of the repository comes in as plain facts; plans are
 *  hostile (10 MB, 100,000 units in one chain), so every step is linear and none recurses. */
import { parseGlob } from "./glob.ts";
import { invalidPath } from "./glob-problem.ts";
import { isUnitId, type UnitId } from "./id.ts";
import { meantAdvice } from "./nearest.ts";
import { isException, matcherOf, ownershipOf } from "./ownership.ts";
import { type Completion, isMatchCheck, type PlanFile, type Unit } from "./plan.ts";
import { type Problem, shown } from "./problem.ts";
import { circles } from "./waves.ts";

export interface PlanFacts {
  /** Everything at the plan's base; `mode` as git says it, `160000` is a submodule. */
  readonly files: readonly { readonly path: string; readonly mode: string }[];
  readonly unitsMax: number;
  /** The names of the workers there are. */
  readonly workers: readonly string[];
}

const sharedListedMax = 20;
const namedMax = 5;
const circleNamedMax = 10;
/** Looking for a near name costs as much as the plan is long. */
const nearestAskedMax = 50;
/** Wildcards, braces spelt out: each may have to be held against every file. */
const patternsMax = 10_000;
const submodule = "160000";

export function planProblems(plan: PlanFile, facts: PlanFacts): readonly Problem[] {
  const { units } = plan;
  const shared = hasTooManyPatterns(units) ? [] : sharedProblems(units, facts.files);
  return allProblems(plan, facts, shared);
}

/** Everything but that units share files. */
export function problemsButSharing(plan: PlanFile, facts: PlanFacts): readonly Problem[] {
  return allProblems(plan, facts, []);
}

function allProblems(
  plan: PlanFile,
  facts: PlanFacts,
  shared: readonly Problem[],
): readonly Problem[] {
  return [
    ...versionProblems(plan, facts),
    ...idProblems(plan.units),
    ...afterProblems(plan.units),
    ...workerProblems(plan.units, facts.workers),
    ...pathProblems(plan.units, facts.files),
    ...shared,
    ...checkProblems("doneWhen", plan.doneWhen),
    ...matchProblems(plan.doneWhen),
    ...plan.units.flatMap((unit, at) => checkProblems(`units[${at}].checks`, unit.checks)),
  ];
}

function pathProblems(units: readonly Unit[], files: PlanFacts["files"]): readonly Problem[] {
  if (!hasTooManyPatterns(units)) return ownsProblems(units, files);
  return [
    {
      field: "units",
      message: `the units own more than ${patternsMax} globs with wildcards or braces`,
      advice: "own whole folders, or name the files",
    },
  ];
}

function hasTooManyPatterns(units: readonly Unit[]): boolean {
  let patterns = 0;
  for (const unit of units) {
    for (const glob of unit.owns) {
      patterns += patternCount(glob);
      if (patterns > patternsMax) return true;
    }
  }
  return false;
}

/** None for a plain path. */
function patternCount(entry: string): number {
  const parsed = parseGlob(isException(entry) ? entry.slice(1) : entry);
  if (parsed.type === "invalid") return 0;
  return parsed.atoms.length > 1 || parsed.atoms[0]?.type === "pattern" ? parsed.atoms.length : 0;
}

/** What is odd but may be meant: said once, never refused. */
export function planWarnings(plan: PlanFile, facts: PlanFacts): readonly Problem[] {
  if (hasTooManyPatterns(plan.units)) return [];
  const files = facts.files.filter((file) => file.mode !== submodule);
  const owning = new Set<UnitId>();
  const ownership = ownershipOf(plan.units);
  for (const file of files) {
    for (const unit of ownership.owners(file.path)) owning.add(unit);
  }
  return plan.units.flatMap((unit, at): Problem[] => {
    if (unit.owns.length === 0 || owning.has(unit.id)) return [];
    return [
      {
        field: `units[${at}].owns`,
        message: `${shown(unit.id)} owns no file that exists yet`,
        ...folderAdvice(unit, files),
      },
    ];
  });
}

function folderAdvice(
  unit: Unit,
  files: readonly { readonly path: string }[],
): { readonly advice?: string } {
  const folders = unit.owns.map((glob) => glob.replace(/\/$/, "")).filter((glob) => glob !== "");
  const isInside = matcherOf(folders.map((folder) => `${folder}/**`));
  if (!files.some((file) => isInside(file.path))) return {};
  return { advice: `a folder's files are ${shown(folders[0] ?? "")}/**` };
}

function versionProblems(plan: PlanFile, facts: PlanFacts): Problem[] {
  const problems: Problem[] = [];
  if (plan.version !== 1) {
    problems.push({
      field: "version",
      message: `this version reads plans of version 1, not ${shown(String(plan.version))}`,
    });
  }
  if (plan.units.length === 0) problems.push({ field: "units", message: "the plan has no unit" });
  if (plan.units.length > facts.unitsMax) {
    problems.push({
      field: "units",
      message: `the plan has ${plan.units.length} units, more than limits.units allows (${facts.unitsMax})`,
      advice: `raise limits.units to ${plan.units.length} in the config`,
    });
  }
  return problems;
}

function idProblems(units: readonly Unit[]): Problem[] {
  const first = new Map<string, number>();
  return units.flatMap((unit, at): Problem[] => {
    const field = `units[${at}].id`;
    const id = shown(unit.id);
    if ((unit.id as string) === "integration") {
      return [
        {
          field,
          message: "integration is the name of the integration branch",
          advice: "choose another id",
        },
      ];
    }
    if (!isUnitId(unit.id)) {
      return [
        {
          field,
          message: `${id} is no id`,
          advice:
            "an id is a-z, 0-9 and -, begins with a letter or digit and has at most 40 characters",
        },
      ];
    }
    const before = first.get(unit.id);
    if (before !== undefined) {
      return [{ field, message: `the id ${id} is used twice, first by units[${before}]` }];
    }
    first.set(unit.id, at);
    return [];
  });
}

function afterProblems(units: readonly Unit[]): Problem[] {
  const ids = new Set<string>(units.map((unit) => unit.id));
  let asked = 0;
  const unknown = units.flatMap((unit, at) =>
    unit.after.flatMap((id, which): Problem[] => {
      if (ids.has(id)) return [];
      asked += 1;
      return [
        {
          field: `units[${at}].after[${which}]`,
          message: `there is no unit ${shown(id)}`,
          ...(asked <= nearestAskedMax ? meantAdvice(id, ids) : {}),
        },
      ];
    }),
  );
  const round = circles(units).map((circle): Problem => {
    const names = circle.slice(0, circleNamedMax).map((at) => shown(units[at]?.id ?? ""));
    const way = circle.length > circleNamedMax ? [...names, "…"] : names;
    return {
      field: `units[${circle[0] ?? 0}].after`,
      message: `the units go round in a circle: ${[...way, names[0]].join(" after ")}`,
      advice: `leave out one of these ${circle.length === 1 ? "" : `${circle.length} `}after`,
    };
  });
  return [...unknown, ...round];
}

function workerProblems(units: readonly Unit[], workers: readonly string[]): Problem[] {
  const known = new Set(workers);
  let asked = 0;
  return units.flatMap((unit, at): Problem[] => {
    if (unit.worker === undefined || known.has(unit.worker)) return [];
    asked += 1;
    return [
      {
        field: `units[${at}].worker`,
        message: `there is no worker ${shown(unit.worker)}`,
        ...(asked <= nearestAskedMax ? meantAdvice(unit.worker, known) : {}),
      },
    ];
  });
}

export function checkProblems(
  field: string,
  checks: readonly { readonly name: string }[],
): Problem[] {
  const names = new Set<string>();
  return checks.flatMap((check, at): Problem[] => {
    const twice = names.has(check.name);
    names.add(check.name);
    if (!twice) return [];
    return [
      {
        field: `${field}[${at}].name`,
        message: `another check is called ${shown(check.name)} too`,
      },
    ];
  });
}

function matchProblems(doneWhen: readonly Completion[]): Problem[] {
  return doneWhen.flatMap((completion, at) => {
    const files = isMatchCheck(completion) ? completion.files : [];
    return files.flatMap((glob, which): Problem[] => {
      const wrong = invalidPath(glob, new Set());
      return wrong === undefined ? [] : [{ field: `doneWhen[${at}].files[${which}]`, ...wrong }];
    });
  });
}

function ownsProblems(units: readonly Unit[], files: PlanFacts["files"]): Problem[] {
  const closed = new Set(files.filter((file) => file.mode === submodule).map((file) => file.path));
  return units.flatMap((unit, at) => {
    const field = `units[${at}].owns`;
    const problems = unit.owns.flatMap((glob, which): Problem[] => {
      const wrong = invalidPath(glob, closed);
      return wrong === undefined ? [] : [{ field: `${field}[${which}]`, ...wrong }];
    });
    if (unit.owns.length > 0 && unit.owns.every(isException)) {
      problems.push({
        field,
        message: "has nothing but exceptions, so the unit owns nothing",
        advice: "begin with what it owns, such as **",
      });
    }
    return problems;
  });
}

function sharedProblems(units: readonly Unit[], files: PlanFacts["files"]): Problem[] {
  // By number, so that two units with the same id are told apart.
  const numbered = units.map((unit, at) => ({ id: String(at) as UnitId, owns: unit.owns }));
  const ownership = ownershipOf(numbered);
  const problems: Problem[] = [];
  let rest = 0;
  for (const file of files) {
    if (file.mode === submodule) continue;
    const owners = ownership.owners(file.path);
    if (owners.length < 2) continue;
    if (problems.length < sharedListedMax) {
      problems.push(sharedProblem(units, file.path, owners.map(Number)));
    } else rest += 1;
  }
  if (rest > 0) {
    problems.push({ field: "units", message: `and ${rest} more paths are owned by several units` });
  }
  return problems;
}

function sharedProblem(units: readonly Unit[], path: string, owners: readonly number[]): Problem {
  const names = owners.slice(0, namedMax).map((at) => shown(units[at]?.id ?? ""));
  const more = owners.length > namedMax ? ` and ${owners.length - namedMax} more` : "";
  const last = owners[1] ?? 0;
  const globs = units[last]?.owns ?? [];
  const which = globs.findIndex((glob) => !isException(glob) && matcherOf([glob])(path));
  return {
    field: `units[${last}].owns[${which}]`,
    message: `${shown(path)} is owned by ${names.join(", ")}${more}`,
    advice: `let one unit own it, with !${shown(path)} in the others, or join them`,
  };
}
