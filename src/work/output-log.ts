/** The log of what a program printed, both streams in the order in which they came: its end for people and later attempts,
 *  its last line for the eyes while the program runs. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { isAbsent } from "../host/file.ts";
import type { ProcessResult } from "../host/run-process.ts";
import { lastLineOf, tailCharactersMax, tailOf } from "./tail.ts";

/** Enough for the characters of a tail, whatever their size in UTF-8. */
const endBytesMax = 20_000;
const lookAgainMs = 500;

/** How much of a program's output a log keeps. */
export const outputBytesMax = 50_000_000;

/** The end of what a program printed; its part of the log begins at `from`. A log that was full has lost the end: then the
 *  ends of both streams stand in. */
export async function outputEnd(
  logFile: string,
  from: number,
  { stdoutTail, stderrTail }: ProcessResult,
): Promise<string> {
  const full = (await sizeOf(logFile)) - from > outputBytesMax;
  if (!full) return logEnd(logFile, from);
  const half = tailCharactersMax / 2 - 1;
  return [tailOf(stdoutTail, half), tailOf(stderrTail, half)]
    .filter((tail) => tail !== "")
    .join("\n");
}

/** The end of a log that may still be without an end; its part of the log begins at `from`. */
export async function logEnd(logFile: string, from: number): Promise<string> {
  return tailOf(await readEnd(logFile, from));
}

export async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
}

/** Tells the last line of a growing log, at most twice a second and only when it is another. */
export function followLog(file: string, tell: (line: string) => void): { stop(): void } {
  let size = 0;
  let told: string | undefined;
  const look = async () => {
    const grown = await sizeOf(file);
    if (grown === size) return;
    size = grown;
    const line = lastLineOf(await readEnd(file, 0));
    if (line !== undefined && line !== told) tell(line);
    told = line;
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    // Activity may be missed: a log that cannot be read shows itself where it matters, at the end.
    look()
      .catch(() => undefined)
      .finally(() => {
        looking = false;
      });
  }, lookAgainMs);
  return { stop: () => clearInterval(timer) };
}

async function readEnd(file: string, from: number): Promise<string> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - endBytesMax);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
