/** Transcripts on the disk: JSONL, one file an agent, durable before it is believed, without keys and what looks like one. Only
 *  the agent itself writes to its file; whoever reads takes a last line that was cut short for one that never happened. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { AgentId } from "../core/desk.ts";
import { Failure } from "../core/failure.ts";
import { noSpend, type Spend, sumOf } from "../core/spend.ts";
import { fileFailure, isAbsent, syncFolder, throughFlag, writesThrough } from "../host/file.ts";
import { redacted } from "./redaction.ts";
import type { TranscriptLine } from "./transcript-line.ts";

/** The folder of transcripts in an attempt's record. */
export const transcriptsFolder = "agents";

const ending = ".jsonl";

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | throughFlag;

export interface TranscriptText {
  readonly lines: readonly TranscriptLine[];
  /** How much of the file is whole lines. */
  readonly wholeBytes: number;
}

/** No lines where there is no file. Throws a Failure that names a line which is not as we wrote it. */
export async function readTranscript(file: string): Promise<TranscriptText> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (isAbsent(error)) return { lines: [], wholeBytes: 0 };
    throw fileFailure(error, `read ${file}`);
  }
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const texts = bytes.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1);
  return { lines: texts.map((text, position) => parseLine(file, text, position)), wholeBytes };
}

export interface Transcript {
  /** What was there when it was opened. */
  readonly before: readonly TranscriptLine[];
  /** Settles when the line will outlive a power cut. Lines keep the order in which they were given. */
  append(line: TranscriptLine): Promise<void>;
  /** Outlives a power cut at the latest when a line does that is appended after it, or after `written`; it waits a moment for
   *  such a line, to go to the disk together. Where it cannot be written, whatever comes after it cannot either. */
  appendSoon(line: TranscriptLine): void;
  /** Settles when everything will outlive one. */
  written(): Promise<void>;
  close(): Promise<void>;
}

export function transcriptFile(folder: string, agent: AgentId): string {
  return path.join(folder, `${agent}${ending}`);
}

/** Opens for appending; what a crash cut short is taken off first. `redact` is put over every text. */
export async function openTranscript(
  file: string,
  redact: (text: string) => string,
): Promise<Transcript> {
  const { lines: before, wholeBytes } = await readTranscript(file);
  let handle: FileHandle;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    handle = await open(file, appending);
    if ((await handle.stat()).size > wholeBytes) await handle.truncate(wholeBytes);
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw fileFailure(error, `open ${file}`);
  }
  const writer = new Writer(file, handle);
  const textOf = (line: TranscriptLine) => `${JSON.stringify(redacted(line, redact))}\n`;
  return {
    before,
    append: (line) => writer.append(textOf(line)),
    appendSoon: (line) => writer.appendSoon(textOf(line)),
    written: () => writer.written(),
    close: () => writer.close(),
  };
}

/** What each agent of an attempt has spent by its transcript; a call that was cut off counts with all that was reserved. */
export async function transcriptSpends(folder: string): Promise<ReadonlyMap<AgentId, Spend>> {
  const spends = new Map<AgentId, Spend>();
  for (const name of await namesIn(folder)) {
    if (!name.endsWith(ending)) continue;
    const { lines } = await readTranscript(path.join(folder, name));
    spends.set(name.slice(0, -ending.length), spendOf(lines));
  }
  return spends;
}

/** The same for all agents together. */
export async function transcriptSpend(folder: string): Promise<Spend> {
  return [...(await transcriptSpends(folder)).values()].reduce(sumOf, noSpend);
}

export function spendOf(lines: readonly TranscriptLine[]): Spend {
  let spent = noSpend;
  let open = noSpend;
  for (const line of lines) {
    if (line.type === "asked") open = line.reserved;
    if (line.type !== "answered" && line.type !== "unanswered") continue;
    spent = sumOf(spent, line.spend);
    open = noSpend;
  }
  return sumOf(spent, open);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `read ${folder}`);
  }
}

function parseLine(file: string, text: string, position: number): TranscriptLine {
  try {
    const line: unknown = JSON.parse(text);
    if (isLine(line)) return line;
  } catch (error) {
    throw corrupt(file, position, error);
  }
  throw corrupt(file, position);
}

function isLine(value: unknown): value is TranscriptLine {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
  );
}

function corrupt(file: string, position: number, cause?: unknown): Failure {
  const message = `${file} is damaged: line ${position + 1} is no line of a transcript`;
  return new Failure("repository", "transcript_corrupt", message, {
    advice: "move the file away: the agent then begins anew in what it left",
    cause,
  });
}

/** How long a line waits for the next one at most. */
const soonMs = 250;

/** Lines that come while others are on their way to the disk go together in the next write. After a write that failed there is
 *  none: a transcript has no gaps. */
class Writer {
  readonly #file: string;
  readonly #handle: FileHandle;
  #waiting = "";
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #soon: NodeJS.Timeout | undefined;

  constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  append(text: string): Promise<void> {
    this.#waiting += text;
    if (this.#next === undefined) {
      clearTimeout(this.#soon);
      this.#soon = undefined;
      this.#next = this.#last.then(() => this.#write());
      this.#last = this.#next;
      // Whoever gives lines, or waits for them, hears of a failure.
      this.#last.catch(() => undefined);
    }
    return this.#next;
  }

  appendSoon(text: string): void {
    this.#waiting += text;
    if (this.#next === undefined) this.#soon ??= setTimeout(() => void this.written(), soonMs);
  }

  written(): Promise<void> {
    return this.#waiting === "" ? this.#last : this.append("");
  }

  async close(): Promise<void> {
    await this.written().catch(() => undefined);
    await this.#handle.close();
  }

  async #write(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = "";
    this.#next = undefined;
    try {
      const bytes = Buffer.from(text);
      let written = 0;
      while (written < bytes.length) {
        written += (await this.#handle.write(bytes, written)).bytesWritten;
      }
      if (!writesThrough) await this.#handle.datasync();
    } catch (error) {
      throw fileFailure(error, `write ${this.#file}`);
    }
  }
}
