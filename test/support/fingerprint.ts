/** Everything in a repository that no run may change (promise P1), and what no finished run may leave (P7). */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { runGit } from "./user-git.ts";

export interface FingerprintOptions {
  /** Full names of refs that may move, such as the target of a run that lands. If HEAD is on one of them, HEAD's reflog and ORIG_HEAD may change too. */
  readonly except?: readonly string[];
  /** Paths of the checkout that a landing was to change; the index is then compared without them. */
  readonly exceptPaths?: readonly string[];
}

/** Everything that promise P1 names, as one flat value: compare two with `toEqual`, and a difference names itself.
 *  What carries our names is left out: our refs, and worktrees whose lock says `pleach`. */
export async function fingerprint(
  path: string,
  options: FingerprintOptions = {},
): Promise<Record<string, string>> {
  const gitDir = await askGit(path, ["rev-parse", "--path-format=absolute", "--git-dir"]);
  const common = await askGit(path, ["rev-parse", "--path-format=absolute", "--git-common-dir"]);
  const facts: Record<string, string> = {};
  const movedPaths = new Set(options.exceptPaths ?? []);
  for (const [name, what] of filesBelow(path))
    if (!movedPaths.has(name)) facts[`file ${name}`] = what;
  await addIndex(facts, path, gitDir, movedPaths);
  await addRefs(facts, path, new Set(options.except ?? []));
  for (const name of ["config", "config.worktree", "shallow", "logs/refs/stash"])
    addFile(facts, common, name);
  for (const folder of ["hooks", "info"])
    for (const [name, what] of filesBelow(join(common, folder))) facts[`${folder}/${name}`] = what;
  const head = readFileSync(join(gitDir, "HEAD"), "utf8");
  facts["HEAD"] = head;
  const moved = options.except?.some((name) => head === `ref: ${name}\n`) ?? false;
  for (const name of moved ? pseudoRefs.slice(2) : pseudoRefs) addFile(facts, gitDir, name);
  facts["worktrees"] = theirWorktrees(
    await askGit(path, ["worktree", "list", "--porcelain"]),
    moved,
  );
  return facts;
}

/** What a finished run must not leave (promise P7): worktrees, locks and refs of ours, apart from branches and snapshots
 *  that the caller says are kept. An empty list is the good answer. */
export async function leftovers(path: string, kept: readonly string[] = []): Promise<string[]> {
  const common = await askGit(path, ["rev-parse", "--path-format=absolute", "--git-common-dir"]);
  const names = readdirSync(common, { recursive: true, encoding: "utf8" });
  const locks = names.filter((name) => name.endsWith(".lock"));
  const list = await askGit(path, ["worktree", "list", "--porcelain"]);
  const worktrees = list.split("\n\n").filter((block) => /^locked pleach/m.test(block));
  const admin = join(common, "worktrees");
  const entries = (existsSync(admin) ? readdirSync(admin) : []).filter((name) =>
    existsSync(join(admin, name, "pleach.json")),
  );
  const refs = (await askGit(path, ["for-each-ref", "--format=%(refname)"])).split("\n");
  const ours = refs.filter((ref) => isOurRef(ref) && !kept.some((start) => ref.startsWith(start)));
  return [
    ...locks.map((name) => `lock ${name}`),
    ...worktrees.map((block) => block.split("\n", 1)[0] ?? ""),
    ...entries.map((name) => `admin ${name}`),
    ...ours.map((ref) => `ref ${ref}`),
  ];
}

/** Taking the fingerprint must not run what a test planted. */
function askGit(path: string, args: readonly string[]): Promise<string> {
  return runGit(path, ["-c", "core.fsmonitor=false", ...args]);
}

const pseudoRefs = [
  "ORIG_HEAD",
  "logs/HEAD",
  "FETCH_HEAD",
  "MERGE_HEAD",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "config.worktree",
];

function isOurRef(name: string): boolean {
  return name.startsWith("refs/heads/pleach/") || name.startsWith("refs/pleach/");
}

function addFile(facts: Record<string, string>, folder: string, name: string): void {
  const file = join(folder, name);
  if (existsSync(file)) facts[name] = describe(file);
}

async function addRefs(
  facts: Record<string, string>,
  path: string,
  except: ReadonlySet<string>,
): Promise<void> {
  const refs = await askGit(path, ["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]);
  for (const line of refs.split("\n").filter(Boolean)) {
    const name = line.split(" ", 1)[0] ?? "";
    if (!isOurRef(name) && !except.has(name)) facts[`ref ${name}`] = line;
  }
}

/** With `except` the index's bytes may differ, but the meaning of every other entry may not. */
async function addIndex(
  facts: Record<string, string>,
  path: string,
  gitDir: string,
  except: ReadonlySet<string>,
): Promise<void> {
  const entries = await askGit(path, ["ls-files", "--stage", "-v", "-z"]);
  for (const entry of entries.split("\0").filter(Boolean)) {
    const name = entry.slice(entry.indexOf("\t") + 1);
    if (!except.has(name))
      facts[`index ${name} ${entry.slice(0, entry.indexOf("\t")).slice(-1)}`] = entry;
  }
  if (except.size === 0) addFile(facts, gitDir, "index");
}

function theirWorktrees(list: string, moved: boolean): string {
  return list
    .split("\n\n")
    .filter((block) => !/^locked pleach/m.test(block))
    .map((block) => (moved ? block.replace(/^HEAD .*$/m, "") : block))
    .map((block) => block.trim())
    .join("\n\n");
}

/** Every file, link and folder below `folder` by its relative name, `.git` at the top left out; sorted. */
function filesBelow(folder: string): [string, string][] {
  const found: [string, string][] = [];
  const walk = (relative: string): void => {
    const here = join(folder, relative);
    for (const entry of readdirSync(here, { withFileTypes: true })) {
      if (relative === "" && entry.name === ".git") continue;
      const name = relative === "" ? entry.name : `${relative}/${entry.name}`;
      found.push([name, describe(join(folder, name))]);
      if (entry.isDirectory()) walk(name);
    }
  };
  if (existsSync(folder)) walk("");
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

function describe(file: string): string {
  const facts = lstatSync(file);
  const mode = (facts.mode & 0o7777).toString(8);
  if (facts.isSymbolicLink()) return `link ${readlinkSync(file)}`;
  if (facts.isDirectory()) return `folder ${mode}`;
  if (!facts.isFile()) return `special ${mode}`;
  return `file ${mode} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
}
