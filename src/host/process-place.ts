/** Which programs are at work, and where: read from /proc, so that a lock file is not taken from somebody who lives, nor an object
 *  believed that somebody is about to delete. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { environmentOf, hasProc, isKernelThread, newestPid } from "./process-table.ts";

export interface ProgramAtWork {
  readonly pid: number;
  /** Its working directory; undefined where we may not look. */
  readonly folder: string | undefined;
  /** What `GIT_DIR` says in its environment. */
  readonly gitDir: string | undefined;
}

/** The pids of processes called `program` (or `program-…`) whose working directory is in one of the folders. Undefined
 *  where the machine does not tell. */
export function processesIn(
  program: string,
  folders: readonly string[],
): readonly number[] | undefined {
  if (!hasProc) return undefined;
  return pidsCalled(program).filter((pid) => isIn(pid, folders));
}

/** The processes called `program` (or `program-…`) one of whose words is of this kind; none where the machine does not tell. */
export function programsCalled(program: string, word: RegExp): readonly ProgramAtWork[] {
  if (!hasProc) return [];
  return pidsCalled(program).flatMap((pid) => {
    const text = looked(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    if (text?.split("\0").some((each) => word.test(each)) !== true) return [];
    const folder = looked(() => readlinkSync(`/proc/${pid}/cwd`));
    const gitDir = /(?:^|\0)GIT_DIR=([^\0]*)/.exec(environmentOf(pid) ?? "")?.[1];
    return [{ pid, folder, gitDir }];
  });
}

/** Most of a machine's processes are the kernel's own threads, which are never a program: they are asked once. A pid is given
 *  again only after all others were. */
const kernelThreads = { pids: new Set<number>(), others: new Set<number>(), newestPid: 0 };

function pidsCalled(program: string): readonly number[] {
  const newest = newestPid();
  if (newest < kernelThreads.newestPid || kernelThreads.others.size > rememberedMax) {
    kernelThreads.pids.clear();
    kernelThreads.others.clear();
  }
  kernelThreads.newestPid = newest;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 0 && pid !== process.pid)
    .filter((pid) => !kernelThreads.pids.has(pid) && isCalled(pid, program));
}

const rememberedMax = 10_000;

function isCalled(pid: number, program: string): boolean {
  const name = looked(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "";
  if (name === program || name.startsWith(`${program}-`)) return true;
  const { pids, others } = kernelThreads;
  if (!others.has(pid)) (isKernelThread(pid) ? pids : others).add(pid);
  return false;
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
