/** One look at the processes for all who ask for it at the same time: of many programs that end together each looks for what it
 *  left, and every process is read once for all of them. It never answers with what was read before it was asked for. */
import {
  environmentOf,
  hasProc,
  newestPid,
  type ProcessRow,
  readPids,
  readProcess,
  readPs,
} from "./process-table.ts";

export class ProcessLook {
  /** The pid that was given last before the list was read. */
  readonly newest: number;
  readonly #pids: readonly number[];
  readonly #rows: Map<number, ProcessRow | undefined>;
  readonly #environments = new Map<number, string | undefined>();

  constructor(
    newest: number,
    pids: readonly number[],
    rows: ReadonlyMap<number, ProcessRow> = new Map(),
  ) {
    this.newest = newest;
    this.#pids = pids;
    this.#rows = new Map(rows);
  }

  /** Every process that still runs; the dead that nobody has reaped and the kernel's own threads are left out. `above`
   *  leaves out those whose pid is not above it, unless pids have begun anew at 1 since. */
  rows(above: number): readonly ProcessRow[] {
    const floor = above > 0 && this.newest > above ? above : 0;
    return this.#pids.flatMap((pid) => (pid > floor ? (this.#row(pid) ?? []) : []));
  }

  /** The environment that a process was started with, as `environmentOf` has it, between two NULs. */
  environment(pid: number): string | undefined {
    if (!this.#environments.has(pid)) {
      const text = environmentOf(pid);
      this.#environments.set(pid, text === undefined || text === "" ? text : `\0${text}\0`);
    }
    return this.#environments.get(pid);
  }

  #row(pid: number): ProcessRow | undefined {
    if (!this.#rows.has(pid)) this.#rows.set(pid, readProcess(pid));
    return this.#rows.get(pid);
  }
}

let next: Promise<ProcessLook> | undefined;

/** Made in the next turn of the event loop. */
export function lookAtProcesses(): Promise<ProcessLook> {
  next ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    next = undefined;
    return look();
  });
  return next;
}

async function look(): Promise<ProcessLook> {
  const newest = newestPid();
  if (hasProc) return new ProcessLook(newest, readPids());
  const rows = new Map((await readPs()).map((row) => [row.pid, row]));
  return new ProcessLook(newest, [...rows.keys()], rows);
}
