/** The user's repository as a run finds it: where it is, what is checked out, which commit a name means. It only asks;
 *  nothing here writes to the repository. */
import { createHash } from "node:crypto";
import { access, constants, realpath } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { isSha, type RefName, type Sha } from "../core/id.ts";
import { exists } from "../host/file.ts";
import { type GitAnswer, type GitPlace, git, gitFrom, porcelain, zeroSeparated } from "./git.ts";
import { nearest } from "./near.ts";
import { listRefs, type RefHome } from "./ref.ts";

export interface Repository extends RefHome {
  /** The directory that all worktrees share; real and absolute. */
  readonly commonDir: string;
  /** The root of the checkout that we were started in; the main one's if we were started in `.git`. */
  readonly topLevel: string;
  /** The git directory of that checkout: its HEAD and its index. */
  readonly gitDir: string;
  /** `<folder>-<8 digits of the hash of commonDir>`: a name for folders of ours. */
  readonly name: string;
}

/** What the user has begun and not ended in the checkout we were started in. */
export type InProgress = "merge" | "rebase" | "am" | "cherry-pick" | "revert" | "bisect";

/** The git version that everything here is built on. */
const oldest = { major: 2, minor: 38 } as const;

/** Finds the repository that `folder` lies in, as git would, whatever `GIT_*` says. Throws `not_a_repository`,
 *  `bare_repository`, `unsafe_repository`, `unborn_head` (unless allowed) or `git_too_old`. */
export async function openRepository(
  folder: string,
  options: { readonly allowUnborn?: boolean } = {},
): Promise<Repository> {
  const asked = gitFrom(
    folder,
    [
      "rev-parse",
      "--path-format=absolute",
      "--is-bare-repository",
      "--is-inside-work-tree",
      "--git-common-dir",
      "--git-dir",
      "--show-toplevel",
    ],
    { codes: [0, 128] },
  );
  // Meanwhile; where git is too old, that is what is told.
  asked.catch(() => undefined);
  await requireGitVersion(folder);
  const layout = await asked;
  const [bare, inside, common, own, top] = layout.stdout.split("\n");
  if (common === undefined || own === undefined) throw notARepository(folder, layout);
  const commonDir = await realpath(common);
  if (inside !== "true") return mainCheckout(commonDir, bare === "true", options);
  if (top === undefined || top === "") throw notARepository(folder, layout);
  return born({ commonDir, topLevel: await realpath(top), gitDir: await realpath(own) }, options);
}

/** The branch that the work is for: the one named, else the one checked out. A branch that only stands for another
 *  (a symbolic ref) is answered by the other. */
export async function resolveTarget(repository: Repository, name?: string): Promise<RefName> {
  const asked = name === undefined ? await checkedOut(repository) : fullName(name);
  const known = await git(place(repository), [
    "for-each-ref",
    "--format=%(refname)%00%(symref)",
    asked,
  ]);
  for (const line of known.stdout.split("\n")) {
    const [ref, stands] = line.split("\0");
    if (ref === asked) return (stands || ref) as RefName;
  }
  throw await noSuchBranch(repository, asked);
}

/** The commit that a revision means here; a tag is followed to its commit. */
export async function revision(repository: Repository, name: string): Promise<Sha> {
  const answer = await git(
    place(repository),
    ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
    { codes: [0, 1, 128] },
  );
  const found = answer.stdout.trim();
  if (answer.code === 0 && isSha(found)) return found;
  throw new Failure("repository", "revision_not_found", `no commit is called ${quoted(name)}`, {
    advice: "name a branch, a tag or a commit that this repository has (a shallow clone has few)",
    details: { revision: name, stderr: answer.stderr },
  });
}

/** What the user has begun and not ended, if anything: the caller decides whether that matters. */
export async function inProgress(repository: Repository): Promise<InProgress | undefined> {
  const traces: readonly (readonly [string, InProgress])[] = [
    ["rebase-merge", "rebase"],
    ["rebase-apply/applying", "am"],
    ["rebase-apply", "rebase"],
    ["MERGE_HEAD", "merge"],
    ["CHERRY_PICK_HEAD", "cherry-pick"],
    ["REVERT_HEAD", "revert"],
    ["BISECT_LOG", "bisect"],
  ];
  for (const [trace, what] of traces)
    if (await exists(path.join(repository.gitDir, trace))) return what;
  return undefined;
}

/** Paths of the user's checkout that differ from its HEAD, staged or not, untracked ones too (not ignored ones). */
export async function dirtyPaths(repository: Repository): Promise<readonly string[]> {
  const status = await (await porcelain(repository.topLevel)).status(["--untracked-files=all"]);
  return status.files.map((file) => file.path);
}

export interface LogEntry {
  readonly commit: Sha;
  readonly subject: string;
}

/** The newest commits of `to` that `from` has not, newest first, at most `limit`. */
export async function shortLog(
  repository: Repository,
  range: { readonly from: Sha; readonly to: Sha; readonly limit: number },
): Promise<readonly LogEntry[]> {
  const log = await (await porcelain(repository.topLevel)).log({
    from: range.from,
    to: range.to,
    symmetric: false,
    maxCount: range.limit,
    format: { commit: "%H", subject: "%s" },
  });
  return log.all.map((entry) => ({ commit: entry.commit as Sha, subject: entry.subject }));
}

/** Fails early and clearly where a run could not write what it must. */
export async function requireWritable(repository: Repository): Promise<void> {
  for (const name of ["", "objects", "refs"]) {
    const folder = path.join(repository.commonDir, name);
    try {
      await access(folder, constants.W_OK);
    } catch (error) {
      throw new Failure("environment", "not_permitted", `${folder} cannot be written to`, {
        advice: "make the repository writable for you, or work on a clone of it",
        cause: error,
      });
    }
  }
}

/** The place of questions about the checkout that we were started in. */
function place(repository: Repository): GitPlace {
  return { gitDir: repository.gitDir };
}

const versions = new Map<string, Promise<void>>();

/** Asks git for its version once for each PATH that we are given. */
function requireGitVersion(folder: string): Promise<void> {
  const key = process.env["PATH"] ?? "";
  const known = versions.get(key) ?? gitFrom(folder, ["version"]).then(checkVersion);
  versions.set(key, known);
  known.catch(() => versions.delete(key));
  return known;
}

/** Such as `2.39.5`; a Failure where git is missing or too old. */
export async function gitVersion(folder = process.cwd()): Promise<string> {
  await requireGitVersion(folder);
  const answer = await gitFrom(folder, ["version"]);
  return answer.stdout.replace(/^git version /, "").trim();
}

function checkVersion(answer: GitAnswer): void {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(answer.stdout) ?? [];
  const newer = Number(major) > oldest.major;
  if (newer || (Number(major) === oldest.major && Number(minor) >= oldest.minor)) return;
  const found = answer.stdout.trim();
  throw new Failure("environment", "git_too_old", `${found} is older than 2.38`, {
    advice: "install git 2.38 or newer and see that it comes first on PATH",
  });
}

function notARepository(folder: string, answer: GitAnswer): Failure {
  const owner = /dubious ownership in repository at '(.*)'/.exec(answer.stderr);
  if (owner !== null)
    return new Failure("repository", "unsafe_repository", `${owner[1]} belongs to another user`, {
      advice: `if you trust it: git config --global --add safe.directory ${quoted(owner[1] ?? "")}`,
    });
  return new Failure("repository", "not_a_repository", `${folder} is not in a git repository`, {
    advice: "go into a repository, or name one with -C DIR (`git init` makes one)",
    details: { stderr: answer.stderr.slice(-2000) },
  });
}

/** Started inside a git directory: the main checkout is meant, if there is one. */
async function mainCheckout(
  commonDir: string,
  bare: boolean,
  options: { readonly allowUnborn?: boolean },
): Promise<Repository> {
  const list = await git({ gitDir: commonDir }, ["worktree", "list", "--porcelain", "-z"]);
  const [first, ...facts] = zeroSeparated(list.stdout);
  const end = facts.indexOf("");
  if (bare || facts.slice(0, end < 0 ? undefined : end).includes("bare"))
    throw new Failure("repository", "bare_repository", `${commonDir} has no checkout`, {
      advice: "go into one of its worktrees, or `git worktree add` one",
    });
  const topLevel = await realpath((first ?? "").replace(/^worktree /, ""));
  return born({ commonDir, topLevel, gitDir: commonDir }, options);
}

async function born(
  found: Omit<Repository, "name">,
  options: { readonly allowUnborn?: boolean },
): Promise<Repository> {
  const repository = { ...found, name: repositoryName(found.commonDir) };
  if (options.allowUnborn) return repository;
  const head = await git(
    place(repository),
    ["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"],
    { codes: [0, 1, 128] },
  );
  if (head.code === 0) return repository;
  throw new Failure("repository", "unborn_head", `${found.topLevel} has no commit yet`, {
    advice: "make a first commit, then try again",
    details: { stderr: head.stderr },
  });
}

function repositoryName(commonDir: string): string {
  const folder = path.basename(commonDir) === ".git" ? path.dirname(commonDir) : commonDir;
  const readable = path
    .basename(folder, ".git")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, 60);
  const hash = createHash("sha256").update(commonDir).digest("hex").slice(0, 8);
  return `${readable || "repository"}-${hash}`;
}

async function checkedOut(repository: Repository): Promise<RefName> {
  const head = await git(place(repository), ["symbolic-ref", "--quiet", "HEAD"], {
    codes: [0, 1],
  });
  const ref = head.stdout.trim();
  if (ref.startsWith("refs/heads/")) return ref as RefName;
  throw new Failure("repository", "detached_head", "no branch is checked out here", {
    advice: "check a branch out, or name the branch that the work is for with --target BRANCH",
  });
}

function fullName(name: string): RefName {
  return (name.startsWith("refs/") ? name : `refs/heads/${name}`) as RefName;
}

async function noSuchBranch(repository: Repository, asked: RefName): Promise<Failure> {
  const branches = [...(await listRefs(repository, "refs/heads/")).keys()]
    .map((ref) => ref.slice("refs/heads/".length))
    .filter((branch) => !branch.startsWith("pleach/"));
  const name = asked.replace(/^refs\/heads\//, "");
  const near = nearest(name, branches, 3);
  return new Failure("repository", "target_not_found", `there is no branch ${quoted(name)}`, {
    advice:
      near.length === 0
        ? "name an existing local branch with --target BRANCH"
        : `did you mean ${near.map(quoted).join(" or ")}?`,
    details: { target: asked, near },
  });
}

/** As JSON: a name may hold anything, and stays on its line. */
function quoted(name: string): string {
  return JSON.stringify(name);
}
