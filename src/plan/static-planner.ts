/** A plan without a model: the files that globs name, in the units that they were split into. Disjoint by construction, since
 *  every unit owns literal paths. It reads nothing; the files at the base come in as values. */
import type { SizedFile } from "../core/estimate.ts";
import { Failure } from "../core/failure.ts";
import { escapeGlob } from "../core/glob.ts";
import { invalidPath } from "../core/glob-problem.ts";
import { type Glob, isUnitId, type UnitId } from "../core/id.ts";
import { isException, matcherOf } from "../core/ownership.ts";
import type { PlanFile, Unit } from "../core/plan.ts";
import { problemsFailure, shown } from "../core/problem.ts";
import { someOf } from "../core/text.ts";
import type { Split } from "./split.ts";
import type { SplitUnit } from "./unit-order.ts";

export interface BaseFile {
  readonly path: string;
  /** As git says it. */
  readonly mode: string;
  readonly bytes?: number;
}

export interface StaticPlanRequest {
  readonly split: Split;
  readonly goal: string;
  /** What each unit is told; the goal if absent. */
  readonly instructions?: string;
  /** What the unit of these files is told, in place of that. */
  readonly instructionsOf?: (files: readonly string[]) => string;
  readonly worker?: string;
}

const namedMax = 3;
const ordinaryModes: ReadonlySet<string> = new Set(["100644", "100755"]);

/** The ordinary files at the base that the globs of `--files` take in, `!` for exceptions. */
export function matchedFiles(
  globs: readonly string[],
  files: readonly BaseFile[],
): readonly SizedFile[] {
  const submodules = new Set(files.filter((file) => file.mode === "160000").map((f) => f.path));
  const problems = globs.flatMap((glob) => {
    const wrong = invalidPath(glob, submodules);
    return wrong === undefined ? [] : [{ field: "--files", ...wrong }];
  });
  if (problems.length > 0) throw problemsFailure("usage", "the command line", problems);
  const positive = globs.every(isException) ? ["**", ...globs] : globs;
  const isMatched = matcherOf(positive);
  const matched = files.filter((file) => ordinaryModes.has(file.mode) && isMatched(file.path));
  if (matched.length > 0) return matched.map(({ path, bytes = 0 }) => ({ path, bytes }));
  throw noFiles(
    globs,
    files.filter(({ path }) => isMatched(path)),
  );
}

/** `others` are there, and nothing that a unit could change. */
function noFiles(globs: readonly string[], others: readonly BaseFile[]): Failure {
  if (others.length === 0) {
    return new Failure("usage", "no_files", `no file at the base matches ${globs.join(" ")}`, {
      advice: "quote the globs for the shell; a folder's files are 'folder/**'",
    });
  }
  const names = others.map(({ path, mode }) => {
    return `${shown(path)} (${mode === "160000" ? "a submodule" : "a symbolic link"})`;
  });
  const message = `nothing that ${globs.join(" ")} matches can be changed: ${someOf(names, namedMax)}`;
  return new Failure("usage", "no_files", message, {
    advice: "name ordinary files; what a link points to is named by its own path",
  });
}

/** A unit for each group of the split. */
export function planFromFiles(request: StaticPlanRequest): PlanFile {
  const { split, goal } = request;
  const ids = unitIds(split.units);
  const told = request.instructionsOf ?? (() => request.instructions ?? goal);
  const units = split.units.map((unit, at): Unit => {
    const worker = unit.worker ?? request.worker;
    const isMadeAnew = unit.kind === "regenerate";
    return {
      id: ids[at] ?? (`unit-${at + 1}` as UnitId),
      title: titleOf(unit),
      instructions: isMadeAnew ? "Make these files anew." : told(unit.files),
      owns: unit.files.map((path) => escapeGlob(path) as Glob),
      after: unit.after.flatMap((place) => ids[place] ?? []),
      ...(worker === undefined ? {} : { worker }),
      checks: [],
      ...(isMadeAnew ? { mayChangeNothing: true as const } : {}),
    };
  });
  return { version: 1, goal, units, doneWhen: [] };
}

function isWithin(folder: string): (file: string) => boolean {
  return (file) => file.startsWith(`${folder}/`);
}

const hubTitles = {
  first: "hubs first: ",
  last: "hubs last: ",
  regenerate: "made anew: ",
  part: "",
};

function titleOf(group: SplitUnit): string {
  const folder = group.folder === "" ? "the top level" : group.folder.replace(/[\s\p{C}]+/gu, " ");
  const files = group.files.length === 1 ? "1 file" : `${group.files.length} files`;
  const within =
    group.folder === "" ? (file: string) => !file.includes("/") : isWithin(group.folder);
  const others = group.files.every(within) ? "" : " and others";
  return `${hubTitles[group.kind]}${folder.slice(0, 200)}${others} (${files})`;
}

const idCharsMax = 32;
const hubStems = { first: "hubs-first", last: "hubs-last", regenerate: "made-anew" };

/** Named after the folder that weighs most: `operators`, `internal`, `internal-2`. */
function unitIds(groups: readonly SplitUnit[]): readonly UnitId[] {
  const used = new Set<string>();
  const last = new Map<string, number>();
  return groups.map((group) => {
    const stem = stemOf(group);
    let number = last.get(stem) ?? 1;
    let id = number === 1 ? stem : `${stem}-${number}`;
    while (used.has(id) || !isUnitId(id)) {
      number += 1;
      id = `${stem}-${number}`;
    }
    last.set(stem, number);
    used.add(id);
    return id as UnitId;
  });
}

function stemOf({ kind, folder }: SplitUnit): string {
  if (kind !== "part") return hubStems[kind];
  const name = folder === "" ? "top" : folder.slice(folder.lastIndexOf("/") + 1);
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, idCharsMax)
    .replace(/-+$/, "");
  return plain === "" ? "files" : plain;
}
