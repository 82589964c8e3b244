/** A folder that stands for a worktree, and an assignment over its files. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RepoPath, RunId, Sha, UnitId } from "../../src/core/id.ts";
import type { Assignment, Place } from "../../src/core/worker.ts";
import { makeDesk } from "../support/desk.ts";

/** Another in each process: by it survivors are found, and test files run side by side. */
export const run = `20261120-1400-${process.pid.toString(36).padStart(4, "0")}` as RunId;
export const silentDesk = makeDesk();

export interface Worktree {
  readonly place: Place;
  path(file: string): string;
  read(file: string): string;
  write(file: string, content: string | Buffer): void;
  assignment(files: readonly string[], facts?: Partial<Assignment>): Assignment;
  remove(): void;
}

export function makeWorktree(files: Readonly<Record<string, string | Buffer>> = {}): Worktree {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), "pleach-codemod-")));
  const place = {
    worktree: path.join(root, "worktree"),
    exchange: path.join(root, "exchange"),
    record: path.join(root, "record"),
  };
  for (const folder of Object.values(place)) mkdirSync(folder);
  const inTree = (file: string) => path.join(place.worktree, file);
  const write = (file: string, content: string | Buffer) => {
    mkdirSync(path.dirname(inTree(file)), { recursive: true });
    writeFileSync(inTree(file), content);
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  return {
    place,
    path: inTree,
    read: (file) => readFileSync(inTree(file), "utf8"),
    write,
    assignment: (named, facts) => ({
      run,
      unit: "unit" as UnitId,
      attempt: 1,
      base: "0".repeat(40) as Sha,
      title: "Unit",
      instructions: "",
      goal: "",
      owns: [],
      files: named as readonly RepoPath[],
      checks: [],
      timeoutMs: 60_000,
      context: [],
      given: [],
      agents: [],
      ...facts,
    }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
