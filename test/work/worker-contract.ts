/** What every worker must keep, whatever it is: one suite, run against each with one call. */

import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Activity } from "../../src/core/desk.ts";
import type { Glob } from "../../src/core/id.ts";
import type { Assignment, Worker, WorkOutcome } from "../../src/core/worker.ts";
import { markOf, survivorsOf } from "../../src/host/process-tree.ts";
import { makeDesk } from "../support/desk.ts";
import { eventually } from "../support/eventually.ts";
import { makeWorkPlace, type PlainPlace, treeOf, type WorkPlace } from "../support/work-place.ts";

export interface ContractSubject {
  readonly name: string;
  /** A worker that turns `oldName` into `newName` in every file of its assignment. */
  readonly renaming: (place: WorkPlace) => Worker;
  /** A worker that cannot do its work, through no fault of ours. */
  readonly failing: (place: WorkPlace) => Worker;
  /** A worker that runs a program of test/support/programs by its path, with the assignment's files as arguments; absent
   *  for one that runs no program of others. */
  readonly running?: (place: WorkPlace, program: string) => Worker;
}

const settleMs = 5000;
const programs = path.join(import.meta.dirname, "../support/programs");

const hostileNames = [
  "src/a b.ts",
  "src/$(touch pwned).ts",
  "src/`touch pwned`.ts",
  'src/it\'s "quoted".ts',
  "src/two\nlines.ts",
  "src/-rf.ts",
  "--help.ts",
  "src/{task}.ts",
  "src/;touch pwned;.ts",
];
const hostileTitles = ["--help", `../../x $(touch pwned) \`touch pwned\`\n${"x".repeat(300)}`];

export function testWorkerContract(subject: ContractSubject): void {
  describe(`the contract of every worker: ${subject.name}`, () => {
    let place: WorkPlace;
    beforeEach(() => {
      place = makeWorkPlace(filesOf(["src/a.ts", "src/deep/b.ts"]));
    });
    afterEach(async () => {
      expect(await survivorsOf(markOf({ run: place.run }))).toEqual([]);
      place.remove();
    });

    test("does its work and leaves it uncommitted in the worktree, on the branch it found", async () => {
      const outcome = await workOn(subject.renaming(place), place);
      expect(outcome).toMatchObject({ type: "done" });
      expect(place.git("status", "--porcelain")).toBe(" M src/a.ts\n M src/deep/b.ts\n");
      expect(place.git("rev-parse", "HEAD", "refs/heads/unit").trim().split("\n")).toEqual([
        place.base,
        place.base,
      ]);
      expect(readFileSync(path.join(place.worktree, "src/a.ts"), "utf8")).toBe(textOf("newName"));
    });

    test("writes nothing outside of worktree, exchange and record", async () => {
      const before = treeOf(place.folder, [place.worktree, place.exchange, place.record]);
      await workOn(subject.renaming(place), place);
      expect(treeOf(place.folder, [place.worktree, place.exchange, place.record])).toEqual(before);
      expect(existsSync(path.join(place.worktree, "TASK.md"))).toBe(false);
    });

    test("has nothing to do where the unit has no files, and says so without failing", async () => {
      const outcome = await workOn(subject.renaming(place), place, { files: [] });
      expect(outcome).toMatchObject({ type: "done" });
      expect(place.git("status", "--porcelain")).toBe("");
    });

    test("takes an assignment that has crossed a queue as JSON", async () => {
      const assignment = JSON.parse(JSON.stringify(place.assignment())) as Assignment;
      expect(await workOn(subject.renaming(place), place, assignment)).toMatchObject({
        type: "done",
      });
    });

    test("an expected failure is an outcome, with its reason in one line", async () => {
      const outcome = await workOn(subject.failing(place), place);
      expect(outcome).toMatchObject({ type: "failed", message: expect.stringMatching(/^.+$/) });
    });

    test("is stopped before it begins if its signal was aborted already", async () => {
      const outcome = await workOn(subject.renaming(place), place, {}, AbortSignal.abort());
      expect(outcome).toEqual({ type: "stopped" });
      expect(place.git("status", "--porcelain")).toBe("");
    });

    test("neither titles nor names of files become commands, options or paths", async () => {
      place.remove();
      place = makeWorkPlace(filesOf(hostileNames));
      for (const [index, title] of hostileTitles.entries()) {
        const outcome = await workOn(subject.renaming(place), place, {
          title,
          attempt: index + 1,
          instructions: title,
          owns: [title as Glob],
        });
        expect(outcome).toMatchObject({ type: "done" });
      }
      const texts = hostileNames.map((name) =>
        readFileSync(path.join(place.worktree, name), "utf8"),
      );
      expect(texts).toEqual(hostileNames.map(() => textOf("newName")));
      const names = readdirSync(place.folder, { recursive: true, encoding: "utf8" });
      expect(names.filter((name) => path.basename(name) === "pwned")).toEqual([]);
    });

    const { running } = subject;
    if (running !== undefined) testPrograms(running, () => place);
  });
}

function testPrograms(
  running: NonNullable<ContractSubject["running"]>,
  place: () => WorkPlace,
): void {
  test.each(["hang.mjs", "ignore-sigterm.mjs", "flood.mjs"])(
    "settles within 5 s after its signal aborts and leaves no process: %s",
    async (program) => {
      const worker = running(place(), path.join(programs, program));
      const controller = new AbortController();
      const outcome = workOn(worker, place(), {}, controller.signal);
      try {
        await eventually(async () => (await survivorsOf(markOf({ run: place().run }))).length > 0);
        await eventually(() => hasPrinted(place()));
      } finally {
        controller.abort();
      }
      const aborted = performance.now();
      expect(await outcome).toEqual({ type: "stopped" });
      expect(performance.now() - aborted).toBeLessThan(settleMs);
      expect(await survivorsOf(markOf({ run: place().run }))).toEqual([]);
    },
  );

  test("settles when its program ends, though a daemon of it holds the output open", async () => {
    const began = performance.now();
    const worker = running(place(), path.join(programs, "leave-daemon.mjs"));
    expect((await workOn(worker, place())).type).toBe("done");
    expect(performance.now() - began).toBeLessThan(settleMs);
    expect(await survivorsOf(markOf({ run: place().run }))).toEqual([]);
  });

  test("is ended some seconds after its timeout where nobody stops it", async () => {
    const worker = running(place(), path.join(programs, "ignore-sigterm.mjs"));
    const began = performance.now();
    const outcome = await workOn(worker, place(), { timeoutMs: 200 });
    expect(outcome).toMatchObject({
      type: "failed",
      message: expect.stringMatching(/timed out/),
    });
    expect(performance.now() - began).toBeLessThan(200 + settleMs);
  });
}

/** The work of one attempt; what it reports is dropped. */
export async function workOn(
  worker: Worker,
  place: PlainPlace,
  facts: Partial<Assignment> = {},
  signal: AbortSignal = new AbortController().signal,
  report: (activity: Activity) => void = () => undefined,
): Promise<WorkOutcome> {
  return await worker.work(place.assignment(facts), place, makeDesk({ report }), signal);
}

/** Whether the program runs already: its first words are in a log of the record. */
function hasPrinted(place: WorkPlace): boolean {
  return readdirSync(place.record).some((log) => lstatSync(path.join(place.record, log)).size > 0);
}

function filesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, textOf("oldName")]));
}

function textOf(name: string): string {
  return `export const other = 1;\nexport function ${name}(): number {\n  return other;\n}\n`;
}
