import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { RefName, RepoPath, Sha } from "../../src/core/id.ts";
import { type Change, isHeld } from "../../src/git/change.ts";
import { filterGuard } from "../../src/git/filter-guard.ts";
import { makeRepository, runGit } from "../support/repository.ts";
import { watchingGit } from "../support/watched-git.ts";
import { makeWorktree, snapshotRef, treeFiles, worktreeAt } from "../support/worktree-scene.ts";

function told(changed: readonly Change[]): string[] {
  return changed.map(
    (change) =>
      `${change.kind} ${change.path} ${change.oldMode} ${change.newMode}${isHeld(change) ? "" : " unheld"}`,
  );
}

test("where nothing changed there is no commit, and git was asked once", async () => {
  const scene = await makeWorktree({ a: "1\n", "d/b": "1\n" });
  const { result, calls } = await watchingGit(scene.repository.folder, () => scene.snapshot());
  expect(result).toEqual({ changed: [], left: [] });
  expect(calls).toEqual(["status"]);
});

test("a small change takes seven calls of git by itself, and none beside those that stay", async () => {
  const scene = await makeWorktree({ a: "1\n", b: "1\n" });
  scene.write("a", "2\n");
  scene.write("new", "n\n");
  const { calls } = await watchingGit(scene.repository.folder, () => scene.snapshot());
  expect(calls).toEqual([
    "status",
    "update-index",
    "write-tree",
    "diff-tree",
    "commit-tree",
    "update-ref",
    "rev-list",
  ]);
  const place = { gitDir: scene.slot.adminDir, workTree: scene.slot.path };
  const again = { place: { ...place, standing: scene.standing }, plainContent: true };
  const ref = "refs/pleach/20260101-1200-aaaa/unit/2" as RefName;
  await scene.snapshot({ ...again, ref });
  scene.write("a", "3\n");
  const other = "refs/pleach/20260101-1200-aaaa/unit/3" as RefName;
  const quick = () => scene.snapshot({ ...again, ref: other });
  expect((await watchingGit(scene.repository.folder, quick)).calls).toEqual([]);
});

test("edits, new files, deletions, modes, links and renames are told and held", async () => {
  const scene = await makeWorktree({
    edit: "1\n",
    gone: "g\n",
    tool: "t\n",
    "old name": "r\n",
    swap: "s\n",
    "dir/x": "x\n",
    same: "s\n",
  });
  const { slot } = scene;
  scene.write("edit", "2\n");
  scene.write("sub/né w\n", "n\n");
  rmSync(join(slot.path, "gone"));
  chmodSync(join(slot.path, "tool"), 0o755);
  renameSync(join(slot.path, "old name"), join(slot.path, "new name"));
  rmSync(join(slot.path, "swap"));
  symlinkSync("/etc/passwd", join(slot.path, "swap"));
  rmSync(join(slot.path, "dir"), { recursive: true });
  writeFileSync(join(slot.path, "dir"), "a file\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "added dir 000000 100644",
    "deleted dir/x 100644 000000",
    "modified edit 100644 100644",
    "deleted gone 100644 000000",
    "added new name 000000 100644",
    "deleted old name 100644 000000",
    "added sub/né w\n 000000 100644",
    "type_changed swap 100644 120000",
    "modified tool 100644 100755",
  ]);
  expect(snapshot.left).toEqual([]);
  expect(await treeFiles(scene.repository, snapshot.changeTree ?? "")).toEqual({
    dir: "100644 a file",
    edit: "100644 2",
    "new name": "100644 r",
    same: "100644 s",
    "sub/né w\n": "100644 n",
    swap: "120000 /etc/passwd",
    tool: "100755 t",
  });
  expect(await scene.repository.git("rev-parse", `${snapshotRef}^{tree}`)).toBe(
    snapshot.changeTree,
  );
  expect(await scene.repository.git("rev-parse", `${snapshotRef}^`)).toBe(scene.base);
});

test("ignored files are in the snapshot only, what set-up made in neither", async () => {
  const scene = await makeWorktree({
    ".gitignore": "out/\nnode_modules/\n*.log\n.env\n",
    a: "1\n",
  });
  scene.write("out/deep/built", "b\n");
  scene.write("x.log", "l\n");
  scene.write("node_modules/dep/index.js", "d\n");
  scene.write(".env", "secret\n");
  scene.write("a", "2\n");
  const kept = ["node_modules", ".env"] as RepoPath[];
  const snapshot = await scene.snapshot({ kept });
  expect(told(snapshot.changed)).toEqual(["modified a 100644 100644"]);
  expect(Object.keys(await treeFiles(scene.repository, snapshot.changeTree ?? ""))).toEqual([
    ".gitignore",
    "a",
  ]);
  expect(Object.keys(await treeFiles(scene.repository, snapshot.commit ?? ""))).toEqual([
    ".gitignore",
    "a",
    "out/deep/built",
    "x.log",
  ]);
});

test.each<[string, Record<string, string>]>([
  ["an ignore file that ignores itself", { ".gitignore": "*\n" }],
  ["a nested ignore file", { "src/.gitignore": "*\n" }],
  ["an altered ignore file", { ".gitignore": "*.log\nsrc/\n" }],
])("%s hides no work", async (_name, rules) => {
  const scene = await makeWorktree({ "README.md": "r\n", "src/a": "1\n" });
  for (const [name, text] of Object.entries(rules)) scene.write(name, text);
  scene.write("src/new", "n\n");
  scene.write("src/deep/er", "n\n");
  const snapshot = await scene.snapshot();
  expect(snapshot.changed.map((change) => change.path)).toEqual(
    [...Object.keys(rules), "src/deep/er", "src/new"].sort(),
  );
});

test("the base's own rules hold where a worker took them away", async () => {
  const scene = await makeWorktree({
    ".gitignore": "out/\n!keep.log\n",
    "sub/.gitignore": "*.tmp\n",
  });
  await scene.repository.git("config", "core.excludesFile", join(scene.repository.folder, "mine"));
  writeFileSync(join(scene.repository.folder, "mine"), "*.log\n");
  writeFileSync(join(scene.pool.repository.commonDir, "info-made"), "");
  mkdirSync(join(scene.pool.repository.commonDir, "info"), { recursive: true });
  writeFileSync(join(scene.pool.repository.commonDir, "info/exclude"), "*.excluded\n");
  rmSync(join(scene.slot.path, ".gitignore"));
  scene.write("sub/.gitignore", "");
  for (const name of ["out/x", "sub/y.tmp", "z.tmp", "a.log", "keep.log", "b.excluded"])
    scene.write(name, "x\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "deleted .gitignore 100644 000000",
    "added keep.log 000000 100644",
    "modified sub/.gitignore 100644 100644",
    "added z.tmp 000000 100644",
  ]);
  const all = Object.keys(await treeFiles(scene.repository, snapshot.commit ?? ""));
  expect(all).toEqual([
    "a.log",
    "b.excluded",
    "keep.log",
    "out/x",
    "sub/.gitignore",
    "sub/y.tmp",
    "z.tmp",
  ]);
});

test("rules that a worker wrote into info/exclude do not count", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  const since = Date.now() - 1000;
  mkdirSync(join(scene.pool.repository.commonDir, "info"), { recursive: true });
  writeFileSync(join(scene.pool.repository.commonDir, "info/exclude"), "*\n");
  scene.write("new", "n\n");
  expect(told((await scene.snapshot({ since })).changed)).toEqual(["added new 000000 100644"]);
});

test("what no commit can hold is named, and its bytes are kept", async () => {
  const scene = await makeWorktree({ a: "1\n", tracked: "t\n" });
  const { slot } = scene;
  const at = (name: string): string => join(slot.path, name);
  execFileSync("mkfifo", [at("pipe")]);
  rmSync(at("tracked"));
  execFileSync("mkfifo", [at("tracked")]);
  const server = createServer().listen(at("socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  mkdirSync(at("empty/nested"), { recursive: true });
  scene.write(".GIT/config", "evil\n");
  scene.write("huge", "start");
  truncateSync(at("huge"), 2 ** 31);
  symlinkSync("a", at(".gitmodules"));
  const snapshot = await scene.snapshot();
  server.close();
  expect(told(snapshot.changed)).toEqual([
    "added .GIT/config 000000 100644 unheld",
    "added .gitmodules 000000 100644 unheld",
    "added huge 000000 100644 unheld",
    "deleted tracked 100644 000000",
  ]);
  expect(snapshot.left).toEqual([
    ".GIT/config",
    ".gitmodules",
    "empty/nested/",
    "huge",
    "pipe",
    "socket",
    "tracked",
  ]);
  const left = join(scene.record, "left");
  expect(readFileSync(join(left, ".GIT/config"), "utf8")).toBe("evil\n");
  expect(readlinkSync(join(left, ".gitmodules"))).toBe("a");
  expect(statSync(join(left, "huge"))).toMatchObject({ size: 2 ** 31 });
  expect(statSync(join(left, "huge")).blocks * 512).toBeLessThan(10_000_000);
});

test("a repository within is told as a gitlink; its files are in the snapshot, its .git is kept", async () => {
  const scene = await makeWorktree({ a: "1\n", "tracked/t": "t\n" });
  for (const name of ["plain", "born"]) {
    mkdirSync(join(scene.slot.path, name));
    await runGit(join(scene.slot.path, name), ["init", "--quiet"]);
    scene.write(`${name}/file`, "f\n");
    scene.write(`${name}/.gitignore`, "*\n");
  }
  const born = ["-c", "user.name=W", "-c", "user.email=w@x", "commit", "--allow-empty", "-qm", "x"];
  await runGit(join(scene.slot.path, "born"), born);
  await runGit(join(scene.slot.path, "tracked"), ["init", "--quiet"]);
  scene.write("tracked/new", "n\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "added born 000000 160000 unheld",
    "added plain 000000 160000 unheld",
    "added tracked/new 000000 100644",
  ]);
  expect(snapshot.left).toEqual(["born/.git", "plain/.git", "tracked/.git"]);
  expect(existsSync(join(scene.record, "left/born/.git/HEAD"))).toBe(true);
  expect(Object.keys(await treeFiles(scene.repository, snapshot.commit ?? ""))).toEqual([
    "a",
    "born/.gitignore",
    "born/file",
    "plain/.gitignore",
    "plain/file",
    "tracked/new",
    "tracked/t",
  ]);
});

test("a repository within that a planted ignore file hides is told all the same", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  mkdirSync(join(scene.slot.path, "x/plain"), { recursive: true });
  await runGit(join(scene.slot.path, "x/plain"), ["init", "--quiet"]);
  scene.write("x/plain/file", "f\n");
  scene.write(".gitignore", "*\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "added .gitignore 000000 100644",
    "added x/plain 000000 160000 unheld",
  ]);
  expect(snapshot.left).toEqual(["x/plain/.git"]);
  expect(Object.keys(await treeFiles(scene.repository, snapshot.commit ?? ""))).toContain(
    "x/plain/file",
  );
});

test("what a worker puts into a submodule's folder is told and kept", async () => {
  const repository = await makeRepository({ a: "1\n" });
  const first = await repository.git("rev-parse", "HEAD");
  await repository.git("update-index", "--add", "--cacheinfo", `160000,${first},sub`);
  await repository.git("update-index", "--add", "--cacheinfo", `160000,${first},sub2`);
  await repository.git("commit", "--quiet", "-m", "sub");
  const base = (await repository.git("rev-parse", "HEAD")) as never;
  const scene = await worktreeAt(repository, base);
  expect(await scene.snapshot()).toEqual({ changed: [], left: [] });
  scene.write("sub/file", "f\n");
  rmSync(join(scene.slot.path, "sub2"), { recursive: true });
  writeFileSync(join(scene.slot.path, "sub2"), "a file now\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "modified sub 160000 160000 unheld",
    "type_changed sub2 160000 100644",
  ]);
  expect(await treeFiles(repository, snapshot.commit ?? "")).toEqual({
    a: "100644 1",
    "sub/file": "100644 f",
    sub2: "100644 a file now",
  });
});

test("commits that the worker made itself stay reachable; the files on the disk win", async () => {
  const scene = await makeWorktree({ a: "1\n", b: "1\n" });
  scene.write("a", "2\n");
  await scene.git("commit", "--quiet", "-am", "mine");
  const own = await scene.git("rev-parse", "HEAD");
  scene.write("b", "2\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual(["modified a 100644 100644", "modified b 100644 100644"]);
  expect(await scene.repository.git("log", "-1", "--format=%P", snapshotRef)).toBe(
    `${scene.base} ${own}`,
  );
});

test("a commit that was taken back on the disk is kept though nothing changed", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "2\n");
  await scene.git("commit", "--quiet", "-am", "mine");
  scene.write("a", "1\n");
  const snapshot = await scene.snapshot();
  expect(snapshot.changed).toEqual([]);
  expect(await scene.repository.git("log", "--format=%s", `${scene.base}..${snapshotRef}`)).toBe(
    "Snapshot\n\nmine".replace("\n\n", "\n"),
  );
});

test("an index that the worker damaged, locked or lied in is not believed", async () => {
  const scene = await makeWorktree({ a: "1\n", b: "1\n", c: "1\n" });
  await scene.git("update-index", "--assume-unchanged", "a");
  await scene.git("update-index", "--skip-worktree", "b");
  for (const name of ["a", "b"]) scene.write(name, "2\n");
  await scene.git("rm", "--quiet", "--cached", "c");
  writeFileSync(join(scene.slot.adminDir, "index.lock"), "");
  const changed = ["modified a 100644 100644", "modified b 100644 100644"];
  expect(told((await scene.snapshot()).changed)).toEqual(changed);
  writeFileSync(join(scene.slot.adminDir, "index"), "no index");
  expect(told((await scene.snapshot()).changed)).toEqual(changed);
});

test("a file rewritten within the second of its checkout is seen however late", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "2\n");
  const second = Math.floor(Date.now() / 1000);
  await vi.waitUntil(() => Math.floor(Date.now() / 1000) > second, { timeout: 3000 });
  expect(told((await scene.snapshot()).changed)).toEqual(["modified a 100644 100644"]);
});

test("an admin directory that the worker broke or led elsewhere is mended", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  const trace = join(scene.repository.folder, "ran");
  const elsewhere = await makeRepository({ other: "o\n" });
  await elsewhere.git("config", "filter.evil.clean", `touch ${trace}; cat`);
  writeFileSync(join(scene.slot.adminDir, "commondir"), `${elsewhere.path}/.git\n`);
  writeFileSync(join(scene.slot.adminDir, "HEAD"), "nonsense");
  scene.write(".gitattributes", "a filter=evil\n");
  scene.write("a", "2\n");
  expect(told((await scene.snapshot()).changed)).toEqual([
    "added .gitattributes 000000 100644",
    "modified a 100644 100644",
  ]);
  expect(existsSync(trace)).toBe(false);
});

test("what would hang a git that only looks is taken out of its way", async () => {
  const scene = await makeWorktree({ a: "1\n", ".gitignore": "x\n" });
  const at = (name: string): string => join(scene.slot.path, name);
  rmSync(at(".gitignore"));
  mkdirSync(at("new/.git"), { recursive: true });
  mkdirSync(at("new/.git/objects"));
  mkdirSync(at("new/.git/refs"));
  for (const name of [".gitignore", ".gitattributes", ".gitmodules", "new/.git/HEAD"])
    execFileSync("mkfifo", [at(name)]);
  scene.write("new/file", "f\n");
  scene.write("big/.gitignore", "");
  truncateSync(at("big/.gitignore"), 2 ** 31);
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "deleted .gitignore 100644 000000",
    "modified big/.gitignore 100644 100644 unheld",
    "added new/file 000000 100644",
  ]);
  expect(snapshot.left).toEqual([
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    "big/.gitignore",
    "new/.git",
  ]);
});

test("a .git that the worker put in place of the worktree's own is kept and not obeyed", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  rmSync(join(scene.slot.path, ".git"));
  await runGit(scene.slot.path, ["init", "--quiet"]);
  scene.write("a", "2\n");
  await scene.git("add", "-A");
  await scene.git("commit", "--quiet", "-m", "elsewhere");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual(["modified a 100644 100644"]);
  expect(snapshot.left).toEqual([".git"]);
  expect(readdirSync(join(scene.record, "left/.git"))).toContain("objects");
});

test("a name that ends in a carriage return is not taken for the one without", async () => {
  const scene = await makeWorktree({ a: "1\n", "a\r": "1\n" });
  scene.write("a\r", "2\n");
  const place = { gitDir: scene.slot.adminDir, workTree: scene.slot.path };
  const snapshot = await scene.snapshot({
    place: { ...place, standing: scene.standing },
    plainContent: true,
  });
  expect(told(snapshot.changed)).toEqual(["modified a\r 100644 100644"]);
  expect(await scene.git("cat-file", "-p", `${snapshot.commit}:a\r`)).toBe("2");
});

test("where object ids are longer a file of an odd name may be deleted too", async () => {
  const objectFormat = "sha256";
  const user = await makeRepository({ "a\nb": "1\n", c: "1\n" }, { objectFormat });
  const scene = await worktreeAt(user, (await user.git("rev-parse", "HEAD")) as Sha);
  rmSync(join(scene.slot.path, "a\nb"));
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual(["deleted a\nb 100644 000000"]);
  expect(await scene.git("ls-tree", "--name-only", `${snapshot.commit}`)).toBe("c");
});

test("a sparse worktree tells also of files that were not checked out", async () => {
  const scene = await makeWorktree(
    { "in/a": "1\n", "out/b": "1\n", "out/c": "1\n" },
    { mode: "sparse", paths: ["in/a"] as RepoPath[] },
  );
  expect(await scene.snapshot()).toEqual({ changed: [], left: [] });
  scene.write("in/a", "2\n");
  scene.write("out/b", "2\n");
  scene.write("out/new", "n\n");
  const snapshot = await scene.snapshot();
  expect(told(snapshot.changed)).toEqual([
    "modified in/a 100644 100644",
    "modified out/b 100644 100644",
    "added out/new 000000 100644",
  ]);
  expect(await treeFiles(scene.repository, snapshot.changeTree ?? "")).toMatchObject({
    "out/b": "100644 2",
    "out/c": "100644 1",
  });
});

test("a second snapshot of an attempt keeps the first as a parent", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "2\n");
  const first = await scene.snapshot();
  scene.write("a", "3\n");
  const second = await scene.snapshot();
  expect(await scene.repository.git("log", "-1", "--format=%P", second.commit ?? "")).toBe(
    `${scene.base} ${first.commit}`,
  );
});

test("objects that a garbage collection takes before the ref holds them are written anew", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  scene.write("a", "a blob to lose\n");
  const blob = await scene.git("hash-object", "a");
  const object = join(scene.pool.repository.commonDir, "objects", blob.slice(0, 2), blob.slice(2));
  const once = join(scene.repository.folder, "once");
  const { result, calls } = await watchingGit(scene.repository.folder, () => scene.snapshot(), {
    call: "update-ref",
    run: `[ -e '${once}' ] || rm -f '${object}'; : > '${once}'`,
  });
  expect(calls.filter((call) => call === "rev-list")).toHaveLength(2);
  expect(await scene.repository.git("show", `${result.commit}:a`)).toBe("a blob to lose");
  await scene.repository.git("fsck", "--connectivity-only", "--no-dangling");
});

test("no filter that lies in the repository is run, and a failing one loses nothing", async () => {
  const scene = await makeWorktree({ "clean.sh": "#!/bin/sh\ncat\n", a: "1\n" });
  const trace = join(scene.repository.folder, "ran");
  await scene.repository.git("config", "filter.planted.clean", "./clean.sh %f");
  await scene.repository.git("config", "filter.planted.required", "true");
  await scene.repository.git("config", "filter.broken.clean", "no-such-program-at-all");
  await scene.repository.git("config", "filter.broken.required", "true");
  scene.write("clean.sh", `#!/bin/sh\ntouch ${trace}\ncat\n`);
  chmodSync(join(scene.slot.path, "clean.sh"), 0o755);
  scene.write(".gitattributes", "a filter=planted\nb filter=broken\n");
  scene.write("a", "2\n");
  scene.write("b", "b\n");
  const config = await filterGuard({ gitDir: scene.pool.repository.commonDir });
  expect(config).toContain("filter.planted.clean=");
  expect(config).not.toContain("filter.broken.clean=");
  const snapshot = await scene.snapshot({ config });
  expect(existsSync(trace)).toBe(false);
  expect(await treeFiles(scene.repository, snapshot.changeTree ?? "")).toMatchObject({
    a: "100644 2",
    b: "100644 b",
  });
});

test("no hook, monitor or program of a repository within is run", async () => {
  const scene = await makeWorktree({ a: "1\n" });
  const trace = join(scene.repository.folder, "ran");
  const within = join(scene.slot.path, "within");
  mkdirSync(within);
  await runGit(within, ["init", "--quiet"]);
  await runGit(within, ["config", "core.fsmonitor", `touch ${trace}`]);
  scene.write("within/x", "x\n");
  await runGit(within, ["-c", "core.fsmonitor=false", "add", "x"]);
  const hooks = join(scene.pool.repository.commonDir, "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const name of ["post-index-change", "reference-transaction", "pre-commit"]) {
    writeFileSync(join(hooks, name), `#!/bin/sh\ntouch ${trace}\n`);
    chmodSync(join(hooks, name), 0o755);
  }
  await scene.snapshot();
  expect(existsSync(trace)).toBe(false);
});
