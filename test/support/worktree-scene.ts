/** A worktree as a worker gets it, for tests of what it leaves there. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { RefName, RepoPath, RunId, Sha } from "../../src/core/id.ts";
import { openRepository } from "../../src/git/repository.ts";
import { type Checkout, prepareSlot, type Slot } from "../../src/git/slot.ts";
import { type Snapshot, type SnapshotRequest, takeSnapshot } from "../../src/git/snapshot.ts";
import type { Standing } from "../../src/git/standing.ts";
import { StandingGits } from "../../src/git/standing-git.ts";
import { openSlotPool, type SlotPool } from "../../src/git/worktree.ts";
import { makeRepository, runGit, type TestRepository } from "./repository.ts";

export interface WorktreeScene {
  readonly repository: TestRepository;
  readonly pool: SlotPool;
  readonly slot: Slot;
  readonly base: Sha;
  readonly record: string;
  readonly standing: Standing;
  /** Writes a file of the worktree, with its folders. */
  write(name: string, content: string | Buffer): void;
  /** Git as a worker without a sandbox runs it, in the worktree. */
  git(...args: string[]): Promise<string>;
  /** Without what only the next use of the slot needs to know. */
  snapshot(more?: Partial<SnapshotRequest>): Promise<Omit<Snapshot, "unlike">>;
  snapshotAndUnlike(more?: Partial<SnapshotRequest>): Promise<Snapshot>;
}

export const snapshotRef = "refs/pleach/20260101-1200-aaaa/unit/1" as RefName;

export async function makeWorktree(
  files: Readonly<Record<string, string | Buffer>>,
  checkout: Checkout = { mode: "full" },
): Promise<WorktreeScene> {
  const test = await makeRepository(files);
  const base = (await test.git("rev-parse", "HEAD")) as Sha;
  return worktreeAt(test, base, checkout);
}

export async function worktreeAt(
  test: TestRepository,
  base: Sha,
  checkout: Checkout = { mode: "full" },
): Promise<WorktreeScene> {
  const repository = await openRepository(test.path);
  const run = "20260101-1200-aaaa" as RunId;
  const pool = await openSlotPool(join(test.folder, "state"), repository, run);
  const branch = `refs/heads/pleach/${run}/unit` as RefName;
  const slot = await prepareSlot(pool, 1, { base, branch, checkout });
  const record = join(test.folder, "record");
  const standing = new StandingGits(repository.commonDir, join(test.folder, "commit.draft"));
  onTestFinished(() => standing.close());
  const take = (more: Partial<SnapshotRequest>) =>
    takeSnapshot({
      place: { gitDir: slot.adminDir, workTree: slot.path },
      commonDir: repository.commonDir,
      base,
      checkout: checkout.mode,
      ref: snapshotRef,
      message: "Snapshot\n",
      author: { name: "Pleach", email: "pleach@localhost" },
      kept: [] as RepoPath[],
      recordFolder: record,
      ...more,
    });
  return {
    repository: test,
    pool,
    slot,
    base,
    record,
    standing,
    write: (name, content) => {
      mkdirSync(dirname(join(slot.path, name)), { recursive: true });
      writeFileSync(join(slot.path, name), content);
    },
    git: (...args) => runGit(slot.path, ["-c", "user.name=W", "-c", "user.email=w@x", ...args]),
    snapshot: async (more = {}) => {
      const { unlike: _, ...rest } = await take(more);
      return rest;
    },
    snapshotAndUnlike: (more = {}) => take(more),
  };
}

/** The files of a tree: `mode content`, by path. */
export async function treeFiles(
  repository: TestRepository,
  tree: string,
): Promise<Record<string, string>> {
  const list = await repository.git("ls-tree", "-r", "-z", tree);
  const found: Record<string, string> = {};
  for (const line of list.split("\0").filter(Boolean)) {
    const [mode = "", , oid = ""] = line.slice(0, line.indexOf("\t")).split(" ");
    const content = mode === "160000" ? oid : await repository.git("cat-file", "blob", oid);
    found[line.slice(line.indexOf("\t") + 1)] = `${mode} ${content}`;
  }
  return found;
}
