/** Puts a checkout in order after a move of it was cut short. A path whose file and index entry each equal the old or the new
 *  content (or the beginning of one, or none) is ours and is brought to the wanted side; all else is the user's and stays. */
import { rmdirSync, unlinkSync } from "node:fs";
import type { Sha } from "../core/id.ts";
import { errorCode, isAbsent } from "../host/file.ts";
import type { CheckedOut } from "./checked-out.ts";
import { isCutOff } from "./cut-file.ts";
import { absent, type Difference, gitlink } from "./difference.ts";
import { foldersAbove, onDisk } from "./disk-path.ts";
import { type FileContent, fileContents } from "./file-content.ts";
import { git, zeroSeparated } from "./git.ts";
import { inTheWay } from "./local-edits.ts";

export type Side = "old" | "new";

interface IndexEntry {
  readonly mode: string;
  readonly oid: Sha;
  /** The user's sparse checkout leaves the file out. */
  readonly skipped: boolean;
}

interface Step {
  readonly path: string;
  readonly mode: string;
  readonly oid: Sha;
  readonly skipped: boolean;
  readonly writeIndex: boolean;
  readonly writeFile: boolean;
  readonly removeFile: boolean;
}

/** `wanted` says the side of each path; paths without one are left alone. Answers the user's paths. */
export async function settle(
  checkout: CheckedOut,
  differences: readonly Difference[],
  wanted: (difference: Difference) => Side | undefined,
): Promise<readonly string[]> {
  const index = await indexEntries(checkout, differences);
  const goals = differences.flatMap((difference) => {
    const side = wanted(difference);
    return side === undefined ? [] : [goalOf(difference, side)];
  });
  // First what goes: a folder may have to make room for a file, or a file for a folder.
  const users = [
    ...(await reach(
      checkout,
      goals.filter((goal) => goal.mode === absent),
      index,
    )),
    ...(await reach(
      checkout,
      goals.filter((goal) => goal.mode !== absent),
      index,
    )),
  ];
  return [...new Set(users)].sort();
}

interface Goal {
  readonly difference: Difference;
  readonly path: string;
  readonly mode: string;
  readonly oid: Sha;
}

function goalOf(difference: Difference, side: Side): Goal {
  const { path } = difference;
  return side === "old"
    ? { difference, path, mode: difference.oldMode, oid: difference.oldOid }
    : { difference, path, mode: difference.newMode, oid: difference.newOid };
}

async function reach(
  checkout: CheckedOut,
  goals: readonly Goal[],
  index: ReadonlyMap<string, IndexEntry | "open">,
): Promise<readonly string[]> {
  const looked = goals.filter(({ path }) => index.get(path) !== "open");
  const contents = await fileContents(
    checkout,
    looked.map(({ path }) => path),
  );
  const users = goals.filter(({ path }) => index.get(path) === "open").map(({ path }) => path);
  const steps: Step[] = [];
  for (const goal of looked) {
    const entry = index.get(goal.path);
    const content = contents.get(goal.path);
    if (entry === "open" || content === undefined) continue;
    const known = await withoutCut(checkout, goal.difference, content);
    const step = stepOf(goal, entry, known);
    if (step === undefined) users.push(goal.path);
    else steps.push(step);
  }
  return [...users, ...(await take(checkout, steps))];
}

/** A file that git had only begun to write counts as none, though one is there. */
async function withoutCut(
  checkout: CheckedOut,
  difference: Difference,
  content: FileContent,
): Promise<FileContent | { readonly type: "cut" }> {
  if (content.type !== "file" || isOneSide(difference, content)) return content;
  return (await isCutOff(checkout, difference)) ? { type: "cut" } : content;
}

/** Undefined where the path is the user's. */
function stepOf(
  goal: Goal,
  entry: IndexEntry | undefined,
  content: FileContent | { readonly type: "cut" },
): Step | undefined {
  const { difference, path, mode, oid } = goal;
  const inIndex = entry ?? { mode: absent, oid: undefined };
  if (!isOneSide(difference, inIndex)) return undefined;
  const writeIndex = inIndex.mode !== mode || (mode !== absent && inIndex.oid !== oid);
  const skipped = entry?.skipped === true;
  const still = { path, mode, oid, skipped, writeIndex, writeFile: false, removeFile: false };
  const isModule = difference.oldMode === gitlink || difference.newMode === gitlink;
  if (skipped || isModule) return still;
  const action = fileAction(goal, content);
  return action && { ...still, ...action };
}

/** Undefined where the file is the user's. */
function fileAction(
  { difference, mode, oid }: Goal,
  content: FileContent | { readonly type: "cut" },
): { readonly writeFile: boolean; readonly removeFile: boolean } | undefined {
  const nothing = { writeFile: false, removeFile: false };
  // Where nothing is wanted, a folder may be the other side's, and its files have goals of their own.
  if (content.type === "other") return mode === absent ? nothing : undefined;
  // Where no file is, git was killed between taking the old one away and writing the new; there is nothing to lose. It may
  // have made the folder for one already.
  if (content.type === "nothing")
    return { writeFile: mode !== absent, removeFile: mode === absent };
  if (content.type === "file") {
    if (!isOneSide(difference, content)) return undefined;
    if (content.mode === mode && content.oid === oid) return nothing;
  }
  return { writeFile: mode !== absent, removeFile: mode === absent };
}

function isOneSide(
  difference: Difference,
  now: { readonly mode: string; readonly oid: Sha | undefined },
): boolean {
  const { oldMode, oldOid, newMode, newOid } = difference;
  if (now.mode === absent) return oldMode === absent || newMode === absent;
  return (
    (now.mode === oldMode && now.oid === oldOid) || (now.mode === newMode && now.oid === newOid)
  );
}

/** Answers paths that turned out to be in the way. */
async function take(checkout: CheckedOut, steps: readonly Step[]): Promise<readonly string[]> {
  for (const step of steps) if (step.removeFile) removeFile(checkout.workTree, step.path);
  const writes = steps.filter((step) => step.writeFile);
  const blocked = new Set(linksAbove(checkout.workTree, writes));
  const free = writes.filter(
    ({ path }) => !foldersAbove(path).some((folder) => blocked.has(folder)),
  );
  await writeIndex(
    checkout,
    steps.filter((step) => step.writeIndex),
  );
  if (free.length > 0)
    await git(checkout, ["checkout-index", "-f", "-u", "-q", "-z", "--stdin"], {
      input: Buffer.from(free.map((step) => `${step.path}\0`).join(""), "latin1"),
    });
  if (steps.some((step) => step.writeIndex || step.writeFile))
    await git(checkout, ["update-index", "-q", "--refresh"], { codes: [0, 1] });
  return [...blocked];
}

/** Git would remove a link that stands where it needs a folder. */
function linksAbove(root: string, writes: readonly Step[]): readonly string[] {
  const written = writes.map(({ path, mode, oid }) => ({
    path,
    oldMode: mode,
    newMode: mode,
    oldOid: oid,
    newOid: oid,
  }));
  return inTheWay(root, written, []);
}

/** With the folders that are empty then, as git does it. */
function removeFile(root: string, path: string): void {
  try {
    unlinkSync(onDisk(root, path));
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  for (const folder of foldersAbove(path).reverse()) {
    try {
      rmdirSync(onDisk(root, folder));
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return;
      if (!isAbsent(error)) throw error;
    }
  }
}

async function writeIndex(checkout: CheckedOut, steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return;
  const line = ({ mode, oid, path }: Step): string =>
    mode === absent ? `0 ${oid}\t${path}\0` : `${mode} ${oid}\t${path}\0`;
  const sorted = [...steps].sort((a, b) => Number(a.mode !== absent) - Number(b.mode !== absent));
  await git(checkout, ["update-index", "-z", "--index-info"], {
    input: Buffer.from(sorted.map(line).join(""), "latin1"),
  });
  const skipped = steps.filter((step) => step.skipped && step.mode !== absent);
  if (skipped.length > 0)
    await git(checkout, ["update-index", "-z", "--skip-worktree", "--stdin"], {
      input: Buffer.from(skipped.map((step) => `${step.path}\0`).join(""), "latin1"),
    });
}

/** The index entries of the paths; `open` where a merge left several. */
async function indexEntries(
  checkout: CheckedOut,
  differences: readonly Difference[],
): Promise<ReadonlyMap<string, IndexEntry | "open">> {
  const touched = new Set(differences.map(({ path }) => path));
  const answer = await git(checkout, ["ls-files", "-s", "-t", "-z"], { encoding: "latin1" });
  const found = new Map<string, IndexEntry | "open">();
  for (const line of zeroSeparated(answer.stdout)) {
    const tab = line.indexOf("\t");
    const path = line.slice(tab + 1);
    if (!touched.has(path)) continue;
    const [tag, mode = "", oid = "", stage] = line.slice(0, tab).split(" ");
    if (stage === "0") found.set(path, { mode, oid: oid as Sha, skipped: tag === "S" });
    else found.set(path, "open");
  }
  return found;
}
