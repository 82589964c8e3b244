/** Which paths the base's own rules ignore. A worker may write ignore files, even one that hides itself, so where any of them
 *  differs from the base git is asked in a scratch folder that holds nothing but the base's. */
import { copyFile, lstat, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isAbsent } from "../host/file.ts";
import { onDisk } from "./disk-path.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";

export interface IgnoreQuestion {
  /** Its index holds the base's entries and nothing else. */
  readonly place: GitPlace;
  readonly commonDir: string;
  /** Bytes, as latin1. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Whether `info/exclude` is as it was before the worker began. */
  readonly excludeTrusted: boolean;
}

export function isIgnoreFile(name: string): boolean {
  return name === ".gitignore" || name.endsWith("/.gitignore");
}

/** Whether nobody has written `info/exclude` since; `since` is milliseconds since the epoch. */
export async function isExcludeOlder(
  commonDir: string,
  since: number | undefined,
): Promise<boolean> {
  if (since === undefined) return true;
  try {
    return (await lstat(path.join(commonDir, "info/exclude"))).ctimeMs < since;
  } catch (error) {
    if (isAbsent(error)) return true;
    throw error;
  }
}

/** Those of the paths that the base ignores; folders without a slash at the end. */
export async function ignoredByBase(question: IgnoreQuestion): Promise<ReadonlySet<string>> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), "pleach-rules-"));
  try {
    const tree = path.join(scratch, "tree");
    const gitDir = path.join(scratch, "git");
    await mkdir(path.join(gitDir, "objects"), { recursive: true });
    await mkdir(path.join(gitDir, "refs"));
    await mkdir(path.join(gitDir, "info"));
    await mkdir(tree);
    await writeFile(path.join(gitDir, "HEAD"), "ref: refs/heads/none\n");
    await writeRules(question.place, tree);
    // Only what is a folder on the disk can match a rule for folders.
    for (const folder of question.folders) await mkdir(onDisk(tree, folder), { recursive: true });
    if (question.excludeTrusted) await copyExclude(question.commonDir, gitDir);
    return await ask({ gitDir, workTree: tree }, question);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeRules(place: GitPlace, tree: string): Promise<void> {
  const listed = await git(place, ["ls-files", "-z", "--", ":(top,glob)**/.gitignore"], {
    encoding: "latin1",
  });
  if (listed.stdout === "") return;
  const checkout = ["checkout-index", "-q", "-f", "--ignore-skip-worktree-bits"];
  await git(place, [...checkout, `--prefix=${tree}/`, "-z", "--stdin"], {
    input: Buffer.from(listed.stdout, "latin1"),
  });
}

async function copyExclude(commonDir: string, gitDir: string): Promise<void> {
  try {
    await copyFile(path.join(commonDir, "info/exclude"), path.join(gitDir, "info/exclude"));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function ask(scratch: GitPlace, question: IgnoreQuestion): Promise<ReadonlySet<string>> {
  const paths = [...question.files, ...question.folders];
  if (paths.length === 0) return new Set();
  const own = await git(
    question.place,
    ["config", "--type=path", "-z", "--get", "core.excludesFile"],
    { codes: [0, 1] },
  );
  const answer = await git(scratch, ["check-ignore", "-z", "--stdin", "--no-index"], {
    input: Buffer.from(paths.map((name) => `${name}\0`).join(""), "latin1"),
    encoding: "latin1",
    codes: [0, 1],
    ...(own.code === 0 ? { config: [`core.excludesFile=${zeroSeparated(own.stdout)[0]}`] } : {}),
  });
  return new Set(zeroSeparated(answer.stdout));
}
