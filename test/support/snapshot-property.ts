/** One random worker after the other in one worktree: what each leaves must be found again. */
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import type { RefName } from "../../src/core/id.ts";
import { git, zeroSeparated } from "../../src/git/git.ts";
import { pathToBytes } from "../../src/git/path-text.ts";
import { prepareSlot } from "../../src/git/slot.ts";
import type { Unlike } from "../../src/git/slot-restore.ts";
import type { Snapshot, SnapshotRequest } from "../../src/git/snapshot.ts";
import { notesOf } from "../../src/git/worktree.ts";
import { baseFiles, type DiskEntry, mutate, mutations, readDisk } from "./tree-mutations.ts";
import { makeWorktree, type WorktreeScene } from "./worktree-scene.ts";

const bytesMax = 100;

export async function checkSnapshots(runs: number, seed?: number): Promise<void> {
  const scene = await makeWorktree(baseFiles);
  const base = await treeEntries(scene, scene.base);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(mutations, async (list) => {
      count += 1;
      await prepareSlot(scene.pool, 1, { base: scene.base, checkout: { mode: "full" } });
      mutate(scene.slot.path, list);
      const before = readDisk(scene.slot.path);
      const record = join(scene.record, String(count));
      const ref = `refs/pleach/20260101-1200-aaaa/unit/${count}` as RefName;
      const how = { ref, recordFolder: record, fileBytesMax: bytesMax };
      const { unlike, ...snapshot } = await scene.snapshotAndUnlike(how);
      expect(untouchable(readDisk(scene.slot.path))).toEqual(untouchable(before));
      const held = snapshot.commit ? await treeEntries(scene, snapshot.commit) : base;
      expectNothingLost(before, { held, record, left: snapshot.left });
      await expectHonest(scene, snapshot, { before, base });
      await expectSameDirectly(scene, how, snapshot);
      if (unlike !== undefined) await expectRestored(scene, unlike, base);
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
}

/** Without an index, and with what was seen of the folders before, it comes to the very same. */
async function expectSameDirectly(
  scene: WorktreeScene,
  how: Partial<SnapshotRequest>,
  snapshot: Omit<Snapshot, "unlike">,
): Promise<void> {
  const { gitDir, workTree } = { gitDir: scene.slot.adminDir, workTree: scene.slot.path };
  const again = await scene.snapshot({
    ...how,
    ref: `${how.ref}-directly` as RefName,
    place: { gitDir, workTree, standing: scene.standing },
    plainContent: true,
    memory: notesOf(scene.pool, "slot-1").memory,
  });
  const { commit, plain, changed, changeTree, ignored } = snapshot;
  expect({ changed: again.changed, changeTree: again.changeTree, ignored: again.ignored }).toEqual({
    changed,
    changeTree,
    ignored,
  });
  expect([again.plain, again.commit === undefined]).toEqual([plain, commit === undefined]);
  if (commit !== undefined && again.commit !== undefined)
    expect(await treeEntries(scene, again.commit)).toEqual(await treeEntries(scene, commit));
}

/** By what is known to differ, the folder is brought back to just what the base has. */
async function expectRestored(
  scene: WorktreeScene,
  unlike: Unlike,
  base: ReadonlyMap<string, DiskEntry>,
): Promise<void> {
  const { pool } = scene;
  const standing = { ...pool, repository: { ...pool.repository, standing: scene.standing } };
  notesOf(standing, "slot-1").unlike = unlike;
  await prepareSlot(standing, 1, { base: scene.base, checkout: { mode: "full" } });
  expect(sorted(readDisk(scene.slot.path))).toEqual(sorted(base));
  expect(await scene.git("status", "--porcelain", "--ignored")).toBe("");
}

function sorted(entries: ReadonlyMap<string, DiskEntry>): [string, DiskEntry][] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** A FIFO where git reads rules would hang git; it holds nothing, and is taken away, so that its folder may be empty. */
function untouchable(disk: ReadonlyMap<string, DiskEntry>): Map<string, DiskEntry> {
  return new Map(
    [...disk].filter(
      ([name, { mode }]) =>
        mode !== "folder" &&
        (mode !== "special" || !/(^|\/)\.git(ignore|attributes|modules)$/.test(name)),
    ),
  );
}

function expectNothingLost(
  disk: ReadonlyMap<string, DiskEntry>,
  kept: {
    readonly held: ReadonlyMap<string, DiskEntry>;
    readonly record: string;
    readonly left: readonly string[];
  },
): void {
  const folder = join(kept.record, "left");
  const copies = existsSync(folder) ? readDisk(folder) : new Map<string, DiskEntry>();
  const named = new Set(kept.left.map(pathToBytes));
  const lost: string[] = [];
  for (const [name, entry] of disk) {
    if (isSame(kept.held.get(name), entry) || isSame(copies.get(name), entry)) continue;
    if (entry.mode === "special" && isNamed(named, name)) continue;
    if (entry.mode === "folder" && isNamed(named, `${name}/`)) continue;
    // A folder that the worker emptied itself holds nothing.
    if (entry.mode === "folder") continue;
    lost.push(name);
  }
  expect(lost).toEqual([]);
  for (const name of copies.keys())
    expect([...named].some((known) => name === known || name.startsWith(`${known}/`))).toBe(true);
}

/** By itself, or within a repository that is kept whole. */
function isNamed(named: ReadonlySet<string>, name: string): boolean {
  return named.has(name) || /(^|\/)\.git\//.test(name);
}

function isSame(one: DiskEntry | undefined, other: DiskEntry): boolean {
  return one !== undefined && one.mode === other.mode && one.oid === other.oid;
}

/** Every difference from the base that its own rules do not ignore is told, and nothing else is. */
async function expectHonest(
  scene: WorktreeScene,
  snapshot: Omit<Snapshot, "unlike">,
  { before, base }: Record<"before" | "base", ReadonlyMap<string, DiskEntry>>,
): Promise<void> {
  const told = new Set(snapshot.changed.map((change) => pathToBytes(change.path)));
  const repositories = [...before.keys()].flatMap((name) => {
    const end = name.indexOf("/.git/");
    return end < 0 ? [] : [`${name.slice(0, end)}/`];
  });
  const within = (name: string): boolean => repositories.some((root) => name.startsWith(root));
  for (const [name, entry] of before) {
    if (within(name) || entry.mode === "special" || entry.mode === "folder") continue;
    if (name === ".git" || name.startsWith(".git/")) continue;
    const isTold = told.has(name);
    if (base.has(name)) expect([name, isTold]).toEqual([name, !isSame(base.get(name), entry)]);
    else expect([name, isTold]).toEqual([name, !isIgnored(scene, name)]);
  }
  for (const name of base.keys())
    if (!before.has(name) || before.get(name)?.mode === "special")
      expect([name, told.has(name)]).toEqual([name, true]);
}

function isIgnored(scene: WorktreeScene, name: string): boolean {
  if (/(^|\/)[^/]*\.log(\/|$)/.test(name)) return true;
  const parts = name.split("/");
  return parts.some((part, position) => {
    if (part !== "out") return false;
    const path = join(scene.slot.path, ...parts.slice(0, position + 1));
    return position < parts.length - 1 || lstatSync(path).isDirectory();
  });
}

async function treeEntries(scene: WorktreeScene, tree: string): Promise<Map<string, DiskEntry>> {
  const answer = await git(
    { gitDir: scene.pool.repository.commonDir },
    ["ls-tree", "-r", "-z", "--full-tree", tree],
    { encoding: "latin1" },
  );
  return new Map(
    zeroSeparated(answer.stdout).map((line) => {
      const [mode = "", , oid = ""] = line.slice(0, line.indexOf("\t")).split(" ");
      return [line.slice(line.indexOf("\t") + 1), { mode, oid }];
    }),
  );
}
