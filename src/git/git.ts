/** The one door to git: every command of ours goes through here, hardened so that neither the user's configuration nor what
 *  a worker planted makes it run other programs, prompt, take optional locks or speak another language. It knows exit codes
 *  and bytes; it must never parse words meant for people. */
import { Failure } from "../core/failure.ts";
import { startProcess } from "../host/process.ts";

/** Where a git command looks. `gitDir` is absolute: the common directory, or a worktree's own admin directory. */
export interface GitPlace {
  readonly gitDir: string;
  readonly workTree?: string;
  readonly indexFile?: string;
}

export interface GitOptions {
  readonly input?: string | Buffer;
  /** Exit codes that are answers rather than failures; 0 alone if absent. */
  readonly codes?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** Further `-c` settings. */
  readonly config?: readonly string[];
  readonly signal?: AbortSignal;
  /** Keep every byte of stdout as it is, for paths that are not UTF-8. */
  readonly encoding?: "utf8" | "latin1";
}

export interface GitAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const hardened = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.quotePath=false",
  "diff.external=",
  "diff.ignoreSubmodules=all",
  "diff.renames=false",
  "submodule.recurse=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "commit.gpgSign=false",
  "core.fsync=all",
  "core.filesRefLockTimeout=2000",
  "advice.detachedHead=false",
].flatMap((setting) => ["-c", setting]);

/** The environment of every git command: ours, cleared of `GIT_*`. */
export function gitEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("GIT_"),
  );
  return {
    ...Object.fromEntries(kept),
    LC_ALL: "C",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
  };
}

export function gitArguments(place: GitPlace, args: readonly string[], config: readonly string[]) {
  return [
    ...hardened,
    ...config.flatMap((setting) => ["-c", setting]),
    `--git-dir=${place.gitDir}`,
    ...(place.workTree === undefined ? [] : [`--work-tree=${place.workTree}`]),
    ...args,
  ];
}

/** Runs one git command. Throws a Failure `git_failed` for an exit code that is not among `codes`, `git_missing` where
 *  there is no git, and the signal's reason when it was aborted. */
export async function git(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitAnswer> {
  options.signal?.throwIfAborted();
  const child = startProcess("git", gitArguments(place, args, options.config ?? []), {
    cwd: place.workTree ?? place.gitDir,
    env: {
      ...gitEnvironment(),
      ...(place.indexFile === undefined ? {} : { GIT_INDEX_FILE: place.indexFile }),
      ...options.env,
    },
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // Git may end before it has read all its input; its exit code tells what became of it.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(options.signal?.aborted ? error : missing(error)));
    child.once("close", resolve);
  });
  options.signal?.throwIfAborted();
  const answer = {
    code: code ?? -1,
    stdout: Buffer.concat(stdout).toString(options.encoding ?? "utf8"),
    stderr: Buffer.concat(stderr).toString("utf8"),
  };
  if (!(options.codes ?? [0]).includes(answer.code)) throw refused(args, answer);
  return answer;
}

function missing(cause: Error): Failure {
  return new Failure("environment", "git_missing", `git could not be started: ${cause.message}`, {
    advice: "install git 2.38 or newer and see that it is on PATH",
    cause,
  });
}

function refused(args: readonly string[], answer: GitAnswer): Failure {
  const said = answer.stderr.trim().split("\n").at(-1) ?? "";
  const full = /No space left on device|disk quota exceeded/i.test(answer.stderr);
  return new Failure(
    full ? "environment" : "repository",
    full ? "disk_full" : "git_failed",
    `git ${args[0] ?? ""} ended with ${answer.code}: ${said}`,
    {
      advice: full
        ? "free some space, then go on with `pleach resume`"
        : "run `pleach doctor` to see what is wrong with this repository",
      details: { args: args.slice(0, 20), code: answer.code, stderr: answer.stderr.slice(-5000) },
    },
  );
}

/** Splits the output of a `-z` command. */
export function zeroSeparated(text: string): string[] {
  const parts = text.split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts;
}
