import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { moveTarget } from "../../src/git/landing.ts";
import { recoverMove } from "../../src/git/landing-recovery.ts";
import { compileRooms } from "../support/compiled.ts";
import { expectWhole, killRecovery, prepareKills, stateOf, sweep } from "../support/kill-sweep.ts";
import { copyScene, type Kill, runKilled } from "../support/killed-move.ts";

const compiled = compileRooms(["core", "host", "git"]);
afterAll(() => compiled.remove());
const kills = await prepareKills(compiled.folder);

test("a move killed with all its children, after any call of git, is made whole", async () => {
  expect(await sweep(kills, { when: "after", whom: "group" })).toBeGreaterThan(4);
});

test("a move killed while git writes any file of the checkout is made whole", async () => {
  expect(await sweep(kills, { when: "smudge", whom: "group" })).toBe(4);
});

test("a move whose git lives on as an orphan is made whole", async () => {
  const copy = await copyScene(kills.scene);
  const since = Date.now();
  const kill: Kill = { when: "before", whom: "runner", at: 6 };
  const run = await runKilled(kills.compiled, "moveTarget", { scene: copy, kill });
  expect(run.killed).toBe(true);
  await expectWhole(kills, copy, since);
});

test("a recovery that is killed itself is made whole by the next", async () => {
  for (const at of [4, 7]) expect(await killRecovery(kills, at)).toBe(true);
});

test("what the user did to a half-moved checkout is named and stays", async () => {
  const copy = await copyScene(kills.scene);
  const since = Date.now();
  const kill: Kill = { when: "smudge", whom: "group", at: 3 };
  expect((await runKilled(kills.compiled, "moveTarget", { scene: copy, kill })).killed).toBe(true);
  copy.repository.write({ edit: "the user's\n" });
  const recovered = await recoverMove(copy.home, { ...copy.move, since });
  expect(recovered).toEqual({ type: "local_edits", paths: ["edit"] });
  const hash = await copy.repository.git("hash-object", "edit");
  expect(copy.repository.read("edit")).toBe("the user's\n");
  expect(await copy.repository.git("status", "--porcelain")).toBe(" M edit\n M mine\n?? untracked");
  expect(await moveTarget(copy.home, copy.move)).toEqual({ type: "local_edits", paths: ["edit"] });
  expect(await copy.repository.git("hash-object", "edit")).toBe(hash);
});

test("a commit that the user made on top of the move is kept, and the move counts", async () => {
  const copy = await copyScene(kills.scene);
  const since = Date.now();
  await moveTarget(copy.home, copy.move);
  const tip = await copy.repository.commit({ later: "l\n" });
  const expected = await stateOf(copy);
  expect(await recoverMove(copy.home, { ...copy.move, since })).toEqual({ type: "moved" });
  expect(await stateOf(copy)).toEqual(expected);
  // Taken for an undo, the same history says that nothing was taken back.
  const undo = { ...copy.move, old: tip as Sha, new: copy.move.old };
  const later = await copy.repository.commit({ still: "l\n" });
  expect(await recoverMove(copy.home, { ...undo, since })).toEqual({ type: "not_moved" });
  expect(await copy.repository.git("rev-parse", "main")).toBe(later);
  expect(await copy.repository.git("status", "--porcelain")).toBe("");
});

test("a lock older than our intent is the user's and stays", async () => {
  const copy = await copyScene(kills.scene);
  const lock = join(copy.home.commonDir, "index.lock");
  writeFileSync(lock, "");
  const since = Date.now();
  utimesSync(lock, since / 1000 - 60, since / 1000 - 60);
  expect(await recoverMove(copy.home, { ...copy.move, since })).toEqual({ type: "not_moved" });
  expect(existsSync(lock)).toBe(true);
});
