/** Codemods by rule, with real children and real files. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { execPath } from "node:process";
import { afterEach, expect, test } from "vitest";
import { startProcess } from "../../src/host/process.ts";
import { survivorsOf } from "../../src/host/process-tree.ts";
import { type CodemodWorker, createCodemodWorker } from "../../src/work/codemod-worker.ts";
import { bundledModule } from "../support/bundled.ts";
import { makeWorktree, run, silentDesk, type Worktree } from "./codemod-worktree.ts";

const rule = "id: a\nlanguage: ts\nrule: { pattern: foo($$$A) }\nfix: bar($$$A)\n";
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

function worktreeWith(files: Readonly<Record<string, string | Buffer>>): Worktree {
  const worktree = makeWorktree(files);
  ended.push(worktree.remove);
  return worktree;
}

function ruleWorker(
  text = rule,
  options: { readonly children?: number; readonly fileTimeMs?: number } = {},
): CodemodWorker {
  const codemod = { type: "rule", file: "/rule.yml", text } as const;
  const worker = createCodemodWorker({ name: "rules", codemod, run, ...options });
  ended.unshift(() => worker.close());
  return worker;
}

function work(worker: CodemodWorker, worktree: Worktree, files: readonly string[]) {
  const { signal } = new AbortController();
  return worker.work(worktree.assignment(files), worktree.place, silentDesk, signal);
}

test("a rule changes the files it matches and leaves every other file as it is", async () => {
  const worktree = worktreeWith({
    "src/a.ts": "foo(1);\n",
    "src/b.ts": "other(1);\n",
    "src/c.ts": "// foo stands here, but not as a call\n",
    "src/not-given.ts": "foo(1);\n",
    "notes.md": "foo(1)\n",
  });
  for (const file of ["src/b.ts", "src/c.ts", "notes.md"]) utimesSync(worktree.path(file), 1, 1);

  const files = ["src/a.ts", "src/b.ts", "src/c.ts", "notes.md"];
  const outcome = await work(ruleWorker(), worktree, files);

  expect(outcome).toEqual({ type: "done", summary: "changed 1 of 4 files", artifacts: [] });
  expect(worktree.read("src/a.ts")).toBe("bar(1);\n");
  expect(worktree.read("src/not-given.ts")).toBe("foo(1);\n");
  for (const file of ["src/b.ts", "src/c.ts", "notes.md"]) {
    expect(statSync(worktree.path(file)).mtimeMs).toBe(1000);
  }
  expect(readdirSync(worktree.path("src")).toSorted()).toEqual([
    "a.ts",
    "b.ts",
    "c.ts",
    "not-given.ts",
  ]);
});

test("mode, line ends and byte order mark of a file are kept", async () => {
  const worktree = worktreeWith({
    "script.ts": "#!/usr/bin/env node\r\nfoo(1)\r\n",
    "marked.ts": "\uFEFFfoo(1)\n",
    "odd.ts": "foo('é😀')",
  });
  chmodSync(worktree.path("script.ts"), 0o755);
  const text = rule.replace("fix: bar($$$A)", () => "fix: |-\n  bar(\n    $$$A\n  )");

  await work(ruleWorker(text), worktree, ["script.ts", "marked.ts", "odd.ts"]);

  expect(worktree.read("script.ts")).toBe("#!/usr/bin/env node\r\nbar(\r\n  1\r\n)\r\n");
  expect(worktree.read("marked.ts")).toBe("\uFEFFbar(\n  1\n)\n");
  expect(worktree.read("odd.ts")).toBe("bar(\n  'é😀'\n)");
  expect(statSync(worktree.path("script.ts")).mode & 0o777).toBe(0o755);
});

test("what is no text of ours to change is left alone and named in the summary", async () => {
  const outside = worktreeWith({ "target.ts": "foo(1)\n", "folder/inner.ts": "foo(1)\n" });
  const worktree = worktreeWith({
    "binary.ts": Buffer.from("foo(1)\0"),
    "latin.ts": Buffer.from("foo('\xe9')", "latin1"),
    "large.ts": `foo(1)\n${"x".repeat(5_000_001)}`,
    "torn.ts": "foo(1;\nfoo(2);\nfunction (((\n",
  });
  symlinkSync(outside.path("target.ts"), worktree.path("link.ts"));
  symlinkSync(outside.path("folder"), worktree.path("folder"));
  mkdirSync(worktree.path("dir.ts"));
  await new Promise((resolve) =>
    startProcess("mkfifo", [worktree.path("pipe.ts")], {}).once("close", resolve),
  );
  const files = ["binary.ts", "latin.ts", "large.ts", "link.ts", "folder/inner.ts"];
  const odd = ["dir.ts", "pipe.ts", "gone.ts", "torn.ts", "../outside.ts"];

  const outcome = await work(ruleWorker(), worktree, [...files, ...odd]);

  expect(outcome).toEqual({
    type: "done",
    artifacts: [],
    summary: [
      "changed 1 of 10 files",
      "9 files skipped: binary.ts is binary, latin.ts is not UTF-8, large.ts is larger than 5 MB, link.ts is a symbolic link, folder/inner.ts lies behind a symbolic link, dir.ts is no regular file, pipe.ts is no regular file, gone.ts is not there, ../outside.ts lies behind a symbolic link",
      "1 file could not be parsed as a whole: torn.ts",
    ].join("\n"),
  });
  expect(outside.read("target.ts")).toBe("foo(1)\n");
  expect(outside.read("folder/inner.ts")).toBe("foo(1)\n");
});

test("files and ignores of a rule are honoured, with a star that crosses folders", async () => {
  const files = ["src/a.ts", "src/deep/b.ts", "test/c.ts", "src/gen/d.ts"];
  const worktree = worktreeWith(Object.fromEntries(files.map((file) => [file, "foo(1)"])));

  await work(ruleWorker(`${rule}files: ["./src/*.ts"]\nignores: ["**/gen/**"]\n`), worktree, files);

  expect(files.map(worktree.read)).toEqual(["bar(1)", "bar(1)", "foo(1)", "foo(1)"]);
});

test("several units share the children, and every file of a large unit is done", async () => {
  const names = Array.from({ length: 130 }, (_, at) => `src/f${at}.ts`);
  const worktrees = [1, 2, 3].map(() =>
    worktreeWith(Object.fromEntries(names.map((name, at) => [name, `foo(${at})`]))),
  );
  const worker = ruleWorker(rule, { children: 2 });

  const outcomes = await Promise.all(worktrees.map((worktree) => work(worker, worktree, names)));

  for (const [at, outcome] of outcomes.entries()) {
    expect(outcome).toMatchObject({ type: "done", summary: "changed 130 of 130 files" });
    expect(names.every((name, n) => worktrees[at]?.read(name) === `bar(${n})`)).toBe(true);
  }
  expect(await survivorsOf({ PLEACH_RUN: run })).toHaveLength(2);
  await worker.close();
  expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
});

test("a unit without files is done at once", async () => {
  const outcome = await work(ruleWorker(), worktreeWith({}), []);
  expect(outcome).toMatchObject({ type: "done", summary: "changed 0 of 0 files" });
});

test("rules that ast-grep refuses fail the attempt with its reason", async () => {
  const worktree = worktreeWith({ "a.ts": "foo(1)" });
  const worker = ruleWorker("id: a\nlanguage: ts\nrule: { kind: nope }\nfix: x\n");

  const first = await work(worker, worktree, ["a.ts"]);

  expect(first).toMatchObject({
    type: "failed",
    message: expect.stringContaining("Kind `nope` is invalid"),
  });
  expect(await work(worker, worktree, ["a.ts"])).toMatchObject({ type: "failed" });
});

test("a child that dies fails the attempt naming the file, and the next attempt gets another", async () => {
  const worktree = worktreeWith({ "slow.ts": slowSource(), "a.ts": "foo(1)" });
  const worker = ruleWorker(slowRule, { children: 1 });
  const attempt = work(worker, worktree, ["slow.ts", "a.ts"]);
  const [child] = await childrenOnceStarted();

  process.kill(child ?? 0, "SIGKILL");

  expect(await attempt).toMatchObject({
    type: "failed",
    message: "the codemod's process was killed by SIGKILL at slow.ts",
  });
  expect(await work(worker, worktree, ["a.ts"])).toMatchObject({ type: "done" });
  expect(await survivorsOf({ PLEACH_RUN: run })).not.toContain(child);
});

test("a child that hangs over a file is ended, and the attempt fails naming the file", async () => {
  const worktree = worktreeWith({ "slow.ts": slowSource(), "a.ts": "foo(1)" });
  const worker = ruleWorker(slowRule, { children: 1, fileTimeMs: 500 });

  const outcome = await work(worker, worktree, ["slow.ts", "a.ts"]);

  expect(outcome).toMatchObject({ type: "failed", message: "took longer than 0.5 s at slow.ts" });
  expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
});

test("an abort stops the work at once and leaves no process and no half-written file", async () => {
  const worktree = worktreeWith({ "slow.ts": slowSource(), "a.ts": "foo(1)" });
  const worker = ruleWorker(slowRule);
  const abort = new AbortController();
  const assignment = worktree.assignment(["slow.ts", "a.ts"]);
  const attempt = worker.work(assignment, worktree.place, silentDesk, abort.signal);
  await childrenOnceStarted();

  const begun = performance.now();
  abort.abort();

  expect(await attempt).toEqual({ type: "stopped" });
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
  expect(readdirSync(worktree.place.worktree).toSorted()).toEqual(["a.ts", "slow.ts"]);
  expect(await work(worker, worktree, ["a.ts"])).toMatchObject({ type: "done" });
});

test("work that was aborted before it began is stopped and starts nothing", async () => {
  const worktree = worktreeWith({ "a.ts": "foo(1)" });
  const assignment = worktree.assignment(["a.ts"]);

  const outcome = await ruleWorker().work(
    assignment,
    worktree.place,
    silentDesk,
    AbortSignal.abort(),
  );

  expect(outcome).toEqual({ type: "stopped" });
  expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
});

test("closing stops what is under way", async () => {
  const worktree = worktreeWith({ "slow.ts": slowSource() });
  const worker = ruleWorker(slowRule);
  const attempt = work(worker, worktree, ["slow.ts"]);
  await childrenOnceStarted();

  await worker.close();

  expect(await attempt).toEqual({ type: "stopped" });
  expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
});

test("children end by themselves when the process that started them is killed", async () => {
  const worktree = worktreeWith({ "a.ts": "foo(1)" });
  const built = await bundledModule("work/codemod-worker");
  const script = `
    import { createCodemodWorker } from ${JSON.stringify(built)};
    const codemod = { type: "rule", file: "/r.yml", text: ${JSON.stringify(rule)} };
    const worker = createCodemodWorker({ name: "rules", codemod, run: ${JSON.stringify(run)}, children: 1 });
    await worker.work(${JSON.stringify(worktree.assignment(["a.ts"]))}, ${JSON.stringify(worktree.place)}, { report() {} }, new AbortController().signal);
    process.kill(process.pid, "SIGKILL");`;
  const parent = startProcess(execPath, ["--input-type=module", "-e", script], {
    stdio: "inherit",
  });
  await new Promise((resolve) => parent.once("close", resolve));

  await expect.poll(() => survivorsOf({ PLEACH_RUN: run }), { timeout: 5000 }).toEqual([]);
  expect(readFileSync(worktree.path("a.ts"), "utf8")).toBe("bar(1)");
});

/** Each of many nested nodes looks through everything within it. */
const slowRule =
  "id: a\nlanguage: ts\nrule: { kind: array, has: { regex: never-there, stopBy: end } }\nfix: x\n---\nid: b\nlanguage: ts\nrule: { pattern: foo($A) }\nfix: bar($A)\n";

function slowSource(): string {
  return `foo(1); ${"[".repeat(6000)}${"]".repeat(6000)} // never-there`;
}

async function childrenOnceStarted(): Promise<readonly number[]> {
  await expect
    .poll(() => survivorsOf({ PLEACH_RUN: run }), { timeout: 10_000, interval: 10 })
    .not.toEqual([]);
  return survivorsOf({ PLEACH_RUN: run });
}
