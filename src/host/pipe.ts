/** Real pipes for the output of programs, and a file for their input. What Node calls a pipe is a socket on Linux: `> /dev/stderr`
 *  fails in it, and bash takes a socket as stdin for a remote login and reads the user's start files. */
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import os from "node:os";
import path from "node:path";
import { workerEnvironment } from "./environment.ts";
import { errorCode } from "./file.ts";
import { ended, type ProgramOutput } from "./output.ts";
import { startProcess } from "./process.ts";
import { startedApart } from "./starter.ts";

/** One pipe, both ends ours until the program has its own copy of `writeEnd`. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Of all pipes: what is read into it is taken in before anything else is read. */
const shared = Buffer.alloc(64 * 1024);
const batchSize = 16;
const pool: Pipe[] = [];
let making: Promise<boolean> | undefined;

/** A pipe, or undefined where none can be made: Node's own way will have to do. */
export async function takePipe(): Promise<Pipe | undefined> {
  if (process.platform !== "linux") return undefined;
  for (;;) {
    const spare = pool.pop();
    if (spare !== undefined) return spare;
    // Whoever needs some meanwhile waits for the same ones.
    making ??= fillPool();
    if (!(await making)) return undefined;
  }
}

async function fillPool(): Promise<boolean> {
  try {
    const made = await makePipes();
    pool.push(...made);
    return made.length > 0;
  } finally {
    making = undefined;
  }
}

/** What comes out of a pipe; closes its end by itself. Reading goes into one buffer of ours, again and again: a program that
 *  prints faster than anybody collects garbage would fill our memory. */
export function readPipe(pipe: Pipe): ProgramOutput {
  let socket: Socket | undefined;
  return {
    takeIn: (take) => {
      const callback = (bytes: number): boolean => {
        take(shared.subarray(0, bytes));
        return true;
      };
      const onread = { buffer: shared, callback };
      // Node passes on what it is given; its types know `onread` for connections only.
      const options: SocketConstructorOpts & { onread: typeof onread } = {
        ...{ fd: pipe.readEnd, readable: true, writable: false },
        onread,
      };
      socket = new Socket(options);
      return ended(socket);
    },
    close: () => {
      if (socket === undefined) closeSync(pipe.readEnd);
      else socket.destroy();
    },
  };
}

/** An open, nameless file that holds `text`, to be given as stdin and then closed. */
export function inputFile(text: string): number {
  const folder = mkdtempSync(path.join(os.tmpdir(), "pleach-"));
  try {
    const file = openSync(path.join(folder, "input"), "wx+", 0o600);
    const bytes = Buffer.from(text);
    // Writing at a position leaves the file's own position at its beginning, where the program is to read.
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(file, bytes, written, bytes.length - written, written);
    }
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makePipes(): Promise<Pipe[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "pleach-"));
  try {
    const names = Array.from({ length: batchSize }, (_, index) => path.join(folder, `${index}`));
    return (await makeFifos(names)) ? names.map(openPipe) : [];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeFifos(names: readonly string[]): Promise<boolean> {
  const args = ["-m", "600", ...names];
  const env = workerEnvironment();
  const descriptors = [undefined, undefined, undefined];
  try {
    const apart = await startedApart({ file: "mkfifo", args, cwd: "/", env, descriptors });
    if (apart !== undefined) return (await apart.exit).code === 0;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
  const child = startProcess("mkfifo", args, { stdio: "ignore" });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

function openPipe(name: string): Pipe {
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readEnd, writeEnd: openSync(name, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
}
