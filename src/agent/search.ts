/** Searching a worktree by programs made for it, so that neither a hostile pattern nor a huge tree can stop us: ripgrep where
 *  it is installed, else git. Both leave out what `.gitignore` names. Neither is told of the repository: what a worker may
 *  have planted in git's files is never read. */
import { type Dirent, lstatSync, opendirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { workerEnvironment } from "../host/environment.ts";
import { errorCode, fileFailure, isProgram } from "../host/file.ts";
import { type ProcessEnd, runProcess } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { refuse } from "./refusal.ts";
import type { Workplace } from "./tool.ts";

const searchBytesMax = 20 * 1024 * 1024;
const searchTimeoutMs = 30_000;

/** Of names in folders, without a program. */
const quickLooksMax = 250;

/** A place where there is no repository, so that git looks for none. */
const nowhere = "/nonexistent/pleach";

export interface Searched {
  readonly end: ProcessEnd;
  readonly complaint: string;
}

export interface Search {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The file of its output, of which the first `searchBytesMax` are kept. */
  readonly output: string;
  readonly gitDir?: string;
  readonly sandbox?: Sandbox | undefined;
  /** Put over the output where it is kept; names that are read from it must stay as they are. */
  readonly redact?: (text: string) => string;
}

export async function search(
  workplace: Workplace,
  { command, cwd, output, gitDir, sandbox, redact }: Search,
  signal: AbortSignal,
): Promise<Searched> {
  const env = workerEnvironment({
    GIT_DIR: gitDir ?? nowhere,
    GIT_WORK_TREE: cwd,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_OPTIONAL_LOCKS: "0",
    LC_ALL: "C.UTF-8",
  });
  const { end, stderrTail } = await runProcess({
    ...{ command, cwd, env, signal },
    mark: workplace.shell.mark,
    timeoutMs: searchTimeoutMs,
    logFile: output,
    outputBytesMax: searchBytesMax,
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(redact === undefined ? {} : { redact }),
  });
  signal.throwIfAborted();
  return { end, complaint: stderrTail.trim().split("\n").at(-1) ?? "" };
}

/** Every file of the worktree that git would not ignore, from the root, sorted. */
export async function worktreeFiles(
  workplace: Workplace,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const scratch = await emptyRepository(workplace.outputs);
  try {
    const output = path.join(scratch, "files");
    const command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--others"];
    const { end, complaint } = await search(
      workplace,
      {
        command: [...command, "--exclude-standard"],
        cwd: workplace.worktree,
        output,
        gitDir: path.join(scratch, "git"),
      },
      signal,
    );
    if (end.type === "timed_out") refuse("listing the files of the worktree took too long");
    if (end.type !== "exited" || end.code !== 0) {
      refuse(`the files of the worktree cannot be listed: ${complaint}`);
    }
    const listed = (await readFile(output, "utf8")).split("\0");
    return listed.filter((name) => name !== "" && !name.endsWith("/")).sort();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Whether a folder may hold a larger file: also where few looks do not tell, and a program has to look. A file is meant
 *  itself, and holds none. */
export function mayHoldLarge(place: string, bytesMax: number): boolean {
  let looks = 0;
  const isLarge = (entry: Dirent, file: string): boolean => {
    looks += 1;
    return looks > quickLooksMax || (entry.isFile() && lstatSync(file).size > bytesMax);
  };
  try {
    return lstatSync(place).isDirectory() && holdsAny(place, isLarge);
  } catch (error) {
    // Something is gone meanwhile, may not be read or has no name in UTF-8.
    if (errorCode(error) === undefined) throw error;
    return true;
  }
}

/** Reads no further than to the first that is sought. */
function holdsAny(folder: string, isSought: (entry: Dirent, file: string) => boolean): boolean {
  const entries = opendirSync(folder);
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      const file = path.join(folder, entry.name);
      if (isSought(entry, file)) return true;
      if (entry.isDirectory() && entry.name !== ".git" && holdsAny(file, isSought)) return true;
    }
    return false;
  } finally {
    entries.closeSync();
  }
}

/** Files below `within` that are too large to be searched line by line, sorted, from the root; none that git would ignore. */
export async function largeFiles(
  workplace: Workplace,
  { within, bytesMax }: { readonly within: string; readonly bytesMax: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const scratch = await emptyRepository(workplace.outputs);
  try {
    const output = path.join(scratch, "large");
    const tests = ["-type", "f", "-size", `+${bytesMax}c`, "-print0"];
    const command = ["find", `./${within}`, "-name", ".git", "-prune", "-o", ...tests];
    const { end } = await search(workplace, { command, cwd: workplace.worktree, output }, signal);
    if (end.type === "timed_out") refuse("listing the large files of the worktree took too long");
    // A folder that may not be read is none of whose files are searched either.
    const found = (await readFile(output, "utf8")).split("\0").filter((name) => name !== "");
    if (found.length === 0) return [];
    const names = new Set(found.map((name) => path.normalize(name)));
    return (await worktreeFiles(workplace, signal)).filter((name) => names.has(name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** To a git directory without anything in it every file is new. */
async function emptyRepository(outputs: string): Promise<string> {
  try {
    await mkdir(outputs, { recursive: true });
    const scratch = await mkdtemp(path.join(outputs, "search-"));
    await mkdir(path.join(scratch, "git/objects"), { recursive: true });
    await mkdir(path.join(scratch, "git/refs"));
    await writeFile(path.join(scratch, "git/HEAD"), "ref: refs/heads/none\n");
    return scratch;
  } catch (error) {
    throw fileFailure(error, `make a folder in ${outputs}`);
  }
}

/** Where ripgrep is; one that a repository could have put on PATH is not asked. */
export function findRipgrep(searchPath = process.env["PATH"] ?? ""): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder) && !folder.includes("node_modules"))
    .map((folder) => path.join(folder, "rg"))
    .find(isProgram);
}
