/** Folders of their own for tests, and what tests ask of processes. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished, vi } from "vitest";

/** A new folder, removed when the test has finished. */
export function scratchFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "pleach-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable file and answers with its path. */
export function program(folder: string, name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** Whether a process runs: one that is dead and not yet reaped does not. Asked of the kernel, not of our own code. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** The running processes that have this `KEY=value` in their environment. */
export function runningWith(pair: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isRunning(pid) && environmentOf(pid).includes(pair));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return [];
    throw error;
  }
}

/** The number that a program writes into a file, once it has. */
export async function numberIn(file: string): Promise<number> {
  return await vi.waitUntil(
    () => {
      try {
        return Number(readFileSync(file, "utf8").match(/^(\d+)\n/)?.[1] ?? 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
        throw error;
      }
    },
    { timeout: 20_000, interval: 5 },
  );
}
