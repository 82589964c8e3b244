import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { RefName, RepoPath } from "../../src/core/id.ts";
import { removeSlots } from "../../src/git/remove-slots.ts";
import type { Checkout } from "../../src/git/slot.ts";
import { readmitSlot } from "../../src/git/slot-rescue.ts";
import { makeWorktree, snapshotRef, treeFiles } from "../support/worktree-scene.ts";

const files = { a: "1\n", "dir/b": "1\n", "dir/c": "1\n", odd: "1\n", "odd\nname": "1\n" };
const sparse: Checkout = { mode: "sparse", paths: ["a", "dir/b"] as RepoPath[] };

test.each([{ mode: "full" } as const, sparse])(
  "a $mode worktree without admin directory is told of again, and its snapshot is what it would have been",
  async (checkout) => {
    const scene = await makeWorktree(files, checkout);
    const { pool, slot, base, repository } = scene;
    scene.write("a", "2\n");
    scene.write("new", "n\n");
    scene.write("odd", "written though left out\n");
    rmSync(path.join(slot.path, "dir/b"));
    const before = await scene.snapshot({ ref: `${snapshotRef}-before` as RefName });
    // The user may have made a worktree since that git gives the same name.
    rmSync(slot.adminDir, { recursive: true });
    const users = path.join(repository.folder, "elsewhere", path.basename(slot.adminDir));
    await repository.git("worktree", "add", "--quiet", "--detach", users);
    const again = await readmitSlot(pool, slot, { base, checkout });
    expect(again.adminDir).not.toBe(slot.adminDir);
    expect(await repository.git("-C", users, "status", "--porcelain")).toBe("");
    const after = await scene.snapshot({ place: { ...again.gitPlace, workTree: again.path } });
    expect({ ...after, commit: "" }).toEqual({ ...before, commit: "" });
    expect(await treeFiles(repository, after.commit ?? "")).toEqual(
      await treeFiles(repository, before.commit ?? ""),
    );
    expect(readFileSync(path.join(slot.path, "new"), "utf8")).toBe("n\n");
    await (await removeSlots(pool)).finish();
    expect(await repository.git("worktree", "list", "--porcelain")).not.toContain("slot-1\n\n");
  },
);

test("a worktree is told of again after somebody was killed in the middle of it", async () => {
  const scene = await makeWorktree(files);
  const { pool, slot, base, repository } = scene;
  scene.write("a", "2\n");
  const half = path.join(path.dirname(slot.adminDir), "slot-17");
  renameSync(slot.adminDir, half);
  rmSync(path.join(half, "pleach.json"));
  writeFileSync(path.join(half, "gitdir"), "/elsewhere/slot-1/.git\n");
  mkdirSync(path.join(pool.trash.folders.folder, "adopt-1-slot-1/slot-1"), { recursive: true });
  const again = await readmitSlot(pool, slot, { base, checkout: { mode: "full" } });
  const { changed } = await scene.snapshot({ place: { ...again.gitPlace, workTree: again.path } });
  expect(changed.map((change) => change.path)).toEqual(["a"]);
  expect(await repository.git("worktree", "list", "--porcelain")).not.toContain("elsewhere");
  await (await removeSlots(pool)).finish();
  expect((await repository.git("worktree", "list")).split("\n")).toHaveLength(1);
});
