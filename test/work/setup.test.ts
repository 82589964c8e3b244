import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../../src/core/failure.ts";
import type { Setup } from "../../src/core/settings.ts";
import { markOf, survivorsOf } from "../../src/host/process-tree.ts";
import { requireSources } from "../../src/work/checkout-copy.ts";
import { type SetupOutcome, setUpWorktree } from "../../src/work/setup.ts";
import { eventually } from "../support/eventually.ts";
import { makeWorkPlace, treeOf, type WorkPlace } from "../support/work-place.ts";

let place: WorkPlace;
beforeEach(() => {
  place = makeWorkPlace({
    ".gitignore": "node_modules\n.env*\ngenerated/\n",
    "lock.json": "{}\n",
    "packages/a/a.ts": "1\n",
  });
  writeFileSync(path.join(place.checkout, ".env.test"), "A=1\n", { mode: 0o600 });
  const modules = path.join(place.checkout, "node_modules");
  mkdirSync(path.join(modules, "tool"), { recursive: true });
  writeFileSync(path.join(modules, "tool/run.mjs"), "run\n");
  symlinkSync("../packages/a", path.join(modules, "a"));
});
afterEach(async () => {
  expect(await survivorsOf(markOf({ run: place.run }))).toEqual([]);
  place.remove();
});

function setUp(
  setup: Partial<Setup>,
  facts: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<SetupOutcome> {
  return setUpWorktree(
    { copy: [], clone: [], run: [], ...setup },
    {
      worktree: place.worktree,
      gitDir: place.gitDir,
      checkout: place.checkout,
      logFile: path.join(place.record, "setup.log"),
      mark: markOf(place),
      timeoutMs: facts.timeoutMs,
    },
    facts.signal ?? new AbortController().signal,
  );
}

const inWorktree = (...parts: readonly string[]) => path.join(place.worktree, ...parts);

test("nothing to set up is nothing made", async () => {
  expect(await setUp({})).toEqual({ type: "ready", made: [], changed: [] });
});

test("files are copied and folders cloned, links within them stay as they are written", async () => {
  const before = treeOf(place.checkout);
  const outcome = await setUp({ copy: [".env.test"], clone: ["node_modules/"] });
  expect(outcome).toEqual({ type: "ready", made: [".env.test", "node_modules"], changed: [] });
  expect(readFileSync(inWorktree(".env.test"), "utf8")).toBe("A=1\n");
  expect(lstatSync(inWorktree(".env.test")).mode & 0o777).toBe(0o600);
  expect(readlinkSync(inWorktree("node_modules/a"))).toBe("../packages/a");
  writeFileSync(inWorktree("node_modules/tool/run.mjs"), "changed\n");
  expect(treeOf(place.checkout)).toEqual(before);
});

test("a folder that is a link in the checkout is cloned, never linked to", async () => {
  const modules = path.join(place.checkout, "node_modules");
  const elsewhere = path.join(place.folder, "elsewhere");
  mkdirSync(elsewhere);
  writeFileSync(path.join(elsewhere, "x"), "x\n");
  rmSync(modules, { recursive: true });
  symlinkSync(elsewhere, modules);
  await setUp({ clone: ["node_modules"] });
  expect(lstatSync(inWorktree("node_modules")).isDirectory()).toBe(true);
  writeFileSync(inWorktree("node_modules/x"), "changed\n");
  expect(readFileSync(path.join(elsewhere, "x"), "utf8")).toBe("x\n");
});

test("what is there already stays, so that doing it twice does no harm", async () => {
  writeFileSync(path.join(place.checkout, "lock.json"), "edited\n");
  await setUp({ copy: [".env.test"], clone: ["node_modules"] });
  const again = await setUp({ copy: [".env.test", "lock.json"], clone: ["node_modules"] });
  expect(again).toEqual({ type: "ready", made: [], changed: [] });
  expect(readFileSync(inWorktree("lock.json"), "utf8")).toBe("{}\n");
});

test.each(["copy", "clone"] as const)(
  "a path of setup.%s that the checkout does not have is a Failure naming both",
  async (key) => {
    await expect(setUp({ [key]: ["missing"] })).rejects.toMatchObject({
      kind: "environment",
      code: "setup_missing",
      message: expect.stringMatching(`setup.${key} names missing, which cannot be read in`),
    });
  },
);

test("what is missing is told before a run begins, with what can still be done then", async () => {
  const setup = { copy: [".env.test"], clone: ["missing"], run: [] };
  await expect(requireSources(setup, place.checkout)).rejects.toMatchObject({
    exitCode: 7,
    code: "setup_missing",
    advice: "make it in your checkout, or take it out of setup.clone",
  });
  await requireSources({ ...setup, clone: [] }, place.checkout);
  // A run that has begun goes by what was recorded.
  await expect(setUp({ clone: ["missing"] })).rejects.toMatchObject({
    advice: expect.stringContaining("begin a new one"),
  });
});

test("a path that leaves the repository or is git's own is refused", async () => {
  const names = ["../x", "/etc", "a/../../x", ".git", "packages/.GIT/config", ".", "", "a\0b"];
  for (const name of names) {
    await expect(setUp({ copy: [name] })).rejects.toThrow(Failure);
    await expect(setUp({ clone: [name] })).rejects.toMatchObject({ code: "setup_path" });
  }
});

test("a tracked link that leads out of the worktree is not written through", async () => {
  const elsewhere = path.join(place.folder, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, inWorktree("out"));
  mkdirSync(path.join(place.checkout, "out/deep"), { recursive: true });
  writeFileSync(path.join(place.checkout, "out/deep/x"), "x");
  for (const setup of [{ copy: ["out/deep/x"] }, { clone: ["out/deep"] }]) {
    await expect(setUp(setup)).rejects.toMatchObject({ code: "setup_path" });
  }
  expect(readdirSync(elsewhere)).toEqual([]);
});

test("set-up commands run one after another in the worktree, with their output in the log", async () => {
  const outcome = await setUp({
    copy: [".env.test"],
    run: [
      "mkdir -p generated packages/a/node_modules; echo 1 > generated/one; echo 2 > packages/a/node_modules/two",
      ["cp", "generated/one", "generated/three"],
      "echo '{\"changed\":1}' > lock.json; echo new > packages/new.ts; echo done",
    ],
  });
  expect(outcome).toEqual({
    type: "ready",
    made: [".env.test", "generated", "packages/a/node_modules"],
    changed: ["lock.json", "packages/new.ts"],
  });
  expect(readFileSync(inWorktree("generated/three"), "utf8")).toBe("1\n");
  expect(readFileSync(path.join(place.record, "setup.log"), "utf8")).toBe("done\n");
});

test("a set-up command that fails ends the set-up with one line", async () => {
  expect(await setUp({ run: ["echo wrong\nexit 3", "touch later"] })).toEqual({
    type: "failed",
    message: "set-up: `echo wrong exit 3` exited with 3",
    log: path.join(place.record, "setup.log"),
    tail: "wrong\n",
  });
  expect(existsSync(inWorktree("later"))).toBe(false);
});

test("a set-up command that takes too long has failed, and its whole tree ends", async () => {
  expect(await setUp({ run: ["sleep 60 & sleep 60"] }, { timeoutMs: 300 })).toMatchObject({
    type: "failed",
    message: expect.stringMatching(/timed out after 0\.3 s$/),
  });
});

test("set-up stops when its signal aborts", async () => {
  expect(await setUp({ copy: ["missing"] }, { signal: AbortSignal.abort() })).toEqual({
    type: "stopped",
  });
  const controller = new AbortController();
  const outcome = setUp({ run: ["sleep 60"] }, { signal: controller.signal });
  await eventually(async () => (await survivorsOf(markOf({ run: place.run }))).length > 0);
  controller.abort();
  expect(await outcome).toEqual({ type: "stopped" });
});
