import { existsSync, mkdirSync, renameSync, rmdirSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { RefName, Sha } from "../../src/core/id.ts";
import { commitTree } from "../../src/git/commit.ts";
import { differenceOf } from "../../src/git/difference.ts";
import { listRefs, updateRefs } from "../../src/git/ref.ts";
import { StandingGits } from "../../src/git/standing-git.ts";
import { makeRepository } from "../support/repository.ts";
import { watchingGit } from "../support/watched-git.ts";

const a = "refs/heads/pleach/20260101-0000-aaaa/a" as RefName;
const b = "refs/heads/pleach/20260101-0000-aaaa/b" as RefName;
const author = { name: " Uma <User>, ", email: "uma@example.com" };

async function ground() {
  const user = await makeRepository({ "a.txt": "a\n", "d/b.txt": "b\n" });
  const gitDir = path.join(user.path, ".git");
  const one = (await user.git("rev-parse", "HEAD")) as Sha;
  const odd = { "a.txt": "2\n", "d/b.txt": null, "d/né\nw": "n\n" };
  const two = (await user.commit(odd)) as Sha;
  const tree = (await user.git("rev-parse", "HEAD^{tree}")) as Sha;
  const draft = path.join(user.folder, "commit.draft");
  const standing = new StandingGits(gitDir, draft);
  onTestFinished(() => standing.close());
  const alone = { gitDir, commonDir: gitDir };
  return { user, one, two, tree, draft, standing, alone, with: { ...alone, standing } };
}

test("what stays answers as a git of its own does, and no other is started", async () => {
  const scene = await ground();
  const { user, one, two, tree } = scene;
  const request = { tree, parents: [one, two], message: "Weave\n\nlines\n", author, date: 7e11 };
  const expected = {
    commit: await commitTree(scene.alone, request),
    there: await differenceOf(scene.alone, one, two),
    back: await differenceOf(scene.alone, tree, one),
  };
  const { result, calls } = await watchingGit(user.folder, async () => {
    const commit = await commitTree(scene.with, request);
    const there = await differenceOf(scene.with, one, two);
    const back = await differenceOf(scene.with, tree, one);
    const none = await differenceOf(scene.with, two, tree);
    await updateRefs(scene.with, [{ ref: a, new: commit, old: null }]);
    await updateRefs(scene.with, [{ ref: b, new: one, old: null }]);
    const whole = await scene.standing.hasNewObjects(one, two);
    return { commit, there, back, none, whole };
  });
  expect(result).toEqual({ ...expected, none: [], whole: true });
  expect(calls.toSorted()).toEqual(["cat-file", "diff-tree", "hash-object", "update-ref"]);
  expect([...(await listRefs(scene.alone, "refs/heads/pleach/"))]).toEqual([
    [a, expected.commit],
    [b, one],
  ]);
  expect(await user.git("fsck", "--strict")).toBe("");
});

test("what it refuses is refused as by a git of its own, and it answers again afterwards", async () => {
  const scene = await ground();
  const { one, two, tree } = scene;
  await updateRefs(scene.with, [{ ref: a, new: one, old: null }]);
  const stale = [
    { ref: b, new: one, old: null },
    { ref: a, new: two, old: two },
  ];
  expect(await updateRefs(scene.with, stale)).toEqual({ type: "refused", ref: a });
  expect([...(await listRefs(scene.alone, "refs/heads/pleach/"))]).toEqual([[a, one]]);
  const lost = "1".repeat(40) as Sha;
  const code = "git_failed";
  await expect(differenceOf(scene.with, one, lost)).rejects.toMatchObject({ code });
  const request = { tree: lost, parents: [one], message: "x\n", author };
  await expect(commitTree(scene.with, request)).rejects.toMatchObject({ code });
  expect(await updateRefs(scene.with, [{ ref: a, new: two, old: one }])).toEqual({
    type: "moved",
  });
  expect(await differenceOf(scene.with, two, tree)).toEqual([]);
});

test("a blob, a tree or a commit that is gone is missed", async () => {
  const { user, one, two, standing } = await ground();
  for (const name of [`${two}:d/né\nw`, `${two}:d`, `${two}:`, two]) {
    const oid = await user.git("rev-parse", name);
    const file = path.join(user.path, ".git/objects", oid.slice(0, 2), oid.slice(2));
    expect(await standing.hasNewObjects(one, two)).toBe(true);
    renameSync(file, `${file}.gone`);
    expect(await standing.hasNewObjects(one, two), name).not.toBe(true);
    renameSync(`${file}.gone`, file);
  }
});

test("a tree that a garbage collection took is written again", async () => {
  const { user, one, standing } = await ground();
  const { "a.txt": entry } = Object.fromEntries((await standing.entriesAt(one, ["a.txt"])) ?? []);
  const edits = [{ path: "d/e/f", entry }];
  const tree = await standing.weave(one, edits);
  const whole = ["cat-file", "-p", `${tree}:d/e/f`];
  expect(await user.git(...whole)).toBe("a");
  await user.git("prune", "--expire=now");
  await expect(user.git(...whole)).rejects.toThrow();
  expect(await standing.weave(one, edits)).toBe(tree);
  expect(await user.git(...whole)).toBe("a");
});

test("many may ask at once; at the end all have ended and no draft is left", async () => {
  const scene = await ground();
  const { one, tree } = scene;
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      commitTree(scene.with, { tree, parents: [one], message: `${n}\n`, author, date: 0 }),
    ),
  );
  for (const [n, commit] of made.entries())
    expect(await scene.user.git("log", "-1", "--format=%s", commit)).toBe(String(n));
  await scene.standing.close();
  expect(existsSync(scene.draft)).toBe(false);
});

test("a draft that cannot be written is a failure of the disk, not of git", async () => {
  const scene = await ground();
  const { one, tree } = scene;
  mkdirSync(scene.draft);
  const request = { tree, parents: [one], message: "x\n", author };
  await expect(commitTree(scene.with, request)).rejects.toMatchObject({ code: "file_failed" });
  rmdirSync(scene.draft);
});
