/** The codemods of the quickstart, and the check that proves them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Codemod } from "../../src/core/settings.ts";
import { runProcess } from "../../src/host/run-process.ts";
import { createCodemodWorker } from "../../src/work/codemod-worker.ts";
import { makeWorktree, run, silentDesk, type Worktree } from "../work/codemod-worktree.ts";

const scripts = path.resolve(import.meta.dirname, "../../scripts/quickstart");
const rule = path.join(scripts, "remove-endings.yml");

const bare = `import a from "./a";
import type { B } from '../src/folder';
import * as index from ".";
import * as slash from "./folder/";
import "./both"; export * from './folder/c';
export { d } from "./a";
const late = await import("./folder");
type Far = import("./a").A;
import fs from "node:fs"; import x from "package/deep";
import data from "./data.json" with { type: "json" };
// import no from "./comment";
const text = 'import no from "./text"';
`;
const ended = `import a from "./a.js";
import type { B } from '../src/folder/index.js';
import * as index from "./index.js";
import * as slash from "./folder/index.js";
import "./both.js"; export * from './folder/c.js';
export { d } from "./a.js";
const late = await import("./folder/index.js");
type Far = import("./a.js").A;
import fs from "node:fs"; import x from "package/deep";
import data from "./data.json" with { type: "json" };
// import no from "./comment";
const text = 'import no from "./text"';
`;

let worktree: Worktree;
beforeEach(() => {
  worktree = makeWorktree({
    "src/index.ts": bare,
    "src/a.ts": "export const a = 1;\n",
    "src/both.ts": "",
    "src/both/index.ts": "",
    "src/folder/index.ts": "",
    "src/folder/c.ts": "",
  });
});
afterEach(() => worktree.remove());

async function apply(codemod: Codemod): Promise<void> {
  const worker = createCodemodWorker({ name: "codemod", codemod, run });
  const assignment = worktree.assignment(["src/index.ts", "src/a.ts"]);
  const { signal } = new AbortController();
  const outcome = await worker.work(assignment, worktree.place, silentDesk, signal);
  await worker.close();
  expect(outcome).toMatchObject({ type: "done", summary: "changed 1 of 2 files" });
}

async function proves(wanted: "all" | "none"): Promise<boolean> {
  const { end } = await runProcess({
    command: [process.execPath, path.join(scripts, "check-endings.mjs"), wanted],
    cwd: worktree.place.worktree,
    env: {},
    signal: new AbortController().signal,
  });
  return end.type === "exited" && end.code === 0;
}

test("the module gives every relative import its ending and finds folders", async () => {
  await apply({ type: "module", file: path.join(scripts, "add-endings.mjs") });

  expect(worktree.read("src/index.ts")).toBe(ended);
});

test("the rule takes the endings away again", async () => {
  worktree.write("src/index.ts", ended);

  await apply({ type: "rule", file: rule, text: readFileSync(rule, "utf8") });

  expect(worktree.read("src/index.ts")).toBe(
    ended.replaceAll(/(?<=['"]\.[^'"]*)\.js(?=['"])/g, ""),
  );
});

test("the check tells all endings, none and some apart, and sees where one leads nowhere", async () => {
  const only = (text: string) => worktree.write("src/index.ts", text);

  only('import "./a.js"; export * from "./folder/index.js"; type A = import("./a.js").A;');
  expect([await proves("all"), await proves("none")]).toEqual([true, false]);
  only('import "./a"; export * from "./folder"; await import("./both");');
  expect([await proves("all"), await proves("none")]).toEqual([false, true]);
  only('import "./a.js"; await import("./folder");');
  expect([await proves("all"), await proves("none")]).toEqual([false, false]);
  only('import "./folder.js";');
  expect(await proves("all")).toBe(false);
});
