import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { isKept } from "../../src/git/pruning.ts";
import { makeRepository } from "../support/repository.ts";
import { makeWorktree, snapshotRef } from "../support/worktree-scene.ts";

/** A `git prune` that has looked at the refs before ours was there, and deletes in its own time. */
function startPrune(folder: string, cwd: string, script: string) {
  mkdirSync(folder);
  const program = path.join(folder, "git");
  writeFileSync(program, `#!/bin/sh\necho began\n${script}\n`, { mode: 0o755 });
  const child = spawn(program, ["prune", "--expire", "now"], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return {
    began: new Promise((resolve) => child.stdout.once("data", resolve)),
    ended: new Promise((resolve) => child.once("exit", resolve)),
  };
}

/** Deletes the snapshot's commit and its tree once its ref is there. */
const deleteLate = (real: string) => `
while ! oid=$(${real} rev-parse -q --verify ${snapshotRef}); do sleep 0.01; done
tree=$(${real} rev-parse $oid^{tree})
sleep 0.5
for each in $oid $tree; do rm -f .git/objects/$(echo $each | cut -c 1-2)/$(echo $each | cut -c 3-); done
`;

test("a snapshot is whole though a prune that began before it deletes it afterwards", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "2\n");
  const { repository } = scene;
  const bin = path.join(repository.folder, "bin");
  const prune = startPrune(bin, repository.path, deleteLate("/usr/bin/env -u GIT_DIR git"));
  await prune.began;
  const { commit = "" } = await scene.snapshot();
  await prune.ended;
  expect(await repository.git("show", `${commit}:a`)).toBe("2");
  expect(await repository.git("rev-parse", snapshotRef)).toBe(commit);
  await repository.git("fsck", "--connectivity-only", "--no-dangling");
});

test("nobody waits for a prune of another repository", async () => {
  const one = await makeRepository({ a: "1\n" });
  const other = await makeRepository({ a: "1\n" });
  const base = (await one.git("rev-parse", "HEAD")) as Sha;
  const to = (await one.commit({ a: "2\n" })) as Sha;
  const go = path.join(other.folder, "go");
  const wait = `while ! test -e '${go}'; do sleep 0.01; done`;
  const prune = startPrune(path.join(other.folder, "bin"), other.path, wait);
  await prune.began;
  const home = { commonDir: path.join(one.path, ".git") };
  expect(await isKept(home, { from: base, to, plain: true })).toBe(true);
  writeFileSync(go, "");
  await prune.ended;
});

test("a commit without its objects is not kept", async () => {
  const { git, commit, path: folder } = await makeRepository({ a: "1\n" });
  const base = (await git("rev-parse", "HEAD")) as Sha;
  const to = (await commit({ a: "2\n" })) as Sha;
  const home = { commonDir: path.join(folder, ".git") };
  const blob = await git("rev-parse", "HEAD:a");
  expect(await isKept(home, { from: base, to, plain: true })).toBe(true);
  rmSync(path.join(folder, ".git/objects", blob.slice(0, 2), blob.slice(2)));
  expect(await isKept(home, { from: base, to, plain: true })).toBe(false);
});
