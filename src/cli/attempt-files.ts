/** Reads what an attempt left in the run's folder. A worker wrote some of it: links are not followed, nothing outside the folder is
 *  read, and of a long file only the end. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { type AttemptStory, attemptStories } from "../view/attempts.ts";
import type { LogFile } from "../view/story.ts";
import type { RunReading } from "./doors.ts";

export interface AttemptFiles {
  readonly attempt: number;
  readonly story: AttemptStory | undefined;
  readonly files: readonly LogFile[];
}

const filesMax = 100;
const fileBytesMax = 256 * 1024;
/** Read first, in this order; the rest by name. */
const firstFiles = ["TASK.md", "RESULT.json"];

export async function readAttempt(
  { state, lines, folder }: RunReading,
  name: string,
  wanted: number | undefined,
): Promise<AttemptFiles> {
  const unit = state.units.find(({ id }) => id === name);
  if (!unit) {
    const advice = "see `pleach status` for its units";
    throw new Failure("usage", "unknown_unit", `run ${state.run} has no unit ${name}`, { advice });
  }
  const attempt = wanted ?? unit.attempts;
  if (attempt < 1 || attempt > unit.attempts) {
    const message = `${unit.id} has no attempt ${attempt}: it was tried ${unit.attempts} times`;
    throw new Failure("usage", "unknown_attempt", message, { advice: "see `pleach status`" });
  }
  const stories = attemptStories(lines);
  const story = stories.find((one) => one.unit === unit.id && one.attempt === attempt);
  const own = await filesIn(folder, path.join("units", unit.id, String(attempt)));
  const names = [...new Set([...own, ...checkLogs(story)])].slice(0, filesMax);
  const files = await Promise.all(names.map((file) => readEnd(folder, file)));
  const found = files.filter((file) => file !== undefined);
  return { attempt, story, files: await Promise.all(found.map(readable)) };
}

/** A transcript is for programs as it lies on the disk. */
async function readable(file: LogFile): Promise<LogFile> {
  if (!/(?:^|\/)agents\/[^/]+\.jsonl$/.test(file.name)) return file;
  const { transcriptText } = await import("./transcript-text.ts");
  return { ...file, text: transcriptText(file.text) };
}

async function filesIn(folder: string, under: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, under), {
    withFileTypes: true,
    recursive: true,
  }).catch(absent);
  const names = (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  return names.sort((a, b) => rank(a) - rank(b) || byName.compare(stem(a), stem(b)));
}

const byName = new Intl.Collator("en", { numeric: true });

/** An agent stands before its subagents: `coder`, then `coder.1`. */
function stem(file: string): string {
  return file.replace(/\.jsonl$/, "");
}

function rank(file: string): number {
  const position = firstFiles.indexOf(path.basename(file));
  return position < 0 ? firstFiles.length : position;
}

function checkLogs(story: AttemptStory | undefined): string[] {
  const logs = [...(story?.checks ?? []).map(({ log }) => log), story?.reason?.log];
  return logs.filter((log) => log !== undefined);
}

async function readEnd(folder: string, name: string): Promise<LogFile | undefined> {
  const file = path.resolve(folder, name);
  if (!file.startsWith(`${folder}${path.sep}`)) return undefined;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch(absent);
  if (!handle) return undefined;
  try {
    return await readHandle(handle, name);
  } finally {
    await handle.close();
  }
}

async function readHandle(handle: FileHandle, name: string): Promise<LogFile | undefined> {
  const found = await handle.stat();
  if (!found.isFile()) return undefined;
  const bytesLeftOut = Math.max(0, found.size - fileBytesMax);
  const buffer = Buffer.alloc(Math.min(found.size, fileBytesMax));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, bytesLeftOut);
  return { name, text: buffer.toString("utf8", 0, bytesRead), bytesLeftOut };
}

/** A file that is not there, or is a link, is nothing to read; anything else went wrong. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ELOOP") return undefined;
  throw error;
}
