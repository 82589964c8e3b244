/** The journal on the disk: one line a fact, durable before it is believed. Only the loop's process writes; others read. It must
 *  never skip a line it does not understand. */
import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import path from "node:path";
import { type JournalLine, journalVersion } from "../core/event.ts";
import { Failure, messageOf } from "../core/failure.ts";
import { foldRun } from "../core/reduce.ts";
import type { RunState } from "../core/run.ts";
import { fileFailure, isAbsent, syncFolder, throughFlag, writesThrough } from "../host/file.ts";

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | throughFlag;

export interface JournalText {
  readonly lines: readonly JournalLine[];
  /** How much of the file is whole lines; what follows was cut short and never happened. */
  readonly wholeBytes: number;
}

/** Undefined where there is no journal, or where not even its first line is whole: such a run never began. Throws a Failure
 *  that names the line for anything else that is not as we wrote it. */
export async function readJournal(file: string): Promise<JournalText | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileFailure(error, `read ${file}`);
  }
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const texts = bytes.subarray(0, wholeBytes).toString("utf8").split("\n").slice(0, -1);
  const lines = texts.map((text, position) => parseLine(file, text, position));
  return lines.length === 0 ? undefined : { lines, wholeBytes };
}

/** The state after all lines; a Failure where they cannot be a journal of ours. */
export function foldJournal(file: string, lines: readonly JournalLine[]): RunState {
  try {
    const state = foldRun(lines);
    if (state !== undefined) return state;
  } catch (error) {
    throw corrupt(file, messageOf(error), error);
  }
  throw corrupt(file, "it is empty");
}

export interface Journal {
  /** Settles when the lines will outlive a power cut. */
  append(lines: readonly JournalLine[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens for appending; what a crash cut short is taken off first. */
export async function openJournal(file: string, wholeBytes: number): Promise<Journal> {
  let handle: FileHandle;
  try {
    handle = await open(file, appending);
    if ((await handle.stat()).size > wholeBytes) await handle.truncate(wholeBytes);
    await syncFolder(path.dirname(file));
  } catch (error) {
    throw fileFailure(error, `open ${file}`);
  }
  return {
    append: async (lines) => {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
      try {
        await handle.appendFile(text);
        if (!writesThrough) await handle.datasync();
      } catch (error) {
        throw fileFailure(error, `write ${file}`);
      }
    },
    close: () => handle.close(),
  };
}

function parseLine(file: string, text: string, position: number): JournalLine {
  const where = `line ${position + 1}`;
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (error) {
    throw corrupt(file, `${where} is no JSON`, error);
  }
  if (!isLine(line)) throw corrupt(file, `${where} is no line of a journal`);
  if (line.v > journalVersion) {
    const message = `${file} was written by a newer Pleach (format ${line.v}, this one knows ${journalVersion})`;
    throw new Failure("environment", "journal_newer", message, {
      advice: "update Pleach, then try again",
    });
  }
  if (line.seq !== position) throw corrupt(file, `${where} has the number ${line.seq}`);
  return line;
}

function isLine(value: unknown): value is JournalLine {
  if (typeof value !== "object" || value === null) return false;
  const line = value as Partial<Record<keyof JournalLine, unknown>>;
  const numbers = [line.v, line.seq, line.at].every(Number.isSafeInteger);
  const event = line.event as { readonly type?: unknown } | null | undefined;
  return numbers && typeof event === "object" && typeof event?.type === "string";
}

function corrupt(file: string, why: string, cause?: unknown): Failure {
  return new Failure("repository", "journal_corrupt", `${file} is damaged: ${why}`, {
    advice:
      "restore it from a backup; branches and snapshots of the run are still in git (git for-each-ref refs/pleach refs/heads/pleach)",
    cause,
  });
}
