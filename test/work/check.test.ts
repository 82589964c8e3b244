import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Command } from "../../src/core/plan.ts";
import { markOf, survivorsOf } from "../../src/host/process-tree.ts";
import { runCheck } from "../../src/work/check.ts";
import { eventually } from "../support/eventually.ts";
import { makePlainPlace, type PlainPlace } from "../support/work-place.ts";

const programs = path.join(import.meta.dirname, "../support/programs");
let place: PlainPlace;
beforeEach(() => {
  place = makePlainPlace({ "a.txt": "a\n" });
});
afterEach(async () => {
  expect(await survivorsOf(markOf({ run: place.run }))).toEqual([]);
  place.remove();
});

function check(run: Command, facts: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const logFile = path.join(place.record, "check.log");
  return runCheck(
    { name: "types", run, timeoutMs: facts.timeoutMs ?? 20_000 },
    { worktree: place.worktree, logFile, log: "units/a/1/check.log", mark: markOf(place) },
    facts.signal ?? new AbortController().signal,
  );
}

test("a check that exits with 0 is green, and its whole output is in its log", async () => {
  const result = await check("pwd; cat a.txt; echo wrong >&2");
  expect(result).toEqual({
    name: "types",
    passed: true,
    seconds: expect.any(Number),
    log: "units/a/1/check.log",
  });
  expect(readFileSync(path.join(place.record, "check.log"), "utf8").split("\n").sort()).toEqual(
    ["", place.worktree, "a", "wrong"].sort(),
  );
});

test.each<[string, Command, string]>([
  ["exits with another code", "echo one; echo two >&2; exit 2", "types: exited with 2"],
  ["is not found by the shell", "no-such-program", "types: exited with 127 (command not found)"],
  [
    "is not found without a shell",
    ["no-such-program"],
    'types: could not be started: there is no program "no-such-program"',
  ],
  ["may not be executed", "./a.txt", "types: exited with 126 (command could not be executed)"],
  ["is killed", "kill -9 $$", "types: was killed by SIGKILL"],
  ["is empty", [], "types: could not be started: the command is empty"],
])("a check that %s is red and says so in one line", async (_, command, message) => {
  expect(await check(command)).toMatchObject({ passed: false, message });
});

test("a check that takes too long is red, and its whole tree ends", async () => {
  const command = `${process.execPath} ${programs}/ignore-sigterm.mjs & wait`;
  const result = await check(command, { timeoutMs: 500 });
  expect(result).toMatchObject({ passed: false, message: "types: timed out after 0.5 s" });
});

test("a check that the signal stops is red", async () => {
  const controller = new AbortController();
  const result = check([process.execPath, `${programs}/hang.mjs`], { signal: controller.signal });
  await eventually(async () => (await survivorsOf(markOf({ run: place.run }))).length > 0);
  controller.abort();
  expect(await result).toMatchObject({ passed: false, message: "types: was stopped" });
});

test("a green check leaves no daemon behind", async () => {
  expect(await check([process.execPath, `${programs}/leave-daemon.mjs`])).toMatchObject({
    passed: true,
  });
});

test("the tail is the last 5,000 characters of both streams together", async () => {
  const result = await check("seq 5000; echo wrong >&2; echo at the end; exit 1");
  expect(result.tail).toMatch(/\n4999\n5000\n/);
  expect(result.tail?.slice(-30).split("\n")).toEqual(
    expect.arrayContaining(["wrong", "at the end"]),
  );
  expect(result.tail).toHaveLength(5000);
});

test("a flood fills neither the disk nor the tail", async () => {
  const flood = `${process.execPath} ${programs}/flood.mjs 60; echo the end; exit 1`;
  const result = await check(flood);
  expect(result.tail).toMatch(/the end\n$/);
  expect(result.tail?.length).toBeLessThanOrEqual(5000);
  const log = readFileSync(path.join(place.record, "check.log"));
  expect(log.length).toBeLessThan(51_000_000);
});

test("a second check in the same log has a tail of its own", async () => {
  await check("echo first; exit 1");
  expect((await check("echo second; exit 1")).tail).toBe("second\n");
});

test("a check is told that nobody is there to answer, and nothing secret", async () => {
  vi.stubEnv("PLANTED_API_KEY", "secret");
  vi.stubEnv("GIT_DIR", "/nowhere");
  await check("env; cat");
  vi.unstubAllEnvs();
  const log = readFileSync(path.join(place.record, "check.log"), "utf8");
  expect(log).toMatch(/^CI=true$/m);
  expect(log).toContain(`PLEACH_RUN=${place.run}\n`);
  expect(log).not.toMatch(/secret|nowhere/);
});
