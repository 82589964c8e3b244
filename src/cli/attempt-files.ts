/** Reads what an attempt left in the run's folder. A worker wrote some of it: links are not followed, nothing outside the folder is
 *  read, and of a long file only the end. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import path from "node:path";
import type { AgentId } from "../core/desk.ts";
import { Failure } from "../core/failure.ts";
import type { RunState, UnitState } from "../core/run.ts";
import type { Reason } from "../core/worker.ts";
import { type AttemptStory, attemptStories } from "../view/attempts.ts";
import { reasonOf } from "../view/document.ts";
import type { LogFile } from "../view/story.ts";
import { sayReason } from "../view/words.ts";
import type { RunReading } from "./doors.ts";

export interface AttemptFiles {
  readonly attempt: number;
  readonly story: AttemptStory | undefined;
  readonly files: readonly LogFile[];
}

const filesMax = 100;
const fileBytesMax = 256 * 1024;
/** What was printed comes first, what it was told last. */
const order = ["output.log", "setup.log", "check", "transcript", "other", "RESULT.json", "TASK.md"];
/** Of use to us alone. */
const internals = ["place.json", "codemod-job.json", "codemod-report.jsonl", "FILES"];

export interface Wanted {
  /** The last if absent. */
  readonly attempt: number | undefined;
  /** The internals too. */
  readonly all: boolean;
}

export async function readAttempt(
  { state, lines, folder }: RunReading,
  name: string,
  wanted: Wanted,
): Promise<AttemptFiles> {
  const unit = state.units.find(({ id }) => id === name);
  if (!unit) {
    const advice = "see `pleach status` for its units";
    throw new Failure("usage", "unknown_unit", `run ${state.run} has no unit ${name}`, { advice });
  }
  if (unit.attempts === 0) throw neverBegan(unit);
  const attempt = wanted.attempt ?? lastOf(unit);
  if (attempt < 1 || attempt > unit.attempts) {
    const message = `${unit.id} has no attempt ${attempt}: it was tried ${unit.attempts} times`;
    throw new Failure("usage", "unknown_attempt", message, { advice: "see `pleach status`" });
  }
  const stories = attemptStories(lines);
  const toldAs = storyOf(unit, attempt);
  const begun = stories.find((one) => one.unit === unit.id && one.attempt === toldAs);
  const story = begun && { ...begun, attempt, ...endOf(unit, begun) };
  const record = `units/${unit.id}/${attempt}`;
  const own = await filesIn(folder, record);
  const isTold = own.some(isTranscript);
  const shown = own.filter((file) => wanted.all || isForPeople(inRecord(file), isTold));
  const checks = checkLogs(state, unit, { story, record });
  const named = [...checks].flatMap(([log, { ran }]) => (ran ? [log] : []));
  const begins = beginnings(unit, attempt);
  const names = [...new Set([...shown, ...named])].sort(byPlace(checks, begins)).slice(0, filesMax);
  const files = await Promise.all(
    names.map(async (file) => {
      const read = await readEnd(folder, file);
      const { title, why } = checks.get(file) ?? {};
      return read && { ...read, ...(title && { title }), ...(why && { why }) };
    }),
  );
  const found = files.filter((file) => file !== undefined);
  return { attempt, story, files: await Promise.all(found.map(readable)) };
}

function neverBegan(unit: UnitState): Failure {
  const reason = reasonOf(unit);
  const why = reason === undefined ? "" : ` (${sayReason(reason)})`;
  return new Failure("usage", "unknown_attempt", `${unit.id} has not begun${why}: it has no logs`, {
    advice: "see `pleach status`",
  });
}

/** Of several at once the one whose work was taken. */
function lastOf({ attempts, newest, chosen = 0 }: UnitState): number {
  return chosen >= newest ? chosen : attempts;
}

/** The attempt under whose number the journal tells of this one; undefined where it tells of another way that was chosen. */
function storyOf({ newest, chosen = 0 }: UnitState, attempt: number): number | undefined {
  if (attempt < newest || chosen < newest) return attempt;
  return attempt === chosen ? newest : undefined;
}

/** A transcript is for programs as it lies on the disk. */
async function readable(file: LogFile): Promise<LogFile> {
  if (!isTranscript(file.name)) return file;
  const { transcriptText } = await import("./transcript-text.ts");
  return { ...file, text: transcriptText(file.text) };
}

/** Why one that we stopped was stopped only its unit knows. */
function endOf(unit: UnitState, { attempt, reason, end }: AttemptStory): { reason?: Reason } {
  const last = attempt === unit.attempts && end === "stopped" ? reasonOf(unit) : undefined;
  return reason === undefined && last !== undefined ? { reason: last } : {};
}

async function filesIn(folder: string, under: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, under), {
    withFileTypes: true,
    recursive: true,
  }).catch(absent);
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

/** Without `units/<unit>/<attempt>/`. */
function inRecord(file: string): string {
  return file.split("/").slice(3).join("/");
}

function isTranscript(file: string): boolean {
  return /(?:^|\/)agents\/[^/]+\.jsonl$/.test(file);
}

/** What tools printed is in the transcripts: `isTold`. */
function isForPeople(name: string, isTold: boolean): boolean {
  return !internals.includes(name) && !(isTold && name.startsWith("outputs/"));
}

interface CheckLog {
  readonly title?: string;
  /** Why it is red. */
  readonly why?: string | undefined;
  /** The journal says so. */
  readonly ran: boolean;
}

/** The logs of checks on the attempt and on what was merged of it. */
function checkLogs(
  { plan, settings }: RunState,
  { id }: UnitState,
  { story, record }: { readonly story: AttemptStory | undefined; readonly record: string },
): ReadonlyMap<string, CheckLog> {
  const own = plan.units.find((unit) => unit.id === id)?.checks ?? [];
  const logs = new Map<string, CheckLog>();
  for (const [position, { name }] of [...settings.unitChecks, ...own].entries()) {
    logs.set(`${record}/check-${position + 1}.log`, { title: `check ${name}`, ran: false });
  }
  for (const { name, log, message } of story?.checks ?? []) {
    if (log !== undefined) {
      logs.set(log, { title: `check ${name}, on the merged tree`, why: message, ran: true });
    }
  }
  const { log, message } = story?.reason ?? {};
  if (log !== undefined) logs.set(log, { why: message, ...logs.get(log), ran: true });
  return logs;
}

type Compare = (a: string, b: string) => number;

function byPlace(
  checks: ReadonlyMap<string, CheckLog>,
  begins: ReadonlyMap<AgentId, number>,
): Compare {
  const placeOf = (file: string): number => {
    const name = order.indexOf(inRecord(file));
    if (name >= 0) return name;
    if (checks.has(file)) return order.indexOf("check");
    return order.indexOf(isTranscript(file) ? "transcript" : "other");
  };
  const inTurn = byBeginning(begins);
  return (a, b) => placeOf(a) - placeOf(b) || inTurn(a, b) || byName.compare(a, b);
}

const byName = new Intl.Collator("en", { numeric: true });

/** An agent stands before its subagents, and they before whoever began after it: `researcher`, `coder`, `coder.1`, `reviewer`. */
function byBeginning(begins: ReadonlyMap<AgentId, number>): Compare {
  return (a, b) => {
    if (!isTranscript(a) || !isTranscript(b)) return 0;
    const [left, right] = [lineage(a), lineage(b)];
    const at = left.findIndex((agent, depth) => agent !== right[depth]);
    const [one, other] = [left[at], right[at]];
    if (one === undefined || other === undefined) return left.length - right.length;
    // Whom the journal does not know comes last.
    const from = begins.get(one) ?? Number.MAX_VALUE;
    return from - (begins.get(other) ?? Number.MAX_VALUE) || byName.compare(one, other);
  };
}

/** `coder`, `coder.1`, `coder.1.2` of the transcript of the last. */
function lineage(file: string): readonly AgentId[] {
  const parts = path.basename(file, ".jsonl").split(".");
  return parts.map((_, depth) => parts.slice(0, depth + 1).join("."));
}

/** When each began first: one whose attempt was cut off has a transcript that goes on in the next. */
function beginnings({ agents }: UnitState, attempt: number): ReadonlyMap<AgentId, number> {
  const begins = new Map<AgentId, number>();
  for (const one of agents) {
    if (one.attempt > attempt) continue;
    begins.set(one.agent, Math.min(one.startedAt, begins.get(one.agent) ?? one.startedAt));
  }
  return begins;
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
