import { chmodSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { RepoPath, Sha } from "../../src/core/id.ts";
import { removeSlots } from "../../src/git/remove-slots.ts";
import { prepareSlot } from "../../src/git/slot.ts";
import { closeSlotPool, notesOf } from "../../src/git/worktree.ts";
import { branch, countGit, everything, full, ground, run, view } from "../support/slots.ts";
import { makeWorktree } from "../support/worktree-scene.ts";

const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

describe("a slot is cheap", () => {
  test("to use again: two git processes, and none to remove", async () => {
    const { user, pool, base } = await ground();
    const calls = countGit(user.folder);
    const checkout = { mode: "sparse", paths: ["a.txt" as RepoPath] } as const;
    await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    await prepareSlot(pool, 2, { base, branch: branch("two"), checkout });
    expect(calls()).toEqual(
      ["worktree", "update-ref", "checkout", "worktree", "update-ref", "checkout"].sort(),
    );
    await prepareSlot(pool, 1, { base, branch: branch("three"), checkout: full });
    expect(calls()).toEqual(["checkout", "update-ref"]);
    await prepareSlot(pool, 2, { base, branch: branch("four"), checkout });
    expect(calls()).toEqual(["checkout", "update-ref"]);
    await (await removeSlots(pool)).finish();
    expect(calls()).toEqual([]);
  });

  test("whatever the user likes for their own index", async () => {
    const { user, pool, base } = await ground();
    await user.git("config", "feature.manyFiles", "true");
    await user.git("config", "core.splitIndex", "true");
    await user.git("config", "core.checkStat", "minimal");
    await user.git("config", "core.trustctime", "false");
    await user.git("config", "core.ignoreStat", "true");
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    const file = path.join(slot.path, "a.txt");
    const { atime, mtime } = lstatSync(file);
    writeFileSync(file, "b\n");
    utimesSync(file, atime, mtime);
    const inode = lstatSync(path.join(slot.path, "src/one.ts")).ino;
    await prepareSlot(pool, 1, { base, branch: branch("two"), checkout: full });
    expect(readFileSync(file, "utf8")).toBe("a\n");
    expect(lstatSync(path.join(slot.path, "src/one.ts")).ino).toBe(inode);
    await closeSlotPool(pool);
  });
});

test("a worktree that is brought back by what is known of it has its `.git` again", async () => {
  const { slot, pool, base, standing, snapshotAndUnlike } = await makeWorktree({ a: "1\n" });
  rmSync(path.join(slot.path, ".git"));
  notesOf(pool, "slot-1").unlike = (await snapshotAndUnlike()).unlike;
  const known = { ...pool, repository: { ...pool.repository, standing } };
  const again = await prepareSlot(known, 1, { base, branch: branch("two"), checkout: full });
  expect(await view(again)).toMatchObject({ status: "", head: base, files: ["a"] });
});

test("folders that a worker closed are open to the next", async () => {
  const { slot, pool, base, standing, snapshotAndUnlike } = await makeWorktree({ "d/e/a": "1\n" });
  const { memory } = notesOf(pool, "slot-1");
  chmodSync(path.join(slot.path, "d/e"), 0o500);
  chmodSync(path.join(slot.path, "d"), 0o500);
  notesOf(pool, "slot-1").unlike = (await snapshotAndUnlike({ memory })).unlike;
  const known = { ...pool, repository: { ...pool.repository, standing } };
  await prepareSlot(known, 1, { base, branch: branch("two"), checkout: full });
  const modes = ["d", "d/e"].map((name) => lstatSync(path.join(slot.path, name)).mode & 0o777);
  expect(modes).toEqual([0o755, 0o755]);
});

test("files that a new base's attributes write otherwise are written anew", async () => {
  const { user, pool, base } = await ground();
  const next = (await user.commit({ ".gitattributes": "a.txt text eol=crlf\n" })) as Sha;
  const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
  const inSlot = () => readFileSync(path.join(slot.path, "a.txt"), "utf8");
  expect(inSlot()).toBe("a\n");
  await prepareSlot(pool, 1, { base: next, branch: branch("two"), checkout: full });
  expect(inSlot()).toBe("a\r\n");
  await prepareSlot(pool, 1, { base, branch: branch("three"), checkout: full });
  expect(inSlot()).toBe("a\n");
  await closeSlotPool(pool);
});

describe("a sparse slot", () => {
  const sparse = (...paths: string[]) => ({ mode: "sparse", paths: paths as RepoPath[] }) as const;

  test("holds only the unit's files, and git misses none of the others", async () => {
    const { user, pool, base } = await ground();
    const config = readFileSync(path.join(user.path, ".git/config"), "utf8");
    const checkout = sparse("src/one.ts", "odd [name]*?.txt", "not/there.ts");
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout });
    expect(await view(slot)).toEqual({
      status: "",
      head: base,
      branch: `pleach/${run}/one`,
      files: ["odd [name]*?.txt", "src/one.ts"],
    });
    expect(readFileSync(path.join(user.path, ".git/config"), "utf8")).toBe(config);
    await closeSlotPool(pool);
  });

  test("is used again for other files, another base, and for the whole tree", async () => {
    const { user, pool, base } = await ground();
    const next = (await user.commit({ "src/one.ts": "11\n", "src/new.ts": "n\n" })) as Sha;
    const one = await prepareSlot(pool, 1, {
      base,
      branch: branch("one"),
      checkout: sparse("src/one.ts", "a.txt"),
    });
    writeFileSync(path.join(one.path, "src/one.ts"), "changed\n");
    writeFileSync(path.join(one.path, "junk"), "junk\n");
    const two = await prepareSlot(pool, 1, {
      base: next,
      branch: branch("two"),
      checkout: sparse("src/one.ts", "src/new.ts"),
    });
    expect(await view(two)).toMatchObject({
      status: "",
      head: next,
      files: ["src/new.ts", "src/one.ts"],
    });
    expect(readFileSync(path.join(two.path, "src/one.ts"), "utf8")).toBe("11\n");
    const three = await prepareSlot(pool, 1, { base, branch: branch("three"), checkout: full });
    expect(await view(three)).toMatchObject({ status: "", head: base, files: everything });
    const four = await prepareSlot(pool, 1, {
      base,
      branch: branch("four"),
      checkout: sparse("a.txt"),
    });
    expect(await view(four)).toMatchObject({ status: "", head: base, files: ["a.txt"] });
    const none = await prepareSlot(pool, 1, { base, branch: branch("none"), checkout: sparse() });
    expect(await view(none)).toMatchObject({ status: "", head: base, files: [] });
    await closeSlotPool(pool);
  });
});
