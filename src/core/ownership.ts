/** Who owns a path. Each unit's list says what it alone may change, `!` makes an exception to its own list. Asked for
 *  every path of a repository against every unit, so nothing here may be units × paths: literal paths are looked up,
 *  globs are found by the folder they begin with and the text they end in. */
import { type GlobAtom, parseGlob } from "./glob.ts";
import type { Glob, RepoPath, UnitId } from "./id.ts";
import type { Unit } from "./plan.ts";

export interface Ownership {
  /** Every unit whose list takes the path in, in plan order. */
  owners(path: string): readonly UnitId[];
  /** The unit that owns the path alone. */
  ownerOf(path: string): UnitId | undefined;
  /** What a unit must not have changed: a path belongs to a unit only if it owns it and no other does. */
  strays(unit: UnitId, changed: readonly RepoPath[]): readonly RepoPath[];
}

/** Invalid globs own nothing; `planProblems` names them. */
export function ownershipOf(units: readonly Pick<Unit, "id" | "owns">[]): Ownership {
  const lists = units.map((unit) => unit.owns);
  const owned = globIndex(lists.map((globs) => globs.filter((glob) => !isException(glob))));
  const spared = globIndex(
    lists.map((globs) => globs.filter(isException).map((glob) => glob.slice(1))),
  );
  const owners = (path: string): readonly UnitId[] =>
    holders(owned, spared, path).flatMap((at) => units[at]?.id ?? []);
  const ownerOf = (path: string): UnitId | undefined => {
    const [first, second] = owners(path);
    return second === undefined ? first : undefined;
  };
  return {
    owners,
    ownerOf,
    strays: (unit, changed) => changed.filter((path) => ownerOf(path) !== unit),
  };
}

const ownerships = new WeakMap<readonly Pick<Unit, "id" | "owns">[], Ownership>();

/** The same, looked at once for each list of units. */
export function ownershipOfUnits(units: readonly Pick<Unit, "id" | "owns">[]): Ownership {
  const known = ownerships.get(units) ?? ownershipOf(units);
  ownerships.set(units, known);
  return known;
}

/** The paths that a list of plain paths names; what is a pattern in it is left out. */
export function literalPaths(owns: readonly Glob[]): readonly RepoPath[] {
  return owns.flatMap((glob) => {
    const parsed = isException(glob) ? undefined : parseGlob(glob);
    if (parsed?.type !== "glob") return [];
    return parsed.atoms.flatMap((atom) => (atom.type === "path" ? [atom.path as RepoPath] : []));
  });
}

/** A question for one list of globs with exceptions, such as `protected` of the config. */
export function isProtected(globs: readonly Glob[]): (path: string) => boolean {
  return matcherOf(globs);
}

export function matcherOf(globs: readonly string[]): (path: string) => boolean {
  const taken = globIndex([globs.filter((glob) => !isException(glob))]);
  const spared = globIndex([globs.filter(isException).map((glob) => glob.slice(1))]);
  return (path) => holders(taken, spared, path).length > 0;
}

/** The existing files of each unit that owns any; a file with several owners is in each list. */
export function filesByUnit(
  ownership: Ownership,
  paths: readonly RepoPath[],
): ReadonlyMap<UnitId, readonly RepoPath[]> {
  const files = new Map<UnitId, RepoPath[]>();
  for (const path of paths) {
    for (const unit of ownership.owners(path)) {
      const list = files.get(unit);
      if (list) list.push(path);
      else files.set(unit, [path]);
    }
  }
  return files;
}

export function isException(glob: string): boolean {
  return glob.startsWith("!");
}

/** The numbers of the lists that hold one glob. */
type Holders = Set<number>;
type PatternAtom = Extract<GlobAtom, { type: "pattern" }>;

interface PatternEntry {
  readonly atom: PatternAtom;
  readonly lists: Holders;
}

interface Folder {
  /** Lengths of the tails below, each once. */
  readonly tailLengths: number[];
  readonly byTail: Map<string, PatternEntry[]>;
}

interface GlobIndex {
  readonly paths: Map<string, Holders[]>;
  readonly folders: Map<string, Folder>;
}

function globIndex(lists: readonly (readonly string[])[]): GlobIndex {
  const holdersOf = new Map<string, Holders>();
  lists.forEach((globs, list) => {
    for (const glob of globs) {
      const known = holdersOf.get(glob);
      if (known) known.add(list);
      else holdersOf.set(glob, new Set([list]));
    }
  });
  const index: GlobIndex = { paths: new Map(), folders: new Map() };
  for (const [glob, lists] of holdersOf) addGlob(index, glob, lists);
  return index;
}

function addGlob(index: GlobIndex, glob: string, lists: Holders): void {
  const parsed = parseGlob(glob);
  if (parsed.type === "invalid") return;
  for (const atom of parsed.atoms) {
    if (atom.type === "path") addPath(index, atom.path, lists);
    else addPattern(index, { atom, lists });
  }
  // As in picomatch, a path always matches the glob that is spelt like it.
  addPath(index, glob, lists);
}

function addPath(index: GlobIndex, path: string, lists: Holders): void {
  const known = index.paths.get(path);
  if (known) known.push(lists);
  else index.paths.set(path, [lists]);
}

function addPattern(index: GlobIndex, entry: PatternEntry): void {
  const { folder: name, tail } = entry.atom;
  const folder: Folder = index.folders.get(name) ?? { tailLengths: [], byTail: new Map() };
  index.folders.set(name, folder);
  const entries = folder.byTail.get(tail);
  if (entries) entries.push(entry);
  else folder.byTail.set(tail, [entry]);
  if (!folder.tailLengths.includes(tail.length)) folder.tailLengths.push(tail.length);
}

function holders(taken: GlobIndex, spared: GlobIndex, path: string): readonly number[] {
  const found = matching(taken, path);
  if (found.length === 0) return [];
  const lists = new Set<number>();
  for (const holder of found) for (const list of holder) lists.add(list);
  const exceptions = matching(spared, path);
  const kept = [...lists].filter((list) => !exceptions.some((spares) => spares.has(list)));
  return kept.sort((a, b) => a - b);
}

function matching(index: GlobIndex, path: string): readonly Holders[] {
  const found: Holders[] = [...(index.paths.get(path) ?? [])];
  if (index.folders.size === 0) return found;
  const parts = path.split("/");
  let at = -1;
  let name = "";
  while (true) {
    const folder = index.folders.get(name);
    if (folder) matchingInside(folder, path, parts, found);
    if (at === path.length) return found;
    const next = path.indexOf("/", at + 1);
    at = next < 0 ? path.length : next;
    name = path.slice(0, at);
  }
}

function matchingInside(
  folder: Folder,
  path: string,
  parts: readonly string[],
  found: Holders[],
): void {
  for (const length of folder.tailLengths) {
    if (length > path.length) continue;
    for (const { atom, lists } of folder.byTail.get(path.slice(path.length - length)) ?? []) {
      if (atom.matches(path, parts)) found.push(lists);
    }
  }
}
