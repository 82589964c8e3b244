/** What is seen of a worktree while its worker still has it is what a snapshot says in the end. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Glance, glance } from "../../src/git/glance.ts";
import { makeWorktree, type WorktreeScene } from "../support/worktree-scene.ts";

function look({ slot, repository, base, record }: WorktreeScene): Promise<Glance | undefined> {
  return glance({
    place: { gitDir: slot.adminDir, workTree: slot.path },
    commonDir: join(repository.path, ".git"),
    base,
    checkout: "full",
    kept: [],
    leftFolder: join(record, "left"),
    since: Date.now(),
    config: [],
  });
}

test("edits, new files, deletions, links and repositories are seen as the snapshot tells them", async () => {
  const scene = await makeWorktree({
    edit: "1\n",
    gone: "g\n",
    same: "s\n",
    ".gitignore": "out\n",
  });
  scene.write("edit", "2\n");
  scene.write("new/né w", "n\n");
  scene.write("out", "ignored\n");
  rmSync(join(scene.slot.path, "gone"));
  symlinkSync("../elsewhere", join(scene.slot.path, "link"));
  await scene.git("init", "-q", "inner");
  scene.write("inner/file", "x\n");
  const seen = await look(scene);
  const said = (await scene.snapshot()).changed;
  const facts = (all: typeof said) =>
    all.map(({ path, kind, newMode }) => `${kind} ${path} ${newMode}`);
  expect(facts(seen?.changed ?? [])).toEqual(facts(said));
  expect(facts(said)).toHaveLength(5);
  expect([...(seen?.links ?? [])]).toEqual([["link", "../elsewhere"]]);
});

test("looking changes nothing, and what is not safe to look at is left for the end", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "2\n");
  const index = () => readFileSync(join(scene.slot.adminDir, "index"), "base64");
  const before = [index(), await scene.repository.git("count-objects")];
  expect((await look(scene))?.changed).toHaveLength(1);
  expect([index(), await scene.repository.git("count-objects")]).toEqual(before);
  execFileSync("mkfifo", [join(scene.slot.path, ".gitignore")]);
  expect(await look(scene)).toBeUndefined();
});
