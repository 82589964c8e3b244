/** A plan without a model: the files that globs name, cut into units by folder and size. Disjoint by construction, since
 *  every unit owns literal paths. It reads nothing; the files at the base come in as values. */
import { Failure } from "../core/failure.ts";
import { escapeGlob } from "../core/glob.ts";
import { invalidPath } from "../core/glob-problem.ts";
import { type Glob, isUnitId, type UnitId } from "../core/id.ts";
import { isException, matcherOf } from "../core/ownership.ts";
import { type FileGroup, partitionFiles, type WeightedFile } from "../core/folder-partition.ts";
import type { PlanFile, Unit } from "../core/plan.ts";
import { problemsFailure } from "../core/problem.ts";

export interface BaseFile {
  readonly path: string;
  /** As git says it. */
  readonly mode: string;
  readonly bytes?: number;
}

export interface StaticPlanRequest {
  readonly files: readonly WeightedFile[];
  /** `--units`; chosen from size and concurrency if absent. */
  readonly units: number | undefined;
  readonly goal: string;
  /** What each unit is told; the goal if absent. */
  readonly instructions?: string;
  readonly worker?: string;
  readonly concurrency: number;
  readonly unitsMax: number;
}

/** Smaller units cost more in worktrees and merges than working side by side gains. */
const unitFilesMin = 4;
const unitsPerSlot = 3;
const ordinaryModes: ReadonlySet<string> = new Set(["100644", "100755"]);

/** The ordinary files at the base that the globs of `--files` take in, `!` for exceptions. */
export function matchedFiles(
  globs: readonly string[],
  files: readonly BaseFile[],
): readonly WeightedFile[] {
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
  throw new Failure("usage", "no_files", `no file at the base matches ${globs.join(" ")}`, {
    advice: "quote the globs for the shell; a folder's files are 'folder/**'",
  });
}

/** Fewer files than units make fewer units. */
export function planFromFiles(request: StaticPlanRequest): PlanFile {
  const { files, goal } = request;
  const groups = partitionFiles(files, request.units ?? defaultUnits(request));
  const ids = unitIds(groups);
  const units = groups.map(
    (group, at): Unit => ({
      id: ids[at] ?? (`unit-${at + 1}` as UnitId),
      title: titleOf(group),
      instructions: request.instructions ?? goal,
      owns: group.files.map((path) => escapeGlob(path) as Glob),
      after: [],
      ...(request.worker === undefined ? {} : { worker: request.worker }),
      checks: [],
    }),
  );
  return { version: 1, goal, units, doneWhen: [] };
}

/** Three units for each slot, so that an uneven one does not keep the others waiting; fewer where units would have less
 *  than four files; never more than `limits.units`. */
export function defaultUnits(
  request: Pick<StaticPlanRequest, "files" | "concurrency" | "unitsMax">,
): number {
  const { files, concurrency, unitsMax } = request;
  const byFiles = Math.ceil(files.length / unitFilesMin);
  return Math.max(1, Math.min(byFiles, concurrency * unitsPerSlot, unitsMax));
}

function isWithin(folder: string): (file: string) => boolean {
  return (file) => file.startsWith(`${folder}/`);
}

function titleOf(group: FileGroup): string {
  const folder = group.folder === "" ? "the top level" : group.folder.replace(/[\s\p{C}]+/gu, " ");
  const files = group.files.length === 1 ? "1 file" : `${group.files.length} files`;
  const within =
    group.folder === "" ? (file: string) => !file.includes("/") : isWithin(group.folder);
  const others = group.files.every(within) ? "" : " and others";
  return `${folder.slice(0, 200)}${others} (${files})`;
}

const idCharsMax = 32;

/** Named after the folder that weighs most: `operators`, `internal`, `internal-2`. */
function unitIds(groups: readonly FileGroup[]): readonly UnitId[] {
  const used = new Set<string>();
  const last = new Map<string, number>();
  return groups.map((group) => {
    const stem = stemOf(group.folder);
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

function stemOf(folder: string): string {
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
