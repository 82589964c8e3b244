import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { disjointMerge } from "../../src/git/disjoint-merge.ts";
import { mergeInMemory } from "../../src/git/merge.ts";
import { StandingGits } from "../../src/git/standing-git.ts";
import { makeRepository } from "../support/repository.ts";

type Files = Readonly<Record<string, string | null>>;

const base = { "a/one": "1\n", "a/two": "2\n", "b/three": "3\n", four: "4\n" };

/** Two commits on one base, and what each way of merging makes of them. */
async function merged(ours: Files, theirs: Files) {
  const user = await makeRepository(base);
  const gitDir = path.join(user.path, ".git");
  const standing = new StandingGits(gitDir, path.join(user.folder, "commit.draft"));
  onTestFinished(() => standing.close());
  const fork = await user.git("rev-parse", "HEAD");
  const onto = (await user.commit(ours)) as Sha;
  await user.git("checkout", "--quiet", "--detach", fork);
  const head = (await user.commit(theirs)) as Sha;
  const quick = await disjointMerge(standing, { onto, head });
  const git = await mergeInMemory({ gitDir }, { onto, head });
  return { quick, git: git.type === "clean" ? git.tree : git.type };
}

test("sides that share no path and take nothing away are merged as git merges them", async () => {
  const found = await merged(
    { "a/one": "changed\n", "new/deep/file": "n\n", "a/added": "a\n" },
    { "b/three": "changed\n", "a/two": "changed\n", "new/deep/other": "o\n", "é\n": "odd\n" },
  );
  expect(found.quick).toMatch(/^[0-9a-f]{40}$/);
  expect(found.quick).toBe(found.git);
});

test.each<[string, Files, Files]>([
  ["the same path", { "a/one": "x\n" }, { "a/one": "y\n" }],
  ["a file where the other has a folder", { new: "f\n" }, { "new/file": "f\n" }],
  ["a folder where the other has a file", { "new/file": "f\n" }, { new: "f\n" }],
  ["a file taken away by one", { "a/one": null }, { "b/three": "x\n" }],
  ["a file taken away by the other", { "b/three": "x\n" }, { "a/one": null }],
  [
    "a folder renamed, and a file put into the old one",
    { "a/one": null, "a/two": null, "c/one": "1\n", "c/two": "2\n" },
    { "a/new": "n\n" },
  ],
])("git has to say where there is %s", async (_, ours, theirs) => {
  expect((await merged(ours, theirs)).quick).toBeUndefined();
});

test("git has to say where the head was not made on the line of what it is merged into", async () => {
  const user = await makeRepository(base);
  const gitDir = path.join(user.path, ".git");
  const standing = new StandingGits(gitDir, path.join(user.folder, "commit.draft"));
  onTestFinished(() => standing.close());
  const onto = (await user.git("rev-parse", "HEAD")) as Sha;
  await user.git("checkout", "--quiet", "--orphan", "other");
  const stranger = (await user.commit({ other: "o\n" })) as Sha;
  const head = (await user.commit({ more: "m\n" })) as Sha;
  expect(await disjointMerge(standing, { onto, head: stranger })).toBeUndefined();
  expect(await disjointMerge(standing, { onto, head })).toBeUndefined();
});
