/** A run whose journal cannot be read may be the very one that is meant: no command goes on with an older one instead. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openDoors } from "../../src/cli/compose.ts";
import type { Doors, Eyes } from "../../src/cli/doors.ts";
import { Failure } from "../../src/core/failure.ts";
import { makeRepository, type TestRepository } from "../support/repository.ts";
import { runId as older, startRun, unit } from "../support/run-state.ts";
import { type } from "../support/scripted-doors.ts";

const newer = "20261121-0900-aaaa";
const unseen = () => undefined;
const eyes: Eyes = {
  ...{ event: unseen, activity: unseen, planning: unseen, warn: unseen },
  ...{ ask: unseen, leave: unseen },
};
const doors: Doors = openDoors({ quit: () => undefined });

function textOf(): string {
  const story = startRun({ units: [unit("a")] })
    .complete("a")
    .finish("complete");
  return story
    .lines()
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

function keep(repository: TestRepository, run: string, text: string): string {
  const folder = path.join(repository.path, ".git/pleach/runs", run);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "journal.jsonl");
  writeFileSync(file, text);
  return file;
}

async function repositoryWith(runs: Readonly<Record<string, string>>): Promise<TestRepository> {
  const repository = await makeRepository();
  for (const [run, text] of Object.entries(runs)) keep(repository, run, text);
  return repository;
}

const damaged = () => `${textOf()}garbage\n`;
const tooNew = () => textOf().replaceAll(`{"v":1`, `{"v":9`);

function everyCommand(dir: string): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    status: () => doors.readRun({ dir }, undefined),
    land: () => doors.land({ dir }, undefined, eyes),
    undo: () => doors.undo({ dir }, undefined, eyes),
    resume: () => doors.resume({ dir }, undefined, eyes),
    cancel: () => doors.speak({ dir }, undefined, { type: "cancel" }),
  };
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("a newest run that cannot be read", () => {
  it.each([
    ["damaged", damaged, 3, "journal_corrupt"],
    ["newer", tooNew, 7, "journal_newer"],
  ])("%s: every command without a run refuses, and names it", async (_, text, exitCode, code) => {
    for (const runs of [{ [newer]: text() }, { [older]: textOf(), [newer]: text() }]) {
      const { path: dir, git } = await repositoryWith(runs);
      const before = await git("rev-parse", "main");
      for (const [command, work] of Object.entries(everyCommand(dir))) {
        const failure = await failureOf(work);
        expect([command, failure.exitCode, failure.code]).toEqual([command, exitCode, code]);
        expect(failure.message).toContain(newer);
      }
      expect(await git("rev-parse", "main")).toBe(before);
    }
  });

  it("is in its place in the list, by its first line or its name", async () => {
    for (const text of [damaged(), "garbage\n"]) {
      const { path: dir } = await repositoryWith({ [older]: textOf(), [newer]: text });
      const listed = await doors.listRuns({ dir });
      expect(listed.map((one) => one.type)).toEqual(["unreadable", "run"]);
    }
  });

  it("is kept by clean, which says so", async () => {
    const repository = await makeRepository();
    const file = keep(repository, newer, damaged());
    const clean: Doors["clean"] = () =>
      doors.clean({ dir: repository.path }, [], { discard: false }, eyes);
    const { code, stdout } = await type(["clean"], { clean });
    expect(code).toBe(0);
    expect(stdout).toContain("kept all of it: it cannot be read");
    expect(stdout).toContain(newer);
    expect(readFileSync(file, "utf8")).toBe(damaged());
  });
});

describe("what does not stand in the way", () => {
  it("is a damaged run that is older than the one that is meant", async () => {
    const { path: dir } = await repositoryWith({
      [older]: textOf(),
      "20251120-1430-zzzz": "garbage\n",
    });
    const { state } = await doors.readRun({ dir }, undefined);
    expect(state.run).toBe(older);
  });

  it("is a run whose first line is not whole: it never began", async () => {
    const { path: dir } = await repositoryWith({ [older]: textOf(), [newer]: `{"v":1,"se` });
    expect((await doors.readRun({ dir }, undefined)).state.run).toBe(older);
    expect((await doors.listRuns({ dir })).length).toBe(1);
  });
});
