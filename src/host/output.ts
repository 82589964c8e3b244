/** Takes in what a program prints, however much it is: the end of each stream in memory, the beginning of both in a log. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

const tailBytesMax = 64 * 1024;

/** The last bytes of a stream. */
export interface Tail {
  /** Copies what it keeps. */
  add(chunk: Buffer): void;
  text(): string;
}

/** What a program prints, not read before somebody takes it in. */
export interface ProgramOutput {
  /** Gives it in pieces, which are the taker's only until it returns; settles when it has ended. Called once. */
  takeIn(take: (chunk: Buffer) => void): Promise<void>;
  /** Reads no more. */
  close(): void;
}

/** A log file of limited size. */
export interface OutputLog {
  add(chunk: Buffer, stream: "stdout" | "stderr"): void;
  /** Nothing more will come: what was held back is written. */
  end(): void;
  close(): void;
}

export function makeTail(): Tail {
  let held = Buffer.alloc(0);
  let length = 0;
  let bytes = 0;
  return {
    add(chunk) {
      const part = chunk.subarray(Math.max(0, chunk.length - tailBytesMax));
      bytes += chunk.length;
      if (length + part.length > held.length) {
        const kept = Math.min(length, tailBytesMax - part.length);
        const old = held.subarray(length - kept, length);
        const needed = old.length + part.length;
        const next = needed > held.length ? Buffer.alloc(tailRoom(needed)) : held;
        old.copy(next);
        held = next;
        length = old.length;
      }
      part.copy(held, length);
      length += part.length;
    },
    text: () => textFrom(held.subarray(0, length), bytes > tailBytesMax),
  };
}

/** Twice as much as is needed, so that its end moves to the front only now and then. */
function tailRoom(needed: number): number {
  return Math.min(2 * needed, 2 * tailBytesMax);
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
    end: () => undefined,
    close: () => closeSync(handle),
  };
}

/** What comes out of a stream of Node's. */
export function readStream(stream: Readable): ProgramOutput {
  return {
    takeIn: (take) => {
      stream.on("data", take);
      return ended(stream);
    },
    close: () => stream.destroy(),
  };
}

/** Settles when the stream has closed. */
export function ended(stream: Readable): Promise<void> {
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
