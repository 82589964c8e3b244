/** What a unified diff asks for, file by file, in whatever dialect it was written: git's, plain, with counts that do not add
 *  up. It must never read or write a file; a text that cannot be understood is refused in one line. */
import type { StructuredPatch } from "diff";
import { messageOf } from "../core/failure.ts";
import { shown } from "../core/problem.ts";
import { refuse } from "./refusal.ts";

export interface FilePatch {
  /** Absent for a new file. */
  readonly from?: string;
  /** Absent for a file that is removed. */
  readonly to?: string;
  /** Permission bits, where the patch names them. */
  readonly mode?: number;
  readonly patch: StructuredPatch;
}

const filesMax = 200;
const hunksMax = 2000;
/** Lines of context that may be other than the patch says. */
const fuzzFactor = 2;

export async function parseFilePatches(text: string): Promise<readonly FilePatch[]> {
  const { parsePatch } = await import("diff");
  const unified = plainPatch(text);
  const parsed =
    attempt(() => parsePatch(unified)) ?? attempt(() => parsePatch(recounted(unified)));
  const patches = parsed ?? refuse(whyNot(() => parsePatch(unified)));
  const meant = patches.filter((one) => one.hunks.length > 0 || one.isGit === true);
  if (meant.length === 0) {
    refuse("it holds no hunk: each file begins with --- and +++, each change with @@ -1,3 +1,4 @@");
  }
  if (meant.length > filesMax) refuse(`it changes more than ${filesMax} files at once`);
  if (meant.reduce((sum, one) => sum + one.hunks.length, 0) > hunksMax) {
    refuse(`it has more than ${hunksMax} hunks`);
  }
  return meant.map(filePatch);
}

/** The text after the patch; undefined where it does not fit. */
export async function patched(text: string, patch: StructuredPatch): Promise<string | undefined> {
  const { applyPatch } = await import("diff");
  const made = applyPatch(text, patch, { fuzzFactor });
  return made === false ? undefined : made;
}

/** Models put patches into fences of Markdown, or leave out the newline at the end. */
function plainPatch(text: string): string {
  const unfenced = text.replace(/^\s*```\w*\n/, "").replace(/\n```\s*$/, "\n");
  return unfenced.endsWith("\n") ? unfenced : `${unfenced}\n`;
}

function filePatch(patch: StructuredPatch): FilePatch {
  const old = patch.oldFileName;
  const now = patch.newFileName;
  if (old === undefined || now === undefined) {
    return refuse("it does not say which file it changes: put --- and +++ lines before the @@");
  }
  if (patch.isBinary === true) refuse(`it changes the binary file ${shown(now)}`);
  if (patch.isCopy === true) refuse(`it copies ${shown(old)}: make the new file as new`);
  const none = "/dev/null";
  const isGit = (old === none || old.startsWith("a/")) && (now === none || now.startsWith("b/"));
  const plain = (name: string) => (isGit ? name.slice(2) : name);
  const isNew = old === none || patch.isCreate === true;
  const isGone = now === none || patch.isDelete === true;
  if (isNew && isGone) refuse("it names /dev/null on both sides");
  const mode = patch.newMode === undefined ? undefined : Number.parseInt(patch.newMode, 8) & 0o777;
  return {
    ...(isNew ? {} : { from: plain(old) }),
    ...(isGone ? {} : { to: plain(now) }),
    ...(mode === undefined ? {} : { mode }),
    patch,
  };
}

/** With headers that count the lines which are there. */
function recounted(text: string): string {
  const lines = text.split("\n");
  let header = -1;
  let counts = { old: 0, now: 0 };
  const finish = () => {
    const start = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(lines[header] ?? "");
    if (start) lines[header] = `@@ -${start[1]},${counts.old} +${start[2]},${counts.now} @@`;
  };
  for (const [at, line] of lines.entries()) {
    const isStart = line.startsWith("@@") || line.startsWith("diff ") || isFileHeader(lines, at);
    if (isStart) finish();
    if (isStart) header = line.startsWith("@@") ? at : -1;
    if (isStart) counts = { old: 0, now: 0 };
    else if (at < lines.length - 1) counts = counted(counts, line);
  }
  finish();
  return lines.join("\n");
}

function isFileHeader(lines: readonly string[], at: number): boolean {
  const before = lines[at - 1] ?? "";
  const after = lines[at + 1] ?? "";
  const line = lines[at] ?? "";
  return (
    (line.startsWith("--- ") && after.startsWith("+++ ")) ||
    (line.startsWith("+++ ") && before.startsWith("--- "))
  );
}

function counted(counts: { readonly old: number; readonly now: number }, line: string) {
  const isOld = line.startsWith("-") || line.startsWith(" ") || line === "";
  const isNow = line.startsWith("+") || line.startsWith(" ") || line === "";
  return { old: counts.old + (isOld ? 1 : 0), now: counts.now + (isNow ? 1 : 0) };
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function whyNot(parse: () => unknown): string {
  try {
    parse();
    return "it cannot be read";
  } catch (error) {
    return `it is no unified diff: ${messageOf(error).slice(0, 200)}`;
  }
}
