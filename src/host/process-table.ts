/** What processes there are: read from /proc where there is one, else asked of `ps`. It only looks; ending is in
 *  process-tree.ts. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { startProcess } from "./process.ts";

export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Grows with the time of start: clock ticks since boot on Linux, seconds since the epoch elsewhere. */
  readonly start: number;
}

export const hasProc = process.platform === "linux";

const statBytesMax = 4096;
const statBuffer = Buffer.alloc(statBytesMax);
const startField = 19;
const kernelThreadFlag = 0x00200000;
const outputBytesMax = 8 * 1024 * 1024;

/** The pids of all processes in /proc. */
export function readPids(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** One process from /proc; undefined where it is gone, dead or a thread of the kernel. */
export function readProcess(pid: number): ProcessRow | undefined {
  const fields = readFields(pid);
  if (fields === undefined) return undefined;
  const [state, parent, group, session] = fields;
  const kernel = (Number(fields[6]) & kernelThreadFlag) !== 0;
  if (state === "Z" || state === "X" || kernel) return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    start: Number(fields[startField]),
  };
}

export function isKernelThread(pid: number): boolean {
  return (Number(readFields(pid)?.[6] ?? 0) & kernelThreadFlag) !== 0;
}

/** When a process started, as in ProcessRow, though it be dead already; 0 where nobody knows. */
export function startOf(pid: number): number {
  return Number(readFields(pid)?.[startField] ?? 0);
}

/** What /proc says of it after its name. */
function readFields(pid: number): readonly string[] | undefined {
  const text = hasProc ? readStat(pid) : undefined;
  // The name in parentheses may itself hold spaces and parentheses.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** The environment a process was started with, `KEY=value` separated by NUL. Empty while it is starting another program;
 *  undefined where it is gone or we may not look. */
export function environmentOf(pid: number): string | undefined {
  if (!hasProc) return undefined;
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    if (isGoneOrForeign(error)) return undefined;
    throw error;
  }
}

function readStat(pid: number): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/stat`, "r");
    return statBuffer.toString("latin1", 0, readSync(file, statBuffer, 0, statBytesMax, 0));
  } catch (error) {
    if (isGoneOrForeign(error)) return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The pid that was given last; it grows with every new process and thread until pids begin anew. 0 where unknown. */
export function newestPid(): number {
  if (!hasProc) return 0;
  return Number(readFileSync("/proc/loadavg", "latin1").trim().split(" ").at(-1));
}

function isGoneOrForeign(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}

/** All that run, as `ps` tells. */
export async function readPs(): Promise<readonly ProcessRow[]> {
  const text = await askPs(["-axo", "pid=,ppid=,pgid=,stat=,lstart="]);
  return text.split("\n").flatMap((line): ProcessRow[] => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith("Z")) return [];
    const start = Date.parse(started.join(" ")) / 1000;
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), session: -1, start }];
  });
}

/** What `ps` says, empty if it cannot be asked. */
export async function askPs(args: readonly string[]): Promise<string> {
  const child = startProcess("ps", args, {
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    timeout: 5000,
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= outputBytesMax) chunks.push(chunk);
  });
  await new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  return Buffer.concat(chunks).toString("utf8");
}
