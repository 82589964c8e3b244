/** Text from a named pipe, such as the shell's `<(command)`, without ever being stuck in it: opening one that nobody writes to
 *  would block a thread, and with it the end of the program. */
import { constants, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { Failure } from "../core/failure.ts";
import { isAbsent } from "./file.ts";

const silenceMaxMs = 30_000;

export async function isFifo(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFIFO();
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** All that its writers write, at most `bytesMax` and one chunk; A usage Failure where they stay silent for half a minute, or
 *  there are none. */
export async function readFifo(file: string, bytesMax: number): Promise<Buffer> {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.setTimeout(silenceMaxMs, () => {
    const advice = "let its writer end, or give the name of a file";
    pipe.destroy(
      new Failure("usage", "pipe_silent", `nothing comes from the pipe ${file}`, { advice }),
    );
  });
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of pipe) {
    parts.push(part as Buffer);
    total += (part as Buffer).length;
    if (total > bytesMax) break;
  }
  return Buffer.concat(parts);
}
