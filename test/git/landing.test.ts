import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import { moveTarget } from "../../src/git/landing.ts";
import { identityOf, type MoveScene, makeMove } from "../support/move.ts";
import { fingerprint, leftovers, repositoryAt, runGit } from "../support/repository.ts";
import { watchingGit } from "../support/watched-git.ts";

/** Nothing of the user's and no ref may differ after a refusal. */
async function expectRefusal(scene: MoveScene, paths: readonly string[]): Promise<void> {
  const before = await fingerprint(scene.repository.path);
  expect(await moveTarget(scene.home, scene.move)).toEqual({ type: "local_edits", paths });
  expect(await fingerprint(scene.repository.path)).toEqual(before);
  expect(await leftovers(scene.repository.path)).toEqual([]);
}

async function expectMoved(scene: MoveScene): Promise<void> {
  expect(await moveTarget(scene.home, scene.move)).toEqual({ type: "moved" });
  expect(await scene.repository.git("rev-parse", "main")).toBe(scene.move.new);
  expect(await leftovers(scene.repository.path)).toEqual([]);
}

test("the branch moves with its checkout and writes only what differs", async () => {
  const scene = await makeMove(
    { "edit.txt": "1\n", "gone/a.txt": "g\n", same: "s\n", run: "r\n" },
    { "edit.txt": "2\n", "gone/a.txt": null, "new/b.txt": "n\n" },
  );
  const { repository } = scene;
  const same = identityOf(repository, "same");
  await expectMoved(scene);
  expect(await repository.git("status", "--porcelain")).toBe("");
  expect(identityOf(repository, "same")).toBe(same);
  expect(existsSync(join(repository.path, "gone"))).toBe(false);
  expect(await repository.git("reflog", "-1", "--format=%gs", "HEAD")).toBe(scene.move.message);
  expect(await repository.git("reflog", "-1", "--format=%gs", "main")).toBe(scene.move.message);
});

test("the checkout is updated once", async () => {
  const scene = await makeMove({ a: "1\n", b: "1\n" }, { a: "2\n" });
  const { calls } = await watchingGit(scene.repository.folder, () => expectMoved(scene));
  expect(calls.filter((call) => call === "read-tree")).toHaveLength(1);
  const writers = ["checkout", "reset", "checkout-index", "update-index", "merge", "restore"];
  expect(calls.filter((call) => writers.includes(call))).toEqual([]);
});

test("a commit that the user tries meanwhile is refused, and can be made afterwards", async () => {
  const scene = await makeMove({ a: "1\n", mine: "1\n" }, { a: "2\n" });
  const { repository } = scene;
  repository.write({ mine: "2\n" });
  const said = join(repository.folder, "said");
  const run = `cd '${repository.path}' && ! /usr/bin/env PATH="$OLDPATH" git commit -qam user 2> '${said}'`;
  await watchingGit(repository.folder, () => expectMoved(scene), { call: "read-tree", run });
  expect(readFileSync(said, "utf8")).toMatch(/HEAD.lock|cannot lock ref/);
  await repository.commit({}, "user");
  expect(await repository.git("log", "--format=%s", "-2")).toBe("user\nWork");
  expect(await repository.git("show", "HEAD:a")).toBe("2");
});

test("swapping old and new takes the move back", async () => {
  const scene = await makeMove({ a: "1\n", b: "b\n" }, { a: "2\n", b: null, c: "c\n" });
  const before = await fingerprint(scene.repository.path, { except: ["refs/heads/main"] });
  await expectMoved(scene);
  const { old, new: next } = scene.move;
  await expectMoved({ ...scene, move: { ...scene.move, old: next, new: old } });
  const after = await fingerprint(scene.repository.path, { except: ["refs/heads/main"] });
  expect({ ...after, index: "" }).toEqual({ ...before, index: "" });
});

test("edits, staged or not, untracked and ignored files elsewhere survive untouched", async () => {
  const scene = await makeMove(
    { a: "1\n", mine: "m\n", staged: "s\n", ".gitignore": "*.log\n" },
    { a: "2\n" },
  );
  const { repository } = scene;
  repository.write({ mine: "edited\n", staged: "staged\n", untracked: "u\n", "x.log": "i\n" });
  await repository.git("add", "staged");
  const before = await fingerprint(repository.path, {
    except: ["refs/heads/main"],
    exceptPaths: ["a"],
  });
  const identities = ["mine", "staged", "untracked", "x.log"].map((path) =>
    identityOf(repository, path),
  );
  await expectMoved(scene);
  expect(
    await fingerprint(repository.path, { except: ["refs/heads/main"], exceptPaths: ["a"] }),
  ).toEqual(before);
  expect(
    ["mine", "staged", "untracked", "x.log"].map((path) => identityOf(repository, path)),
  ).toEqual(identities);
  expect(repository.read("a")).toBe("2\n");
});

test.each<[string, string, (scene: MoveScene) => unknown, readonly string[]]>([
  ["an edit", "a", ({ repository }) => repository.write({ a: "mine\n" }), ["a"]],
  [
    "a staged edit",
    "a",
    async ({ repository }) => {
      repository.write({ a: "mine\n" });
      await repository.git("add", "a");
    },
    ["a"],
  ],
  ["a deletion", "a", ({ repository }) => repository.write({ a: null }), ["a"]],
  ["an untracked file", "new", ({ repository }) => repository.write({ new: "u\n" }), ["new"]],
  [
    "an untracked file with the very content",
    "new",
    ({ repository }) => repository.write({ new: "n\n" }),
    ["new"],
  ],
  ["an ignored file", "x.log", ({ repository }) => repository.write({ "x.log": "u\n" }), ["x.log"]],
  [
    "ignored files in a folder where a file is to be",
    "new",
    ({ repository }) => repository.write({ "new/deep/x.log": "u\n" }),
    ["new/deep/x.log"],
  ],
  [
    "a file where a folder is to be",
    "dir/new",
    ({ repository }) => repository.write({ dir: "u\n" }),
    ["dir"],
  ],
  [
    "a link where a folder is to be",
    "dir/new",
    ({ repository, home }) => symlinkSync(home.commonDir, join(repository.path, "dir")),
    ["dir"],
  ],
  [
    "an edit of a file that goes away",
    "gone",
    ({ repository }) => repository.write({ gone: "mine\n" }),
    ["gone"],
  ],
  [
    "a name that is not ASCII",
    "né\n",
    ({ repository }) => repository.write({ "né\n": "mine\n" }),
    ["né\n"],
  ],
])("%s in the way refuses the move and is named", async (_name, path, edit, paths) => {
  const scene = await makeMove(
    { a: "1\n", ".gitignore": "*.log\n", gone: "g\n", other: "o\n" },
    path === "a" ? { a: "2\n" } : path === "gone" ? { gone: null } : { [path]: "n\n" },
  ).catch(async (error) => {
    // An ignored file has to be added by force.
    if (path !== "x.log") throw error;
    throw error;
  });
  if (path === "x.log") {
    await scene.repository.git("checkout", "--quiet", "work");
    scene.repository.write({ "x.log": "n\n" });
    await scene.repository.git("add", "-f", "x.log");
    await scene.repository.git("commit", "--quiet", "-m", "log");
    await scene.repository.git("checkout", "--quiet", "main");
    const next = (await scene.repository.git("rev-parse", "work")) as Sha;
    await edit(scene);
    return expectRefusal({ ...scene, move: { ...scene.move, new: next } }, paths);
  }
  await edit(scene);
  return expectRefusal(scene, paths);
});

test("a link that stands for a tracked folder is not replaced", async () => {
  const scene = await makeMove({ "dir/a": "1\n" }, { "dir/a": "2\n" });
  const { repository } = scene;
  const { path, folder } = repository;
  await runGit(path, ["status"]);
  mkdirSync(join(folder, "elsewhere"));
  writeFileSync(join(folder, "elsewhere/a"), "1\n");
  rmSync(join(path, "dir"), { recursive: true });
  symlinkSync("../elsewhere", join(path, "dir"));
  const answer = await moveTarget(scene.home, scene.move);
  expect(answer).toMatchObject({ type: "local_edits" });
  expect(lstatSync(join(path, "dir")).isSymbolicLink()).toBe(true);
});

test("files that were only touched are no edits", async () => {
  const scene = await makeMove({ a: "1\n", b: "1\n" }, { a: "2\n" });
  utimesSync(join(scene.repository.path, "a"), 1, 1);
  utimesSync(join(scene.repository.path, "b"), 1, 1);
  await expectMoved(scene);
  expect(scene.repository.read("a")).toBe("2\n");
});

test("folders become files, files folders and links, modes follow", async () => {
  const scene = await makeMove(
    { "d/x": "1\n", "d/y": "1\n", f: "f\n", tool: "#!/bin/sh\n" },
    { "d/x": null, "d/y": null, d: "file\n", f: null, "f/in": "1\n" },
  );
  await scene.repository.git("checkout", "--quiet", "work");
  chmodSync(join(scene.repository.path, "tool"), 0o755);
  symlinkSync("d", join(scene.repository.path, "link"));
  const next = (await scene.repository.commit({}, "modes")) as Sha;
  await scene.repository.git("checkout", "--quiet", "main");
  await expectMoved({ ...scene, move: { ...scene.move, new: next } });
  expect(await scene.repository.git("status", "--porcelain")).toBe("");
  expect(scene.repository.read("link")).toBe("file\n");
});

test("a branch that is nowhere checked out moves alone", async () => {
  const scene = await makeMove({ a: "1\n" }, { a: "2\n" });
  await scene.repository.git("checkout", "--quiet", "-b", "elsewhere");
  const before = await fingerprint(scene.repository.path, { except: ["refs/heads/main"] });
  await expectMoved(scene);
  expect(await fingerprint(scene.repository.path, { except: ["refs/heads/main"] })).toEqual(before);
});

test("a linked worktree is brought along, with its own index and reflog", async () => {
  const scene = await makeMove({ a: "1\n" }, { a: "2\n" });
  await scene.repository.git("checkout", "--quiet", "-b", "elsewhere");
  const linked = join(scene.repository.folder, "linked tree");
  await scene.repository.git("worktree", "add", "--quiet", linked, "main");
  await expectMoved(scene);
  const tree = repositoryAt(linked);
  expect(tree.read("a")).toBe("2\n");
  expect(await tree.git("status", "--porcelain")).toBe("");
  expect(await tree.git("reflog", "-1", "--format=%gs", "HEAD")).toBe(scene.move.message);
});

test("two worktrees on one branch move both or not at all", async () => {
  const scene = await makeMove({ a: "1\n", b: "1\n" }, { a: "2\n", b: "2\n" });
  const linked = join(scene.repository.folder, "linked");
  await scene.repository.git("worktree", "add", "--quiet", "--force", linked, "main");
  writeFileSync(join(linked, "b"), "mine\n");
  await expectRefusal(scene, ["b"]);
  writeFileSync(join(linked, "b"), "1\n");
  await expectMoved(scene);
  expect(await repositoryAt(linked).git("status", "--porcelain")).toBe("");
  expect(await scene.repository.git("status", "--porcelain")).toBe("");
});

test("a branch that has moved or is gone is stale, and its tip is told", async () => {
  const scene = await makeMove({ a: "1\n" }, { a: "2\n" });
  const rival = (await scene.repository.commit({ c: "c\n" })) as Sha;
  const before = await fingerprint(scene.repository.path);
  expect(await moveTarget(scene.home, scene.move)).toEqual({ type: "stale", tip: rival });
  expect(await fingerprint(scene.repository.path)).toEqual(before);
  await scene.repository.git("checkout", "--quiet", "work");
  await scene.repository.git("branch", "-D", "main");
  expect(await moveTarget(scene.home, scene.move)).toEqual({ type: "stale", tip: null });
});

test("a lock of the user's makes it busy, and stays", async () => {
  await Promise.all(["index.lock", "HEAD.lock", "refs/heads/main.lock"].map(expectBusy));
});

async function expectBusy(lock: string): Promise<void> {
  const scene = await makeMove({ a: "1\n" }, { a: "2\n" });
  writeFileSync(join(scene.home.commonDir, lock), "");
  const before = await fingerprint(scene.repository.path);
  const answer = await moveTarget(scene.home, scene.move);
  if (answer.type !== "busy") throw new Error(answer.type);
  expect(answer.message).toContain(lock);
  expect(await fingerprint(scene.repository.path)).toEqual(before);
  expect(await leftovers(scene.repository.path)).toEqual([`lock ${lock}`]);
}

test("an unfinished merge or rebase makes it busy in plain words", async () => {
  const scene = await makeMove({ a: "1\n", b: "1\n" }, { a: "2\n" });
  const { repository } = scene;
  await repository.git("branch", "side", "work");
  await repository.git("merge", "--no-ff", "--no-commit", "side");
  expect(await moveTarget(scene.home, scene.move)).toEqual({
    type: "busy",
    message: `a merge is not finished in ${repository.path}`,
  });
  await repository.git("merge", "--abort");
  await repository.git("checkout", "--quiet", "-b", "topic", "main~0");
  const onto = await repository.commit({ a: "3\n" });
  await repository.git("checkout", "--quiet", "main");
  const tip = (await repository.commit({ a: "4\n" })) as Sha;
  await expect(repository.git("rebase", onto)).rejects.toThrow("could not apply");
  const answer = await moveTarget(scene.home, { ...scene.move, old: tip });
  expect(answer).toEqual({
    type: "busy",
    message: `main is being rebased (${scene.home.commonDir})`,
  });
});

test("a conflict that the user left open is a local edit", async () => {
  const scene = await makeMove({ a: "1\n", b: "1\n" }, { b: "2\n" });
  const { repository } = scene;
  repository.write({ a: "stashed\n" });
  await repository.git("stash");
  const old = (await repository.commit({ a: "other\n" })) as Sha;
  const tree = await repository.git("rev-parse", `${scene.move.new}^{tree}`);
  const next = (await repository.git("commit-tree", "-p", old, "-m", "n", tree)) as Sha;
  await expect(repository.git("stash", "pop")).rejects.toThrow();
  await expectRefusal({ ...scene, move: { ...scene.move, old, new: next } }, ["a"]);
});

test("a sparse checkout of the user's stays sparse", async () => {
  const scene = await makeMove(
    { "in/a": "1\n", "out/b": "1\n" },
    { "in/a": "2\n", "out/b": "2\n", "out/c": "c\n" },
  );
  await scene.repository.git("sparse-checkout", "set", "in");
  await expectMoved(scene);
  expect(scene.repository.read("in/a")).toBe("2\n");
  expect(existsSync(join(scene.repository.path, "out"))).toBe(false);
  expect(await scene.repository.git("status", "--porcelain")).toBe("");
});

test("a submodule is neither looked into nor touched", async () => {
  const scene = await makeMove({ a: "1\n" }, { a: "2\n" });
  const { repository } = scene;
  const link = `160000 ${scene.move.old}\tsub`;
  const next = await withGitlink(scene, link);
  repository.write({ "sub/file": "user's\n" });
  await expectMoved({ ...scene, move: { ...scene.move, new: next } });
  expect(repository.read("sub/file")).toBe("user's\n");
});

async function withGitlink(scene: MoveScene, line: string): Promise<Sha> {
  const { repository, move } = scene;
  const index = join(repository.folder, "scratch-index");
  const env = { GIT_INDEX_FILE: index };
  await runGit(repository.path, ["read-tree", move.new], { env });
  await runGit(repository.path, ["update-index", "--index-info"], { env, input: `${line}\n` });
  const tree = await runGit(repository.path, ["write-tree"], { env });
  return (await repository.git("commit-tree", "-p", move.old, "-m", "n", tree)) as Sha;
}

test("line ends and filters are applied as git would", async () => {
  const scene = await makeMove(
    {
      ".gitattributes": "*.crlf text eol=crlf\n*.up filter=up\n",
      "a.crlf": "1\r\n",
      "b.up": "b\n",
    },
    { "a.crlf": "2\r\n", "b.up": "c\n" },
  );
  await scene.repository.git("config", "filter.up.smudge", "tr a-z A-Z");
  await scene.repository.git("config", "filter.up.clean", "tr A-Z a-z");
  await expectMoved(scene);
  expect(scene.repository.read("a.crlf")).toBe("2\r\n");
  expect(scene.repository.read("b.up")).toBe("C\n");
  expect(await scene.repository.git("status", "--porcelain")).toBe("");
});

test("a checkout that fails half-way is put back", async () => {
  const scene = await makeMove(
    { ".gitattributes": "*.bad filter=bad\n", "a.txt": "1\n", "z.bad": "1\n" },
    { "a.txt": "2\n", "z.bad": "2\n", "new.txt": "n\n" },
  );
  await scene.repository.git("config", "filter.bad.smudge", "grep -v 2");
  await scene.repository.git("config", "filter.bad.required", "true");
  await scene.repository.git("config", "filter.bad.clean", "cat");
  const before = await fingerprint(scene.repository.path, { exceptPaths: ["x"] });
  await expect(moveTarget(scene.home, scene.move)).rejects.toMatchObject({
    code: "filter_failed",
  });
  expect(await fingerprint(scene.repository.path, { exceptPaths: ["x"] })).toEqual(before);
  expect(await leftovers(scene.repository.path)).toEqual([]);
});

test.each(["--assume-unchanged", "--skip-worktree"])(
  "an edit under %s is the user's, and is named",
  async (flag) => {
    const scene = await makeMove({ a: "1\n", b: "1\n", c: "1\n" }, { a: "2\n", b: "2\n" });
    const { repository } = scene;
    await repository.git("update-index", flag, "a", "c");
    repository.write({ a: "mine\n", c: "mine\n" });
    await expectRefusal(scene, ["a"]);
    await repository.git("update-index", flag.replace("--", "--no-"), "a");
    repository.write({ a: "1\n" });
    await expectMoved(scene);
    expect([repository.read("a"), repository.read("c")]).toEqual(["2\n", "mine\n"]);
    expect(await repository.git("ls-files", "-v", "c")).toMatch(/^[hS] c$/);
  },
);
