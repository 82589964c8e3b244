/** Codemods that are the repository's own code: modules and programs, in the sandbox and without. */
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Codemod } from "../../src/core/settings.ts";
import type { Place } from "../../src/core/worker.ts";
import { survivorsOf } from "../../src/host/process-tree.ts";
import { detectBubblewrap, type Sandbox } from "../../src/host/sandbox.ts";
import { createCodemodWorker } from "../../src/work/codemod-worker.ts";
import { makeWorktree, run, silentDesk, type Worktree } from "./codemod-worktree.ts";

const ended: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

function worktreeWith(files: Readonly<Record<string, string | Buffer>>): Worktree {
  const worktree = makeWorktree(files);
  ended.push(worktree.remove);
  return worktree;
}

function codemodWorker(
  codemod: Codemod,
  options: { readonly sandboxed?: boolean; readonly fileTimeMs?: number } = {},
) {
  const { sandboxed, ...rest } = options;
  const sandbox = ({ worktree, exchange }: Place): Sandbox | undefined =>
    sandboxed ? { writable: [worktree, exchange], protect: [], network: true } : undefined;
  return createCodemodWorker({ name: "codemod", codemod, run, sandbox, ...rest });
}

function work(
  codemod: Codemod,
  worktree: Worktree,
  files: readonly string[],
  options: { readonly sandboxed?: boolean; readonly fileTimeMs?: number } = {},
) {
  const worker = codemodWorker(codemod, options);
  const { signal } = new AbortController();
  return worker.work(worktree.assignment(files), worktree.place, silentDesk, signal);
}

function module(text: string): Codemod {
  const place = worktreeWith({
    "codemod.mjs": text,
    "package.json": "{}",
    "lib.mjs": "export const word = 'bar';",
  });
  return { type: "module", file: place.path("codemod.mjs") };
}

const sandboxes = (await detectBubblewrap()).available ? [{ sandboxed: true }] : [];
const confinements = [{ sandboxed: false }, ...sandboxes];

test.each(confinements)(
  "a module rewrites the files for which it returns other text: %o",
  async (options) => {
    const worktree = worktreeWith({
      "src/a.ts": "\uFEFFfoo\r\n",
      "src/b.ts": "x",
      "src/c.ts": "y",
    });
    for (const file of ["src/b.ts", "src/c.ts"]) utimesSync(worktree.path(file), 1, 1);
    const codemod = module(`
    import { word } from "./lib.mjs";
    export default async (source, { path }) => {
      console.log("noise");
      if (path === "src/b.ts") return undefined;
      return source.replace("foo", word + ":" + path);
    };`);

    const outcome = await work(codemod, worktree, ["src/a.ts", "src/b.ts", "src/c.ts"], options);

    expect(outcome).toEqual({ type: "done", summary: "changed 1 of 3 files", artifacts: [] });
    expect(worktree.read("src/a.ts")).toBe("\uFEFFbar:src/a.ts\r\n");
    expect(statSync(worktree.path("src/b.ts")).mtimeMs).toBe(1000);
    expect(statSync(worktree.path("src/c.ts")).mtimeMs).toBe(1000);
    expect(readdirSync(worktree.path("src"))).toHaveLength(3);
  },
);

test.each(confinements)(
  "a module that leaves a timer or a server running ends all the same: %o",
  async (options) => {
    const worktree = worktreeWith({ "a.ts": "1" });
    const codemod = module("setInterval(() => {}, 1000); export default (source) => source + '2';");

    expect(await work(codemod, worktree, ["a.ts"], options)).toMatchObject({ type: "done" });
    expect(worktree.read("a.ts")).toBe("12");
    expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
  },
);

test.each([
  ["throws", "throw new Error('no such thing\\nmore')", "the module failed at b.ts: no such thing"],
  [
    "returns a number",
    "return 7",
    "the module failed at b.ts: returned a value of type number instead of text or undefined",
  ],
  [
    "returns null",
    "return null",
    "the module failed at b.ts: returned null instead of text or undefined",
  ],
  ["ends the process", "process.exit(3)", "the module exited with 3 at b.ts"],
  ["ends the process as if all were well", "process.exit(0)", "the module exited with 0 at b.ts"],
  [
    "kills itself",
    "process.kill(process.pid, 'SIGKILL')",
    "the module was killed by SIGKILL at b.ts",
  ],
])("a module that %s fails the attempt naming the file", async (_, body, message) => {
  const worktree = worktreeWith({ "a.ts": "1", "b.ts": "1", "c.ts": "1" });
  const codemod = module(
    `export default (source, { path }) => { if (path === "b.ts") { ${body} } return source + "2"; };`,
  );

  const outcome = await work(codemod, worktree, ["a.ts", "b.ts", "c.ts"]);

  expect(outcome).toMatchObject({ type: "failed", message });
  expect(worktree.read("b.ts")).toBe("1");
});

test.each([
  ["cannot be parsed", "export default (", /^the module cannot be used: /],
  [
    "has no default export",
    "export const a = 1;",
    "the module cannot be used: its default export is not a function",
  ],
  [
    "imports what is not there",
    "import './nowhere.mjs'; export default () => {};",
    /^the module cannot be used: Cannot find module/,
  ],
])("a module that %s fails the attempt", async (_, text, message) => {
  const worktree = worktreeWith({ "a.ts": "1" });

  const outcome = await work(module(text), worktree, ["a.ts"]);

  expect(outcome).toMatchObject({
    type: "failed",
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
});

test.each(confinements)(
  "a module that hangs over a file is ended, and the attempt fails naming it: %o",
  async (options) => {
    const worktree = worktreeWith({ "a.ts": "1", "b.ts": "1" });
    const codemod = module(
      `export default (source, { path }) => { while (path === "b.ts"); return source + "2"; };`,
    );

    const outcome = await work(codemod, worktree, ["a.ts", "b.ts"], {
      ...options,
      fileTimeMs: 1000,
    });

    expect(outcome).toMatchObject({
      type: "failed",
      message: "the module took longer than 1 s at b.ts",
    });
    expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
  },
);

test.each(confinements)(
  "an abort ends a module with everything it started: %o",
  async (options) => {
    const worktree = worktreeWith({ "a.ts": "1" });
    const begun = path.join(worktree.place.exchange, "begun");
    const codemod = module(`
    import { spawn } from "node:child_process";
    import { writeFileSync } from "node:fs";
    export default () => {
      spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
      writeFileSync(${JSON.stringify(begun)}, "");
      for (;;);
    };`);
    const abort = new AbortController();
    const worker = codemodWorker(codemod, options);
    const attempt = worker.work(
      worktree.assignment(["a.ts"]),
      worktree.place,
      silentDesk,
      abort.signal,
    );
    await expect.poll(() => existsSync(begun), { timeout: 10_000, interval: 10 }).toBe(true);

    abort.abort();

    expect(await attempt).toEqual({ type: "stopped" });
    expect(await survivorsOf({ PLEACH_RUN: run })).toEqual([]);
  },
);

test.each(sandboxes)(
  "a module in the sandbox cannot write beside its worktree: %o",
  async (options) => {
    const other = worktreeWith({ "mine.txt": "mine" });
    const worktree = worktreeWith({ "a.ts": "1" });
    const write = `
    import { writeFileSync } from "node:fs";
    export default (source) => { writeFileSync(${JSON.stringify(other.path("mine.txt"))}, "yours"); return source + "2"; };`;

    await work(module(write), worktree, ["a.ts"], options);
    expect(other.read("mine.txt")).toBe("mine");

    await work(module(write), worktree, ["a.ts"]);
    expect(other.read("mine.txt")).toBe("yours");
  },
);

test("a program gets the unit's files as arguments, a name with a dash or a space among them", async () => {
  const files = ["a.txt", "-n.txt", "b c $(id) 'q'.txt"];
  const worktree = worktreeWith(Object.fromEntries(files.map((file) => [file, "1"])));
  const script = 'for f in "$@"; do printf %s 2 >> "$f"; done; echo "changed $#"';
  writeFileSync(path.join(worktree.place.exchange, "mod.sh"), script);
  const mod = `sh ${path.join(worktree.place.exchange, "mod.sh")}`;

  for (const command of [mod, `${mod} {files}`, mod.split(" "), [...mod.split(" "), "{files}"]]) {
    const outcome = await work({ type: "command", command }, worktree, [...files, "gone.txt"]);
    expect(outcome).toEqual({ type: "done", summary: "changed 3", artifacts: [] });
  }
  expect(files.map(worktree.read)).toEqual(["12222", "12222", "12222"]);
});

test("a program that takes no file list still gets the files of 40,000 paths, in batches", async () => {
  const worktree = worktreeWith({});
  const long = "x".repeat(30);
  // One real file under many names: what is counted is arguments.
  const files = Array.from({ length: 40_000 }, (_, at) => `${"./".repeat(at % 9)}${long}.txt`);
  worktree.write(`${long}.txt`, "");
  const command = ["sh", "-c", 'echo "$#" >> counts.txt', "sh"];

  const outcome = await work({ type: "command", command }, worktree, files);

  expect(outcome).toMatchObject({ type: "done", summary: "ran over 40000 files" });
  const counts = worktree.read("counts.txt").trim().split("\n").map(Number);
  expect(counts.length).toBeGreaterThan(1);
  expect(counts.reduce((sum, number) => sum + number, 0)).toBe(40_000);
});

test("a program that fails or is missing fails the attempt, saying how", async () => {
  const worktree = worktreeWith({ "a.txt": "1" });

  expect(
    await work({ type: "command", command: "echo oh no >&2; exit 3;" }, worktree, ["a.txt"]),
  ).toMatchObject({
    type: "failed",
    message: "the codemod exited with 3",
    summary: "oh no",
    log: "output.log",
  });
  expect(
    await work({ type: "command", command: ["no-such-program"] }, worktree, ["a.txt"]),
  ).toMatchObject({
    type: "failed",
    message: expect.stringContaining("could not be started"),
  });
});
