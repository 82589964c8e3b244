/** Takes in what a program prints, however much it is: the end of each stream in memory, the beginning of both in a log. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

const tailBytesMax = 64 * 1024;

/** The last bytes of a stream. */
export interface Tail {
  add(chunk: Buffer): void;
  text(): string;
}

/** A log file of limited size. */
export interface OutputLog {
  add(chunk: Buffer): void;
  close(): void;
}

export function makeTail(): Tail {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      while (bytes - (chunks[0]?.length ?? 0) >= tailBytesMax) bytes -= chunks.shift()?.length ?? 0;
    },
    text: () => textFrom(Buffer.concat(chunks), bytes > tailBytesMax),
  };
}

/** Opens a log for the output of one program, after what it holds already. Writing is synchronous: what was printed is in
 *  the file even if we are killed a moment later. */
export function openLog(file: string, bytesMax: number): OutputLog {
  const handle = openSync(file, "a", 0o666);
  let room = bytesMax;
  let full = false;
  return {
    add(chunk) {
      if (full) return;
      const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
      writeWhole(handle, part);
      room -= part.length;
      if (part.length === chunk.length) return;
      full = true;
      writeWhole(handle, Buffer.from(`\n[pleach: output after ${bytesMax} bytes is left out]\n`));
    },
    close: () => closeSync(handle),
  };
}

/** Feeds a stream to those who take it in; the promise is kept when the stream has closed. */
export function takeIn(
  stream: Readable,
  takers: readonly ((chunk: Buffer) => void)[],
): Promise<void> {
  stream.on("data", (chunk: Buffer) => {
    for (const take of takers) take(chunk);
  });
  return new Promise((resolve) => {
    stream.once("close", resolve);
    // A pipe that breaks has ended: the program's own end tells what became of it.
    stream.once("error", () => resolve());
  });
}

function writeWhole(handle: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(handle, bytes, written);
}

/** Decodes the end of a stream, beginning with a whole character. */
function textFrom(bytes: Buffer, cut: boolean): string {
  let start = Math.max(0, bytes.length - tailBytesMax);
  if (cut) {
    while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  }
  return bytes.toString("utf8", start);
}
