import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type RunId, type Sha, type UnitId, unitRef } from "../../src/core/id.ts";
import { removeOwnLocks } from "../../src/git/own-locks.ts";
import { removeSlots } from "../../src/git/remove-slots.ts";
import { openRepository } from "../../src/git/repository.ts";
import { prepareSlot } from "../../src/git/slot.ts";
import { runWorktrees, slotHome } from "../../src/git/slot-home.ts";
import { mountsBelow, openTrash } from "../../src/git/trash.ts";
import { closeSlotPool, openSlotPool } from "../../src/git/worktree.ts";
import {
  fingerprint,
  leftovers,
  makeRepository,
  runGit,
  temporaryFolder,
} from "../support/repository.ts";

const run = "20260101-0000-aaaa" as RunId;
const other = "20260101-0000-bbbb" as RunId;
const full = { mode: "full" } as const;

async function ground() {
  const user = await makeRepository({ "a.txt": "a\n", "src/b.txt": "b\n" });
  const repository = await openRepository(user.path);
  const state = path.join(user.folder, "state");
  const base = (await user.git("rev-parse", "HEAD")) as Sha;
  return { user, repository, state, base };
}

test("only worktrees that bear the run's mark are removed", async () => {
  const { user, repository, state, base } = await ground();
  const pool = await openSlotPool(state, repository, run);
  const rival = await openSlotPool(state, repository, other);
  await prepareSlot(pool, 1, { base, checkout: full });
  await prepareSlot(rival, 1, { base, checkout: full });
  // The user's own worktrees: one elsewhere, one that lies where a slot of ours would, and one whose disk is not there.
  await user.git("worktree", "add", "--quiet", "--detach", path.join(user.folder, "slot-1"));
  await user.git("worktree", "add", "--quiet", "--detach", path.join(pool.root, "slot-7"));
  await user.git("worktree", "add", "--quiet", "--detach", path.join(user.folder, "unplugged"));
  rmSync(path.join(user.folder, "unplugged"), { recursive: true });
  mkdirSync(path.join(pool.root, "notes"));
  writeFileSync(path.join(pool.root, "notes/mine.txt"), "mine\n");
  const before = await fingerprint(user.path);
  const gone = await removeSlots(pool);
  await gone.finish();
  expect(gone.removed).toEqual([path.join(pool.root, "slot-1")]);
  expect(await fingerprint(user.path)).toEqual(before);
  expect(existsSync(path.join(rival.root, "slot-1/a.txt"))).toBe(true);
  expect(existsSync(path.join(pool.root, "slot-7/a.txt"))).toBe(true);
  expect(readFileSync(path.join(pool.root, "notes/mine.txt"), "utf8")).toBe("mine\n");
  await (await removeSlots(rival)).finish();
});

test("some slots are removed while others stay in use", async () => {
  const { user, repository, state, base } = await ground();
  const pool = await openSlotPool(state, repository, run);
  for (const number of [1, 2, 3]) await prepareSlot(pool, number, { base, checkout: full });
  const gone = await removeSlots(pool, [1, 3]);
  await gone.finish();
  expect((await runWorktrees(pool)).map((slot) => slot.name)).toEqual(["slot-2"]);
  await prepareSlot(pool, 1, { base, checkout: full });
  await (await removeSlots(pool)).finish();
  expect(await leftovers(user.path)).toEqual([]);
});

test("mounts below a folder are seen before anything in it is removed", async () => {
  expect(await mountsBelow("/proc")).toContain("/proc");
  expect(await mountsBelow("/no/such/place")).toEqual([]);
});

test("a dozen slots that are removed leave nothing at all", async () => {
  const { user, repository, state, base } = await ground();
  const before = await fingerprint(user.path);
  const pool = await openSlotPool(state, repository, run);
  const numbers = Array.from({ length: 12 }, (_, position) => position + 1);
  await Promise.all(
    numbers.map((number) =>
      prepareSlot(pool, number, {
        base,
        branch: unitRef(run, `u${number}` as UnitId),
        checkout: { mode: "sparse", paths: [] },
      }),
    ),
  );
  await (await removeSlots(pool)).finish();
  for (const ref of (
    await user.git("for-each-ref", "--format=%(refname)", "refs/heads/pleach")
  ).split("\n"))
    await user.git("update-ref", "-d", ref);
  expect(readdirSync(state)).toEqual(["worktrees"]);
  expect(readdirSync(path.join(state, "worktrees"))).toEqual([]);
  expect(await leftovers(user.path)).toEqual([]);
  expect(await fingerprint(user.path)).toEqual(before);
});

test("nothing is left where the state directory was deleted under a run that went on", async () => {
  const { repository, state, base } = await ground();
  const pool = await openSlotPool(state, repository, run);
  await prepareSlot(pool, 1, { base, checkout: full });
  rmSync(state, { recursive: true });
  await prepareSlot(pool, 2, { base, checkout: full });
  await (await removeSlots(pool)).finish();
  expect(readdirSync(path.join(state, "worktrees"))).toEqual([]);
});

test("what a killed process left half-made is found, and a folder stays until its slot is prepared", async () => {
  const { user, repository, state, base } = await ground();
  const before = await fingerprint(user.path);
  const pool = await openSlotPool(state, repository, run);
  await prepareSlot(pool, 1, { base, checkout: full });
  const two = await prepareSlot(pool, 2, { base, checkout: full });
  const three = await prepareSlot(pool, 3, { base, checkout: full });
  const four = await prepareSlot(pool, 4, { base, checkout: full });
  // As after kill -9 in `worktree add`: the lock is set, the mark is not; a folder without admin; an admin without folder.
  for (const file of ["pleach.json", "commondir", "HEAD", "gitdir"])
    rmSync(path.join(two.adminDir, file));
  rmSync(three.adminDir, { recursive: true });
  rmSync(four.path, { recursive: true });
  expect((await runWorktrees(pool)).map(({ name, state }) => [name, state])).toEqual([
    ["slot-1", "whole"],
    ["slot-2", "half_made"],
    ["slot-3", "half_made"],
    ["slot-4", "half_made"],
  ]);
  const again = await openSlotPool(state, repository, run);
  const names = (await runWorktrees(again)).map((slot) => slot.name);
  expect(names).toEqual(["slot-1", "slot-2", "slot-3"]);
  for (const number of [2, 3]) {
    const slot = await prepareSlot(again, number, { base, checkout: full });
    expect(await runGit(slot.path, ["status", "--porcelain"])).toBe("");
  }
  const states = (await runWorktrees(again)).map(({ state }) => state);
  expect(states).toEqual(["whole", "whole", "whole"]);
  await (await removeSlots(slotHome(state, repository, run))).finish();
  expect(await leftovers(user.path)).toEqual([]);
  expect(await fingerprint(user.path)).toEqual(before);
});

test("only our own locks are removed after a crash", async () => {
  const { user, repository, state, base } = await ground();
  const pool = await openSlotPool(state, repository, run);
  const slot = await prepareSlot(pool, 1, {
    base,
    branch: unitRef(run, "a" as UnitId),
    checkout: full,
  });
  await user.git("update-ref", `refs/pleach/${run}/a/1`, "HEAD");
  await user.git("worktree", "add", "--quiet", "--detach", path.join(user.folder, "theirs"));
  const ours = [
    path.join(slot.adminDir, "index.lock"),
    path.join(repository.commonDir, "refs/heads/pleach", run, "a.lock"),
    path.join(repository.commonDir, "refs/pleach", run, "a/1.lock"),
  ];
  const theirs = [
    "index.lock",
    "packed-refs.lock",
    "refs/heads/main.lock",
    "worktrees/theirs/index.lock",
  ].map((name) => path.join(repository.commonDir, name));
  for (const lock of [...ours, ...theirs]) writeFileSync(lock, "");
  expect([...(await removeOwnLocks(pool))].sort()).toEqual([...ours].sort());
  expect(theirs.every((lock) => existsSync(lock))).toBe(true);
  for (const lock of theirs) rmSync(lock);
  await closeSlotPool(pool);
});

test("a trash takes what nobody may enter, and leaves no folder behind", async () => {
  const folder = temporaryFolder();
  const trash = openTrash(path.join(folder, "trash"));
  for (const name of ["one", "two"]) {
    mkdirSync(path.join(folder, name, "deep"), { recursive: true });
    writeFileSync(path.join(folder, name, "deep/file"), "x");
    execFileSync("chmod", ["0", path.join(folder, name, "deep")]);
    await trash.throwIn(path.join(folder, name));
  }
  await trash.throwIn(path.join(folder, "absent"));
  await trash.empty();
  expect(readdirSync(folder)).toEqual([]);
});

test("slots are made beside a user's prune, list and gc loops without one failure", async () => {
  const { user, repository, state, base } = await ground();
  const pool = await openSlotPool(state, repository, run);
  const loop = spawn(
    "sh",
    [
      "-c",
      "while :; do git worktree prune; git worktree list; git gc --quiet; git worktree prune; done",
    ],
    { cwd: user.path, stdio: "ignore", detached: true },
  );
  try {
    const slots = await Promise.all(
      Array.from({ length: 24 }, (_, position) =>
        prepareSlot(pool, position, {
          base,
          branch: unitRef(run, `u${position}` as UnitId),
          checkout: full,
        }),
      ),
    );
    for (const slot of slots)
      expect(readFileSync(path.join(slot.path, "src/b.txt"), "utf8")).toBe("b\n");
  } finally {
    if (loop.pid !== undefined) process.kill(-loop.pid, "SIGKILL");
  }
  await (await removeSlots(pool)).finish();
});
