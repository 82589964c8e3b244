/** Which programs are at work in a folder: read from /proc, so that a lock file is not taken from somebody who lives. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { hasProc } from "./process-table.ts";

/** The pids of processes called `program` (or `program-…`) whose working directory is in one of the folders. Undefined
 *  where the machine does not tell. */
export function processesIn(
  program: string,
  folders: readonly string[],
): readonly number[] | undefined {
  if (!hasProc) return undefined;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid)
    .filter((pid) => isCalled(pid, program) && isIn(pid, folders));
}

function isCalled(pid: number, program: string): boolean {
  const name = looked(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "";
  return name === program || name.startsWith(`${program}-`);
}

function isIn(pid: number, folders: readonly string[]): boolean {
  const cwd = looked(() => readlinkSync(`/proc/${pid}/cwd`));
  if (cwd === undefined) return false;
  return folders.some((folder) => cwd === folder || cwd.startsWith(folder + path.sep));
}

/** Undefined where the process is gone, or is somebody else's. */
function looked<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM")
      return undefined;
    throw error;
  }
}
