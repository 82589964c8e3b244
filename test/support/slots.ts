/** A repository with a pool of worktrees, and what a slot of it looks like from within. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { UnitId } from "../../src/core/id.ts";
import { type RunId, type Sha, unitRef } from "../../src/core/id.ts";
import { openRepository } from "../../src/git/repository.ts";
import type { Slot } from "../../src/git/slot.ts";
import { openSlotPool, type SlotPool } from "../../src/git/worktree.ts";
import { makeRepository, runGit, type TestRepository } from "./repository.ts";

export const run = "20260101-0000-aaaa" as RunId;
export const full = { mode: "full" } as const;
export const files = {
  "a.txt": "a\n",
  "src/one.ts": "1\n",
  "src/two.ts": "2\n",
  "src/deep/three.ts": "3\n",
  "odd [name]*?.txt": "odd\n",
  ".gitignore": "ignored\nnode_modules\n",
};

export interface Ground {
  readonly user: TestRepository;
  readonly pool: SlotPool;
  readonly base: Sha;
}

export async function ground(content: Record<string, string> = files): Promise<Ground> {
  const user = await makeRepository(content);
  const repository = await openRepository(user.path);
  const pool = await openSlotPool(path.join(user.folder, "state"), repository, run);
  return { user, pool, base: (await user.git("rev-parse", "HEAD")) as Sha };
}

export function branch(unit: string) {
  return unitRef(run, unit as UnitId);
}

/** Puts a program before git that notes each subcommand; the answer gives those since the last time, sorted. */
export function countGit(folder: string): () => string[] {
  const bin = path.join(folder, "bin");
  const log = path.join(folder, "calls");
  mkdirSync(bin);
  const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  const note = `for a; do case $a in -c) skip=1;; -*) ;; *) [ "$skip" ] && skip= && continue; echo "$a" >>'${log}'; break;; esac; done`;
  writeFileSync(path.join(bin, "git"), `#!/bin/sh\n${note}\nexec ${real} "$@"\n`, { mode: 0o755 });
  process.env["PATH"] = `${bin}:${process.env["PATH"]}`;
  return () => {
    const calls = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").sort() : [];
    rmSync(log, { force: true });
    return calls;
  };
}

/** What a worker's git says in the slot, and what is on the disk. */
export async function view(slot: Slot): Promise<Record<string, unknown>> {
  return {
    status: await runGit(slot.path, ["status", "--porcelain", "--ignored", "-uall"]),
    head: await runGit(slot.path, ["rev-parse", "HEAD"]),
    branch: await runGit(slot.path, ["branch", "--show-current"]),
    files: filesOf(slot.path),
  };
}

export function filesOf(folder: string): string[] {
  return execFileSync("find", [".", "-mindepth", "1", "!", "-path", "./.git"], { cwd: folder })
    .toString()
    .trim()
    .split("\n")
    .filter((name) => name !== "" && !lstatSync(path.join(folder, name)).isDirectory())
    .map((name) => name.slice(2))
    .sort();
}

export const everything = Object.keys(files).sort();
