import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Sha } from "../../src/core/id.ts";
import {
  dirtyPaths,
  inProgress,
  openRepository,
  requireWritable,
  resolveTarget,
  revision,
  shortLog,
} from "../../src/git/repository.ts";
import { filesAt } from "../../src/git/tree.ts";
import { fingerprint, makeRepository, runGit, temporaryFolder } from "../support/repository.ts";

const environment = { ...process.env };
afterEach(() => {
  process.env = { ...environment };
});

describe("a repository is found", () => {
  test("from a folder below, whatever GIT_DIR and GIT_INDEX_FILE say, as in a hook", async () => {
    const user = await makeRepository({ "src/a.txt": "a\n" }, { name: "my repo!" });
    process.env["GIT_DIR"] = "/nowhere";
    process.env["GIT_INDEX_FILE"] = "/nowhere/index";
    process.env["GIT_WORK_TREE"] = "/nowhere";
    const repository = await openRepository(path.join(user.path, "src"));
    expect(repository).toEqual({
      commonDir: path.join(user.path, ".git"),
      topLevel: user.path,
      gitDir: path.join(user.path, ".git"),
      name: expect.stringMatching(/^my-repo--[0-9a-f]{8}$/),
    });
    expect(await resolveTarget(repository)).toBe("refs/heads/main");
  });

  test("from inside its git directory: the main checkout is meant", async () => {
    const user = await makeRepository();
    mkdirSync(path.join(user.path, ".git/hooks"));
    const repository = await openRepository(path.join(user.path, ".git/hooks"));
    expect(repository).toEqual(await openRepository(user.path));
  });

  test("from a linked worktree, with that worktree's branch as the target", async () => {
    const user = await makeRepository();
    const linked = path.join(user.folder, "linked");
    await user.git("worktree", "add", "--quiet", "-b", "topic", linked);
    const main = await openRepository(user.path);
    const repository = await openRepository(linked);
    expect(repository).toEqual({
      ...main,
      topLevel: linked,
      gitDir: path.join(user.path, ".git/worktrees/linked"),
    });
    expect(await resolveTarget(repository)).toBe("refs/heads/topic");
  });

  test("from a worktree of a bare repository, but not from the bare repository", async () => {
    const user = await makeRepository();
    const bare = path.join(user.folder, "bare.git");
    await runGit(user.folder, ["clone", "--quiet", "--bare", user.path, bare]);
    await runGit(bare, ["worktree", "add", "--quiet", path.join(user.folder, "linked"), "main"]);
    await expect(openRepository(bare)).rejects.toMatchObject({
      code: "bare_repository",
      exitCode: 3,
    });
    expect((await openRepository(path.join(user.folder, "linked"))).commonDir).toBe(bare);
  });

  test("but not where there is none", async () => {
    await expect(openRepository(temporaryFolder())).rejects.toMatchObject({
      code: "not_a_repository",
      exitCode: 3,
    });
  });

  test("but not where the folder is a file, or lies in one", async () => {
    const user = await makeRepository({ "a.txt": "a\n" });
    const file = path.join(user.path, "a.txt");
    await expect(openRepository(file)).rejects.toMatchObject({
      exitCode: 3,
      code: "not_a_folder",
    });
    await expect(openRepository(path.join(file, "deeper"))).rejects.toMatchObject({
      exitCode: 3,
      code: "folder_missing",
    });
  });

  test("but not before its first commit, unless that is allowed", async () => {
    const user = await makeRepository({ "a.txt": "a\n" }, { commit: false });
    await expect(openRepository(user.path)).rejects.toMatchObject({
      code: "unborn_head",
      exitCode: 3,
    });
    expect((await openRepository(user.path, { allowUnborn: true })).topLevel).toBe(user.path);
  });

  test("but not with a git that is too old, or with none", async () => {
    const user = await makeRepository();
    const bin = path.join(user.folder, "bin");
    mkdirSync(bin);
    process.env["PATH"] = bin;
    await expect(openRepository(user.path)).rejects.toMatchObject({
      code: "git_missing",
      exitCode: 7,
    });
    writeFileSync(path.join(bin, "git"), "#!/bin/sh\necho git version 2.37.9\n");
    chmodSync(path.join(bin, "git"), 0o755);
    process.env["PATH"] = `${bin}:/nowhere`;
    await expect(openRepository(user.path)).rejects.toMatchObject({
      code: "git_too_old",
      exitCode: 7,
      message: "git version 2.37.9 is older than 2.38",
    });
  });

  test("but not when it belongs to somebody else, and what to type is said", async () => {
    const user = await makeRepository();
    const bin = path.join(user.folder, "bin");
    mkdirSync(bin);
    // Git itself can be told to take every folder for somebody else's, so that this needs no root.
    const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
    writeFileSync(
      path.join(bin, "git"),
      `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${real} "$@"\n`,
      { mode: 0o755 },
    );
    process.env["PATH"] = `${bin}:${process.env["PATH"]}`;
    await expect(openRepository(user.path)).rejects.toMatchObject({
      code: "unsafe_repository",
      advice: `if you trust it: git config --global --add safe.directory "${user.path}"`,
    });
  });
});

describe("the target", () => {
  test("is the branch named, in any of its spellings", async () => {
    const user = await makeRepository();
    await user.git("branch", "feature/x");
    await user.git("symbolic-ref", "refs/heads/alias", "refs/heads/feature/x");
    const repository = await openRepository(user.path);
    for (const name of ["feature/x", "refs/heads/feature/x", "alias"])
      expect(await resolveTarget(repository, name)).toBe("refs/heads/feature/x");
  });

  test("must be named when no branch is checked out", async () => {
    const user = await makeRepository();
    await user.git("checkout", "--quiet", "--detach");
    const repository = await openRepository(user.path);
    await expect(resolveTarget(repository)).rejects.toMatchObject({
      code: "detached_head",
      exitCode: 3,
    });
    expect(await resolveTarget(repository, "main")).toBe("refs/heads/main");
  });

  test.each([
    ["mian", 'did you mean "main"?'],
    ["login", 'did you mean "feature/login"?'],
    ["-f", "name an existing local branch with --target BRANCH"],
    ["../../x", "name an existing local branch with --target BRANCH"],
    ["feature", "name an existing local branch with --target BRANCH"],
    ["a\nb", "name an existing local branch with --target BRANCH"],
    ["m*", "name an existing local branch with --target BRANCH"],
  ])("that does not exist (%j) is refused with what is near", async (name, advice) => {
    const user = await makeRepository();
    await user.git("branch", "feature/login");
    await user.git("branch", "pleach/20260101-0000-aaaa/mian");
    const repository = await openRepository(user.path);
    await expect(resolveTarget(repository, name)).rejects.toMatchObject({
      code: "target_not_found",
      exitCode: 3,
      advice,
    });
  });
});

test("a revision is a commit, or a failure that names it", async () => {
  const user = await makeRepository();
  await user.git("tag", "-m", "v1", "v1");
  const head = await user.git("rev-parse", "HEAD");
  const repository = await openRepository(user.path);
  for (const name of ["HEAD", "v1", "main", head.slice(0, 10)])
    expect(await revision(repository, name)).toBe(head);
  for (const name of ["--all", "-f", "nothing", "HEAD:README.md", "", "$(id)", "main..main"])
    await expect(revision(repository, name)).rejects.toMatchObject({ code: "revision_not_found" });
});

test("what is in progress is told", async () => {
  const user = await makeRepository({ "a.txt": "a\n" });
  const repository = await openRepository(user.path);
  expect(await inProgress(repository)).toBeUndefined();
  await user.git("checkout", "--quiet", "-b", "other");
  const other = await user.commit({ "a.txt": "other\n" });
  await user.git("checkout", "--quiet", "main");
  await user.commit({ "a.txt": "main\n" });
  await user.git("merge", "other").catch(() => undefined);
  expect(await inProgress(repository)).toBe("merge");
  await user.git("merge", "--abort");
  await user.git("cherry-pick", other).catch(() => undefined);
  expect(await inProgress(repository)).toBe("cherry-pick");
  await user.git("cherry-pick", "--abort");
  await user.git("rebase", "other").catch(() => undefined);
  expect(await inProgress(repository)).toBe("rebase");
  await user.git("rebase", "--abort");
  expect(await inProgress(repository)).toBeUndefined();
});

test("a shallow clone is a repository like any other", async () => {
  const user = await makeRepository();
  await user.commit({ "a.txt": "a\n" });
  const clone = path.join(user.folder, "clone");
  await runGit(user.folder, ["clone", "--quiet", "--depth", "1", `file://${user.path}`, clone]);
  const repository = await openRepository(clone);
  const head = await revision(repository, "HEAD");
  expect((await filesAt(repository, head)).map((entry) => entry.path)).toEqual([
    "README.md",
    "a.txt",
  ]);
  await expect(revision(repository, "HEAD~1")).rejects.toMatchObject({
    code: "revision_not_found",
  });
});

test("a repository that cannot be written is told before anything is tried", async () => {
  const user = await makeRepository();
  const repository = await openRepository(user.path);
  await requireWritable(repository);
  renameSync(path.join(repository.commonDir, "refs"), path.join(user.folder, "refs"));
  await expect(requireWritable(repository)).rejects.toMatchObject({
    code: "not_permitted",
    exitCode: 7,
  });
});

test("dirty paths and short logs are asked of porcelain, and change nothing", async () => {
  const user = await makeRepository({
    "a.txt": "a\n",
    "b c.txt": "b\n",
    ".gitignore": "ignored\n",
  });
  const from = (await user.git("rev-parse", "HEAD")) as Sha;
  await user.commit({ "x.txt": "x\n" }, "Second; $(id)");
  const to = (await user.commit({ "y.txt": "y\n" }, "Third")) as Sha;
  user.write({ "a.txt": "edited\n", "b c.txt": null, ignored: "i\n", "new file": "n\n" });
  mkdirSync(path.join(user.path, ".git/hooks"));
  writeFileSync(path.join(user.path, ".git/fsmonitor"), "#!/bin/sh\ntouch ran\n", { mode: 0o755 });
  await user.git("config", "core.fsmonitor", path.join(user.path, ".git/fsmonitor"));
  const before = await fingerprint(user.path);
  process.env["PAGER"] = "less";
  process.env["GIT_DIR"] = "/nowhere";
  const repository = await openRepository(user.path);
  expect([...(await dirtyPaths(repository))].sort()).toEqual(["a.txt", "b c.txt", "new file"]);
  expect(await shortLog(repository, { from, to, limit: 5 })).toEqual([
    { commit: to, subject: "Third" },
    { commit: expect.any(String), subject: "Second; $(id)" },
  ]);
  expect(await fingerprint(user.path)).toEqual(before);
});
