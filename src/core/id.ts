/** Branded names: a string that was checked once is told apart from one that was not. */

declare const brand: unique symbol;
type Branded<T extends string> = string & { readonly [brand]: T };

/** `YYYYMMDD-HHMM-xxxx`, UTC: short, sortable, readable. */
export type RunId = Branded<"run">;
/** `[a-z0-9][a-z0-9-]{0,39}`, never `integration`. */
export type UnitId = Branded<"unit">;
/** A full object id, 40 or 64 hexadecimal digits. */
export type Sha = Branded<"sha">;
/** Relative to the repository's root, with `/`, never leaving it. */
export type RepoPath = Branded<"path">;
/** A picomatch pattern over repository paths; a leading `!` makes it an exception. */
export type Glob = Branded<"glob">;
/** A full ref name such as `refs/heads/main`. */
export type RefName = Branded<"ref">;

const unitIdForm = /^[a-z0-9][a-z0-9-]{0,39}$/;
const runIdForm = /^\d{8}-\d{4}-[a-z0-9]{4}$/;
const shaForm = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isUnitId(text: string): text is UnitId {
  return unitIdForm.test(text) && text !== "integration";
}

export function isRunId(text: string): text is RunId {
  return runIdForm.test(text);
}

export function isSha(text: string): text is Sha {
  return shaForm.test(text);
}

/** The branch that holds a unit's work. */
export function unitRef(run: RunId, unit: UnitId): RefName {
  return `refs/heads/pleach/${run}/${unit}` as RefName;
}

/** The branch that holds the line of verified merges. */
export function integrationRef(run: RunId): RefName {
  return `refs/heads/pleach/${run}/integration` as RefName;
}

/** The ref of everything that an attempt left in its worktree. */
export function snapshotRef(run: RunId, unit: UnitId, attempt: number): RefName {
  return `refs/pleach/${run}/${unit}/${attempt}` as RefName;
}

/** Keeps the candidate that is being verified safe from the user's garbage collection. */
export function candidateRef(run: RunId): RefName {
  return `refs/pleach/${run}/integration/candidate` as RefName;
}

/** `random` gives four characters of `[a-z0-9]`; `at` is milliseconds since the epoch. */
export function makeRunId(at: number, random: string): RunId {
  const stamp = new Date(at).toISOString().replace(/[-:T]/g, "");
  return `${stamp.slice(0, 8)}-${stamp.slice(8, 12)}-${random}` as RunId;
}
