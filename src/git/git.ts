/** The one door to git: every command of ours goes through here, hardened so that neither the user's configuration nor what
 *  a worker planted makes it run other programs, prompt, take optional locks or speak another language. It knows exit codes
 *  and bytes; it must never parse words meant for people. */
import { existsSync, statSync } from "node:fs";
import type { SimpleGit } from "simple-git";
import { Failure } from "../core/failure.ts";
import { startProcess } from "../host/process.ts";
import { outsideFailure } from "./outside.ts";
import type { Standing } from "./standing.ts";

/** A git that was started: whoever has it must wait for it. */
export type GitChild = ReturnType<typeof startProcess>;

/** Where a git command looks. `gitDir` is absolute: the common directory, or a worktree's own admin directory. */
export interface GitPlace {
  readonly gitDir: string;
  readonly workTree?: string;
  readonly indexFile?: string;
  /** Asked first where there are any: see standing-git.ts. */
  readonly standing?: Standing | undefined;
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

/** Where the user says that their own configuration lies: that is as much theirs as the files that they name. */
const kept: readonly string[] = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];

/** The environment of every git command: ours, cleared of what `GIT_*` a hook or a shell may have left in it. */
export function gitEnvironment(): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (!entry[0].startsWith("GIT_") || kept.includes(entry[0])),
  );
  return {
    ...Object.fromEntries(passed),
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
  const child = startGit(place, args, options);
  return answerOf(child, args, folderOf(place), options);
}

/** Runs one git command that finds its repository by itself, from a folder: only for the questions which tell us where
 *  the repository is, since what it finds is not ours to choose. */
export async function gitFrom(
  folder: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitAnswer> {
  options.signal?.throwIfAborted();
  const missing = whyNoFolder(folder);
  if (missing !== undefined) throw missing;
  const child = startProcess("git", [...hardened, ...args], {
    cwd: folder,
    env: { ...gitEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return answerOf(child, args, folder, options);
}

/** Starts one git command and leaves the talking to the caller, who owns the child; it ends when its stdin does. */
export function startGit(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions & { readonly conversation?: boolean } = {},
): GitChild {
  options.signal?.throwIfAborted();
  const silent = options.input === undefined && options.conversation !== true;
  return startProcess("git", gitArguments(place, args, options.config ?? []), {
    cwd: folderOf(place),
    env: {
      ...gitEnvironment(),
      ...(place.indexFile === undefined ? {} : { GIT_INDEX_FILE: place.indexFile }),
      ...options.env,
    },
    stdio: [silent ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Reads, again and again: the index, the admin directory, the worktree, a mark, how many words there are, and the words of a git
 *  command. It says the mark once that command has done its work, and ends where it has not. Nothing that it reads is code. */
const shellScript = `
child=
trap 'kill -9 $child; exit 1' TERM
while IFS= read -r index && IFS= read -r dir && IFS= read -r tree && IFS= read -r mark && read -r count; do
  set -- --git-dir="$dir" --work-tree="$tree"
  while [ "$count" -gt 0 ]; do
    IFS= read -r word || exit 1
    set -- "$@" "$word"
    count=$((count - 1))
  done
  cd "$tree" || exit 1
  GIT_INDEX_FILE="$index" git "$@" &
  child=$!
  wait "$child" || exit 1
  printf '%s\\n' "$mark"
done
`;

/** Starts a shell that starts gits: what it costs to start a process grows with the memory of whoever does it. It ends when
 *  its stdin does, and with the git that it is at when it is terminated. */
export function startGitShell(place: GitPlace, config: readonly string[]): GitChild {
  const settings = [...hardened.filter((word) => word !== "-c"), ...config];
  const told = settings.flatMap((setting, at): [string, string][] => {
    const end = setting.indexOf("=");
    return [
      [`GIT_CONFIG_KEY_${at}`, setting.slice(0, end)],
      [`GIT_CONFIG_VALUE_${at}`, setting.slice(end + 1)],
    ];
  });
  return startProcess("sh", ["-c", shellScript], {
    cwd: place.gitDir,
    env: {
      ...gitEnvironment(),
      GIT_LITERAL_PATHSPECS: "1",
      GIT_CONFIG_COUNT: String(settings.length),
      ...Object.fromEntries(told),
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** simple-git, for porcelain only (status, log, diff summary): it takes an exit code without a word on stderr for success,
 *  and finds the repository from `folder` by itself. Loaded on first use, since it doubles the start of the program. */
export async function porcelain(folder: string): Promise<SimpleGit> {
  const { simpleGit } = await import("simple-git");
  const { PAGER: _pager, EDITOR: _editor, VISUAL: _visual, ...environment } = gitEnvironment();
  return simpleGit({
    baseDir: folder,
    maxConcurrentProcesses: 2,
    config: hardened.filter((_, position) => position % 2 === 1),
    // It refuses these settings by name, whatever they say; ours only switch things off.
    unsafe: {
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeDiffExternal: true,
    },
    allowEnvironment: Object.keys(environment).filter((name) => name.startsWith("GIT_")),
  }).env(environment);
}

async function answerOf(
  child: GitChild,
  args: readonly string[],
  folder: string,
  options: GitOptions,
): Promise<GitAnswer> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  // Git may end before it has read all its input; its exit code tells what became of it.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);
  const code = await new Promise<number | null>((resolve, reject) => {
    // An abort is an error of the child too, but it is not over before git has ended.
    child.once("error", (error) => {
      if (child.pid === undefined) reject(notStarted(error, folder));
    });
    child.once("close", resolve);
    // What git started (a filter) may hold its output open; after an abort nobody reads on.
    child.once("exit", (ended) => {
      if (options.signal?.aborted) resolve(ended);
    });
  });
  options.signal?.throwIfAborted();
  const answer = {
    code: code ?? -1,
    stdout: Buffer.concat(stdout).toString(options.encoding ?? "utf8"),
    stderr: Buffer.concat(stderr).toString("utf8"),
  };
  if (!(options.codes ?? [0]).includes(answer.code)) throw refused(args, answer, folder);
  return answer;
}

function folderOf(place: GitPlace): string {
  return place.workTree ?? place.gitDir;
}

/** The system says the same of a program and of a folder that are not there. */
function notStarted(cause: Error, folder: string): Failure {
  const missing = whyNoFolder(folder, cause);
  if (missing !== undefined) return missing;
  return new Failure("environment", "git_missing", `git could not be started: ${cause.message}`, {
    advice: "install git 2.38 or newer and see that it is on PATH",
    cause,
  });
}

function whyNoFolder(folder: string, cause?: Error): Failure | undefined {
  if (!existsSync(folder))
    return new Failure("repository", "folder_missing", `there is no folder ${folder}`, {
      advice: "see whether it was moved or deleted",
      cause,
    });
  if (statSync(folder).isDirectory()) return undefined;
  return new Failure("repository", "not_a_folder", `${folder} is not a folder`, {
    advice: "name the folder that it lies in",
    cause,
  });
}

function refused(args: readonly string[], answer: GitAnswer, folder: string): Failure {
  const { code, stderr } = answer;
  const what = `git ${args[0] ?? ""} ended with ${code}`;
  const details = { args: args.slice(0, 20), code, stderr: stderr.slice(-5000) };
  const outside = outsideFailure(what, stderr, { folder, details });
  if (outside !== undefined) return outside;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  return new Failure("repository", "git_failed", `${what}: ${said}`, {
    advice: "run `pleach doctor` to see what is wrong with this repository",
    details,
  });
}

/** Splits the output of a `-z` command. */
export function zeroSeparated(text: string): string[] {
  const parts = text.split("\0");
  if (parts.at(-1) === "") parts.pop();
  return parts;
}
