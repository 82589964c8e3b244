/** Ends whole families of processes: group, session, descendants by parent chain, and whoever carries our mark in its
 *  environment, so that a daemon that left its group and its parents is found too. It must never signal ourselves, those who
 *  started us, or a process that another attempt began. */
import { setTimeout as delay } from "node:timers/promises";
import { invariant } from "../core/failure.ts";
import type { RunId, UnitId } from "../core/id.ts";
import { lookAtProcesses } from "./process-look.ts";
import { newestPid, type ProcessRow } from "./process-table.ts";

/** Environment pairs that all processes of one family carry. */
export type Mark = Readonly<Record<string, string>>;

/** In the environment of everything runProcess starts: a name used once, after the names of the processes around it. */
export const processVariable = "PLEACH_PROCESS";

export interface ProcessTree {
  readonly pid: number;
  /** When the root started, as in ProcessRow. */
  readonly start: number;
  /** When the root started, by `performance.now()`. */
  readonly since: number;
  readonly mark: Mark;
  /** The root is bubblewrap, at whose end the kernel kills all within: only those within are asked to end. */
  readonly sandboxed: boolean;
}

const graceMsMax = 1000;
const killMs = 3000;
const pollMs = 25;
const pauseMsMax = 100;
/** Pids cannot have begun anew within so short a life. */
const shortLifeMs = 1000;
const looksMax = 20;
/** A program that cleared its environment looks like one that is just starting: it is not waited for long. */
const unclearLooksMax = 3;
const lookAgainMs = 2;

/** The mark of a run, of one unit of it, or of one attempt. */
export function markOf(of: { run: RunId; unit?: UnitId; attempt?: number }): Mark {
  return {
    PLEACH_RUN: of.run,
    ...(of.unit === undefined ? {} : { PLEACH_UNIT: of.unit }),
    ...(of.attempt === undefined ? {} : { PLEACH_ATTEMPT: String(of.attempt) }),
  };
}

/** Ends what is left of a tree: SIGTERM, up to a second of grace, SIGKILL until none is left. Answers within four seconds
 *  with the pids that would not die. */
export async function endTree(tree: ProcessTree): Promise<readonly number[]> {
  const members = () => membersOfTree(tree);
  const first = await members();
  if (first.length === 0) return [];
  const asked = tree.sandboxed ? first.filter((row) => row.pid !== tree.pid) : first;
  for (const row of asked) send(row.pid, "SIGTERM");
  const group = first.some((row) => row.group === tree.pid) ? tree.pid : undefined;
  return endAll(members, { group, graceMs: graceMsMax });
}

/** The processes with this mark that some runProcess, of ours or of a killed runner, has started. */
export async function survivorsOf(mark: Mark): Promise<readonly number[]> {
  return (await survivors(mark)).map((row) => row.pid);
}

/** Ends what a killed runner left running; without grace it is killed at once. Where there is no /proc none can be found. */
export async function endSurvivors(
  mark: Mark,
  { graceMs = graceMsMax }: { readonly graceMs?: number } = {},
): Promise<{ readonly found: readonly number[]; readonly left: readonly number[] }> {
  const found = await survivors(mark);
  for (const row of found) send(row.pid, "SIGTERM");
  const left = found.length === 0 ? [] : await endAll(() => survivors(mark), { graceMs });
  return { found: found.map((row) => row.pid), left };
}

async function endAll(
  members: () => Promise<readonly ProcessRow[]>,
  { group, graceMs }: { readonly group?: number | undefined; readonly graceMs: number },
): Promise<readonly number[]> {
  const asked = performance.now();
  const isPast = (ms: number) => performance.now() - asked >= ms;
  let left = await members();
  while (left.length > 0 && !isPast(graceMs)) {
    await delay(pollMs);
    left = await members();
  }
  // Those who were killed need the processor to end, the more the longer: looking at them all the time would hinder them.
  for (let pauseMs = 1; left.length > 0 && !isPast(graceMs + killMs); pauseMs *= 2) {
    // A whole group dies at one stroke, also while it forks.
    if (group !== undefined) send(-group, "SIGKILL");
    for (const row of left) send(row.pid, "SIGKILL");
    await delay(Math.min(pauseMs, pauseMsMax));
    left = await members();
  }
  return left.map((row) => row.pid);
}

function membersOfTree(tree: ProcessTree): Promise<readonly ProcessRow[]> {
  const pairs = pairsOf(tree.mark);
  return familyOf({
    above: performance.now() - tree.since < shortLifeMs ? tree.pid - 1 : 0,
    start: tree.start,
    leads: (row) => row.pid === tree.pid || row.group === tree.pid || row.session === tree.pid,
    marked: (environment) => carries(environment, pairs),
  });
}

function survivors(mark: Mark): Promise<readonly ProcessRow[]> {
  const pairs = pairsOf(mark);
  invariant(pairs.length > 0, "survivors need a mark, or every process would be one");
  return familyOf({
    above: 0,
    start: 0,
    leads: () => false,
    // A person may have exported PLEACH_RUN; only what we started has the second variable.
    marked: (environment) =>
      environment.includes(`${processVariable}=`) && carries(environment, pairs),
  });
}

interface Search {
  /** Pids up to this one, and processes that started before `start`, are none of the family. */
  readonly above: number;
  readonly start: number;
  readonly leads: (row: ProcessRow) => boolean;
  readonly marked: (environment: string) => boolean;
}

/** Those who lead or are marked, and all their descendants. That there are none is believed only when nobody has appeared
 *  while we looked: a process can fork and end between our reading the list of pids and our reading of it. */
async function familyOf(search: Search): Promise<readonly ProcessRow[]> {
  let above = search.above;
  let unclearLooks = 0;
  for (let looks = 1; ; looks += 1) {
    const look = await lookAtProcesses();
    const rows = look.rows(above).filter((row) => row.start >= search.start);
    let unclear = false;
    const seeds = rows.filter((row) => {
      if (search.leads(row)) return true;
      const environment = look.environment(row.pid);
      // While it starts another program it has none to see.
      unclear ||= environment === "";
      return environment !== undefined && search.marked(environment);
    });
    const found = withDescendants(seeds, rows);
    if (unclear) unclearLooks += 1;
    const lookAgain = unclear && unclearLooks < unclearLooksMax;
    if (found.length > 0 || looks === looksMax) return found;
    if (!lookAgain && newestPid() === look.newest) return [];
    above = lookAgain ? search.above : look.newest;
    if (lookAgain) await delay(lookAgainMs);
  }
}

function pairsOf(mark: Mark): readonly string[] {
  return Object.entries(mark).map(([name, value]) =>
    // Node's strings are UTF-16, the environment is read byte by byte.
    Buffer.from(`\0${name}=${value}`).toString("latin1"),
  );
}

/** A value is also carried if more was added to it after a slash: a Pleach within a Pleach. */
function carries(environment: string, pairs: readonly string[]): boolean {
  return pairs.every(
    (pair) => environment.includes(`${pair}\0`) || environment.includes(`${pair}/`),
  );
}

function withDescendants(
  seeds: readonly ProcessRow[],
  rows: readonly ProcessRow[],
): readonly ProcessRow[] {
  const spared = ourselves(rows);
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings === undefined) children.set(row.parent, [row]);
    else siblings.push(row);
  }
  const found = new Map<number, ProcessRow>();
  const open = [...seeds];
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    if (found.has(row.pid) || spared.has(row.pid)) continue;
    found.set(row.pid, row);
    open.push(...(children.get(row.pid) ?? []));
  }
  return [...found.values()];
}

/** We and those who started us. */
function ourselves(rows: readonly ProcessRow[]): ReadonlySet<number> {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const spared = new Set([1, process.pid, process.ppid]);
  let row = byPid.get(process.ppid);
  while (row !== undefined && !spared.has(row.parent)) {
    spared.add(row.parent);
    row = byPid.get(row.parent);
  }
  return spared;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It is gone already, or belongs to another user now: the next look tells.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
