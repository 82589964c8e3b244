/** A real repository with a worktree beside it, an exchange and a record: where a worker can be let loose in a test. */
import { execFileSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeRunId, type RepoPath, type RunId, type Sha } from "../../src/core/id.ts";
import type { Assignment, Place } from "../../src/core/worker.ts";
import { makeAssignment } from "./assignment.ts";

export interface PlainPlace extends Place {
  /** Everything of this test lies below it. */
  readonly folder: string;
  readonly run: RunId;
  assignment(facts?: Partial<Assignment>): Assignment;
  remove(): void;
}

export interface WorkPlace extends PlainPlace {
  /** The checkout that plays the user's. */
  readonly checkout: string;
  /** The worktree's own folder inside the repository. */
  readonly gitDir: string;
  readonly base: Sha;
  git(...args: readonly string[]): string;
}

/** A worktree that git knows nothing of, for tests that ask nothing of git. `files` are its contents by path. */
export function makePlainPlace(files: Readonly<Record<string, string>>): PlainPlace {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "pleach-work-")));
  const worktree = path.join(folder, "state", "worktree");
  const exchange = path.join(folder, "state", "exchange");
  const record = path.join(folder, "record");
  for (const each of [worktree, exchange, record]) mkdirSync(each, { recursive: true });
  writeFiles(worktree, files);
  const run = makeRunId(Date.UTC(2026, 10, 20), randomInt(36 ** 3, 36 ** 4).toString(36));
  return {
    ...{ folder, worktree, exchange, record, run },
    assignment: (facts = {}) => {
      return makeAssignment({ run, files: Object.keys(files) as RepoPath[], ...facts });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A repository that holds `files`, and a worktree of it on the branch `unit`. */
export function makeWorkPlace(files: Readonly<Record<string, string>>): WorkPlace {
  const plain = makePlainPlace({});
  const { folder, worktree } = plain;
  const checkout = path.join(folder, "checkout");
  mkdirSync(checkout);
  writeFiles(checkout, files);
  gitIn(checkout, "init", "-q", "-b", "main");
  gitIn(checkout, "add", "-A");
  gitIn(checkout, "commit", "-q", "--allow-empty", "-m", "base");
  gitIn(checkout, "worktree", "add", "-q", "-b", "unit", worktree);
  const asked = gitIn(worktree, "rev-parse", "HEAD", "--absolute-git-dir").trim().split("\n");
  const [base = "", gitDir = ""] = asked;
  return {
    ...{ ...plain, checkout, gitDir, base: base as Sha },
    assignment: (facts = {}) => {
      const paths = Object.keys(files) as RepoPath[];
      return plain.assignment({ base: base as Sha, files: paths, ...facts });
    },
    git: (...args) => gitIn(worktree, ...args),
  };
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Every path below a folder with what it is, except below those of `except`. */
export function treeOf(folder: string, except: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (at: string) => {
    for (const name of readdirSync(at)) {
      const file = path.join(at, name);
      if (except.includes(file)) continue;
      const stats = lstatSync(file);
      if (stats.isDirectory()) look(file);
      else found[path.relative(folder, file)] = `${stats.mode.toString(8)} ${contentOf(file)}`;
    }
  };
  look(folder);
  return found;
}

function contentOf(file: string): string {
  const stats = lstatSync(file);
  if (stats.isSymbolicLink()) return readlinkSync(file);
  if (!stats.isFile()) return "special";
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function gitIn(folder: string, ...args: readonly string[]): string {
  const person = ["-c", "user.name=Test", "-c", "user.email=test@localhost"];
  return execFileSync("git", [...person, ...args], { cwd: folder, encoding: "utf8" });
}
