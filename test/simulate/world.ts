/** What survives a crash: a small model of git, the slots on disk, the journal, and the people beside us. */
import type { JournalLine } from "../../src/core/event.ts";
import type { RepoPath, Sha, UnitId } from "../../src/core/id.ts";

export type Tree = Readonly<Record<string, string>>;

export interface Commit {
  readonly sha: Sha;
  readonly tree: Tree;
  readonly parents: readonly Sha[];
  readonly unit?: UnitId;
  readonly by: "user" | "rival" | "unit" | "merge" | "snapshot";
}

export interface SlotState {
  readonly unit: UnitId;
  readonly attempt: number;
  readonly base: Sha;
  tree: Record<string, string>;
  dirty: boolean;
}

/** What a worker wrote and where, so that its whereabouts can be asked for at the end. */
export interface Written {
  readonly path: string;
  readonly content: string;
}

export class World {
  readonly commits = new Map<Sha, Commit>();
  readonly refs = new Map<string, Sha>();
  readonly slots = new Map<number, SlotState>();
  readonly journal: JournalLine[] = [];
  readonly written: Written[] = [];
  /** Trees on which every configured check ran to its end and passed, by serialised content. */
  readonly verified = new Map<string, Set<string>>();
  readonly violations: string[] = [];
  readonly refused = new Map<UnitId, number>();
  userEdits: string | undefined;
  crashes = 0;
  #count = 0;

  commit(facts: Omit<Commit, "sha">): Sha {
    const sha = (++this.#count).toString(16).padStart(40, "0") as Sha;
    this.commits.set(sha, { ...facts, sha });
    return sha;
  }

  tree(sha: Sha): Tree {
    return this.at(sha).tree;
  }

  at(sha: Sha): Commit {
    const commit = this.commits.get(sha);
    if (commit === undefined) throw new Error(`no commit ${sha}`);
    return commit;
  }

  ref(name: string): Sha {
    const sha = this.refs.get(name);
    if (sha === undefined) throw new Error(`no ref ${name}`);
    return sha;
  }

  /** Compare-and-swap. */
  move(name: string, old: Sha | undefined, to: Sha): boolean {
    if (this.refs.get(name) !== old) return false;
    this.refs.set(name, to);
    return true;
  }

  isAncestor(older: Sha, newer: Sha): boolean {
    const open = [newer];
    const seen = new Set<Sha>();
    while (open.length > 0) {
      const sha = open.pop();
      if (sha === older) return true;
      if (sha === undefined || seen.has(sha)) continue;
      seen.add(sha);
      open.push(...this.at(sha).parents);
    }
    return false;
  }

  reachable(): ReadonlySet<Sha> {
    const open = [...this.refs.values()];
    const seen = new Set<Sha>();
    while (open.length > 0) {
      const sha = open.pop();
      if (sha === undefined || seen.has(sha)) continue;
      seen.add(sha);
      open.push(...this.at(sha).parents);
    }
    return seen;
  }

  complain(violation: string): void {
    this.violations.push(violation);
  }
}

export function textOf(tree: Tree): string {
  return JSON.stringify(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function isConflict(merged: Tree | { conflict: RepoPath[] }): merged is {
  conflict: RepoPath[];
} {
  return Array.isArray(merged.conflict);
}

/** Three-way, path by path, as git's verdict would be where no line is shared. */
export function mergeTrees(base: Tree, ours: Tree, theirs: Tree): Tree | { conflict: RepoPath[] } {
  const merged: Record<string, string> = { ...ours };
  const conflict: RepoPath[] = [];
  for (const path of new Set([...Object.keys(base), ...Object.keys(theirs)])) {
    if (theirs[path] === base[path]) continue;
    if (ours[path] !== base[path] && ours[path] !== theirs[path]) conflict.push(path as RepoPath);
    else if (theirs[path] === undefined) delete merged[path];
    else merged[path] = theirs[path];
  }
  return conflict.length > 0 ? { conflict } : merged;
}

/** Each alone may be green and both together red: what only the merged tree can tell. */
export function isGreen(tree: Tree): boolean {
  const contents = Object.values(tree);
  if (contents.some((content) => content.includes("RED"))) return false;
  return contents.filter((content) => content.includes("SEMANTIC")).length < 2;
}
