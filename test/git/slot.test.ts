import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { integrationRef, type Sha } from "../../src/core/id.ts";
import { removeSlots } from "../../src/git/remove-slots.ts";
import { prepareSlot, type Slot } from "../../src/git/slot.ts";
import { closeSlotPool } from "../../src/git/worktree.ts";
import { fingerprint, leftovers, runGit, type TestRepository } from "../support/repository.ts";
import { branch, everything, filesOf, full, ground, run, view } from "../support/slots.ts";

describe("a full slot", () => {
  test("holds its base on the unit's branch, and leaves the user's checkout alone", async () => {
    const { user, pool, base } = await ground();
    user.write({ "a.txt": "edited\n", ignored: "i\n", untracked: "u\n" });
    const before = await fingerprint(user.path);
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    expect(slot.path).toBe(path.join(pool.root, "slot-1"));
    expect(await view(slot)).toEqual({
      status: "",
      head: base,
      branch: "pleach/20260101-0000-aaaa/one",
      files: everything,
    });
    expect(await user.git("worktree", "list", "--porcelain")).toContain(
      `locked pleach ${run}/slot-1`,
    );
    expect(await fingerprint(user.path)).toEqual(before);
    const gone = await removeSlots(pool);
    await gone.finish();
    expect(gone).toMatchObject({ removed: [slot.path], kept: [] });
    expect(existsSync(path.join(user.folder, "state/worktrees", pool.repository.name))).toBe(false);
    expect(existsSync(path.join(pool.repository.commonDir, "worktrees"))).toBe(false);
    expect(await fingerprint(user.path)).toEqual(before);
    expect(await leftovers(user.path)).toEqual([`ref ${branch("one")}`]);
  });

  test("goes from base to base, keeping the files that are the same", async () => {
    const { user, pool, base } = await ground();
    const next = (await user.commit({
      "src/one.ts": "11\n",
      "a.txt": null,
      "new/x.ts": "x\n",
    })) as Sha;
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    const inode = lstatSync(path.join(slot.path, "src/two.ts")).ino;
    const again = await prepareSlot(pool, 1, { base: next, branch: branch("two"), checkout: full });
    expect(await view(again)).toMatchObject({
      status: "",
      head: next,
      files: [...everything.filter((name) => name !== "a.txt"), "new/x.ts"].sort(),
    });
    expect(lstatSync(path.join(slot.path, "src/two.ts")).ino).toBe(inode);
    expect(readFileSync(path.join(slot.path, "src/one.ts"), "utf8")).toBe("11\n");
    await closeSlotPool(pool);
  });

  test("is clean again whatever a worker left in its folder", async () => {
    const { user, pool } = await ground();
    await user.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`);
    await user.git("commit", "--quiet", "-m", "a submodule");
    const base = (await user.git("rev-parse", "HEAD")) as Sha;
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    const at = (name: string): string => path.join(slot.path, name);
    writeFileSync(at("a.txt"), "b\n");
    utimesSync(at("a.txt"), new Date(0), lstatSync(at("src/one.ts")).mtime);
    writeFileSync(at("ignored"), "i");
    mkdirSync(at("node_modules/x"), { recursive: true });
    writeFileSync(at("node_modules/x/y.js"), "y");
    writeFileSync(at("line\nend"), "n");
    execFileSync("mkfifo", [at("src/fifo")]);
    mkdirSync(at("closed/inside"), { recursive: true });
    writeFileSync(at("closed/inside/file"), "c");
    chmodSync(at("closed/inside"), 0o555);
    chmodSync(at("closed"), 0);
    chmodSync(at("src/deep"), 0o555);
    execFileSync("git", ["init", "-q", at("nested")]);
    writeFileSync(at("nested/file"), "n");
    execFileSync("git", ["init", "-q", at("src")]);
    rmSync(at("src/two.ts"));
    mkdirSync(at("src/two.ts"));
    writeFileSync(at("src/two.ts/child"), "c");
    rmSync(at("odd [name]*?.txt"));
    symlinkSync("/etc/passwd", at("odd [name]*?.txt"));
    mkdirSync(at("empty/er"), { recursive: true });
    writeFileSync(at("sub/inside"), "s");
    writeFileSync(Buffer.from(`${slot.path}/caf\xe9`, "latin1"), "latin1");
    const again = await prepareSlot(pool, 1, { base, branch: branch("two"), checkout: full });
    expect(await view(again)).toEqual({
      status: "",
      head: base,
      branch: `pleach/${run}/two`,
      files: everything,
    });
    expect(existsSync(at("empty"))).toBe(false);
    expect(existsSync(at("src/.git"))).toBe(false);
    expect(readFileSync(at("a.txt"), "utf8")).toBe("a\n");
    await closeSlotPool(pool);
    expect(existsSync(path.join(pool.root, `../.trash-${run}`))).toBe(false);
  });

  test("does not take a folder that was moved away and linked back for its own", async () => {
    const { user, pool, base } = await ground();
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    renameSync(path.join(slot.path, "src"), path.join(user.folder, "elsewhere"));
    symlinkSync(path.join(user.folder, "elsewhere"), path.join(slot.path, "src"));
    const again = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    expect(lstatSync(path.join(slot.path, "src")).isDirectory()).toBe(true);
    expect(await view(again)).toMatchObject({ status: "", files: everything });
    expect(filesOf(path.join(user.folder, "elsewhere"))).toHaveLength(3);
    await closeSlotPool(pool);
  });

  test("believes nothing that a worker wrote into its admin directory", async () => {
    const { user, pool, base } = await ground();
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    const before = await fingerprint(user.path);
    const admin = (name: string): string => path.join(slot.adminDir, name);
    await runGit(slot.path, ["update-index", "--assume-unchanged", "a.txt"]);
    writeFileSync(path.join(slot.path, "a.txt"), "hidden\n");
    for (const lock of ["index.lock", "HEAD.lock", "pleach-full.index.lock"])
      writeFileSync(admin(lock), "");
    writeFileSync(admin("commondir"), "/nowhere\n");
    writeFileSync(admin("gitdir"), "/nowhere/.git\n");
    rmSync(admin("HEAD"));
    symlinkSync(path.join(user.path, "a.txt"), admin("HEAD"));
    rmSync(admin("locked"));
    writeFileSync(admin("config.worktree"), "[core]\n\tsparseCheckout = true\n");
    mkdirSync(admin("info"));
    writeFileSync(admin("info/sparse-checkout"), "/nothing\n");
    mkdirSync(admin("rebase-merge"));
    rmSync(path.join(slot.path, ".git"));
    symlinkSync(path.join(user.path, "a.txt"), path.join(slot.path, ".git"));
    const again = await prepareSlot(pool, 1, { base, branch: branch("two"), checkout: full });
    expect(await view(again)).toMatchObject({ status: "", head: base, files: everything });
    expect(readFileSync(path.join(slot.path, "a.txt"), "utf8")).toBe("a\n");
    expect(again.adminDir).toBe(slot.adminDir);
    expect(await fingerprint(user.path)).toEqual(before);
    await closeSlotPool(pool);
  });

  test("is made again when its index is broken", async () => {
    const { pool, base } = await ground();
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    writeFileSync(path.join(slot.adminDir, "pleach-full.index"), "nonsense");
    const again = await prepareSlot(pool, 1, { base, branch: branch("two"), checkout: full });
    expect(await view(again)).toMatchObject({ status: "", head: base, files: everything });
    await closeSlotPool(pool);
  });

  test.each([
    ["its folder", (slot: Slot) => rmSync(slot.path, { recursive: true })],
    ["its admin directory", (slot: Slot) => rmSync(slot.adminDir, { recursive: true })],
    [
      "both, by git",
      (slot: Slot, user: TestRepository) =>
        user.git("worktree", "remove", "--force", "--force", slot.path),
    ],
    [
      "the folder of all slots",
      (slot: Slot) => rmSync(path.dirname(slot.path), { recursive: true }),
    ],
  ])("is made again when somebody deleted %s", async (_, remove) => {
    const { user, pool, base } = await ground();
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    await remove(slot, user);
    const again = await prepareSlot(pool, 1, { base, branch: branch("two"), checkout: full });
    expect(await view(again)).toMatchObject({ status: "", head: base, files: everything });
    const gone = await removeSlots(pool);
    await gone.finish();
    expect(await user.git("worktree", "list")).not.toContain("slot-1");
  });

  test("puts a branch that exists at the new base", async () => {
    const { user, pool, base } = await ground();
    await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    const next = (await user.commit({ "a.txt": "next\n" })) as Sha;
    await prepareSlot(pool, 2, { base: next, branch: branch("one"), checkout: full });
    expect(await user.git("rev-parse", branch("one"))).toBe(next);
    await closeSlotPool(pool);
  });

  test("names the branch that is in the way of ours", async () => {
    const { user, pool, base } = await ground();
    await user.git("branch", "pleach");
    await expect(
      prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full }),
    ).rejects.toMatchObject({
      code: "branch_in_the_way",
      exitCode: 3,
      advice: "rename that branch: git branch -m pleach pleach-renamed",
    });
    await closeSlotPool(pool);
  });

  test("is detached without a branch, as for integration", async () => {
    const { user, pool, base } = await ground();
    const slot = await prepareSlot(pool, "integration", { base, checkout: full });
    expect(slot.path).toBe(path.join(pool.root, "integration"));
    expect(await view(slot)).toMatchObject({ status: "", head: base, branch: "" });
    expect(await user.git("for-each-ref", integrationRef(run))).toBe("");
    await closeSlotPool(pool);
  });

  test("holds every file though the user's own checkout is sparse", async () => {
    const { user, pool, base } = await ground();
    await user.git("sparse-checkout", "set", "src/deep");
    const before = await fingerprint(user.path);
    const slot = await prepareSlot(pool, 1, { base, branch: branch("one"), checkout: full });
    expect(filesOf(slot.path)).toEqual(everything);
    expect(await runGit(slot.path, ["status", "--porcelain"])).toBe("");
    expect(await fingerprint(user.path)).toEqual(before);
    await closeSlotPool(pool);
  });
});
