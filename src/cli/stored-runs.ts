/** The runs of a repository as their journals tell, for everybody who only reads. */
import { readdir } from "node:fs/promises";
import { isSettled } from "../core/decide.ts";
import { Failure } from "../core/failure.ts";
import { isRunId, type RunId } from "../core/id.ts";
import { nearestName } from "../core/nearest.ts";
import type { RunState } from "../core/run.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { fileFailure, isAbsent, readTextIfThere, stateHome } from "../host/file.ts";
import { isAlive, readLock } from "../host/lock.ts";
import { type RunFolder, runFolder, runnerLock, runsFolder } from "../run/folder.ts";
import { foldJournal, readJournal } from "../run/journal.ts";
import type { RunListing } from "../view/runs.ts";
import type { RunReading } from "./doors.ts";

export interface StoredRuns {
  readonly repository: Repository;
  readonly stateHome: string;
  folder(run: RunId): RunFolder;
  /** Every run that has begun, the newest first. */
  list(): Promise<readonly RunListing[]>;
  read(run: RunId): Promise<RunReading | undefined>;
  /** The run that is named, else the first that is wanted, the newest first. A run that cannot be read may be the one that is
   *  meant: it is never passed over for an older one. */
  pick(named: string | undefined, wanted: Wanted): Promise<RunReading>;
}

/** In order of preference; the last takes what is there. */
export type Wanted = readonly ((state: RunState) => boolean)[];

export const anyRun = () => true;
export const isUnfinished = (state: RunState) => state.at.phase !== "finished" || !isSettled(state);

export async function openStoredRuns(dir: string): Promise<StoredRuns> {
  const repository = await openRepository(dir, { allowUnborn: true });
  const home = stateHome();
  const folder = (run: RunId) => runFolder(repository, home, run);
  const read = (run: RunId) => readRun(repository, folder(run), run);
  const stored = { folder, read };
  return {
    repository,
    stateHome: home,
    ...stored,
    list: () => listRuns(repository, stored),
    pick: (named, wanted) => pickRun(repository, stored, named, wanted),
  };
}

type Stored = Pick<StoredRuns, "folder" | "read">;

async function readRun(
  repository: Repository,
  folder: RunFolder,
  run: RunId,
): Promise<RunReading | undefined> {
  const text = await readJournal(folder.journal);
  if (text === undefined) return undefined;
  const state = foldJournal(folder.journal, text.lines);
  const holder = await readLock(runnerLock(repository));
  const alive = holder?.run === run && (await isAlive(holder));
  return { state, lines: text.lines, folder: folder.root, alive };
}

async function runIds(repository: Repository): Promise<readonly RunId[]> {
  try {
    return (await readdir(runsFolder(repository))).filter(isRunId).sort().reverse();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `read ${runsFolder(repository)}`);
  }
}

type Listed = { readonly startedAt: number } & (
  | { readonly type: "run"; readonly reading: RunReading }
  | { readonly type: "unreadable"; readonly run: RunId; readonly failure: Failure }
);

async function listRuns(repository: Repository, stored: Stored): Promise<readonly RunListing[]> {
  return (await readAll(repository, stored)).map((listed) =>
    listed.type === "run"
      ? { type: "run", state: listed.reading.state, alive: listed.reading.alive }
      : { type: "unreadable", run: listed.run, message: listed.failure.message },
  );
}

/** The newest first. */
async function readAll(repository: Repository, stored: Stored): Promise<readonly Listed[]> {
  const all: Listed[] = [];
  for (const run of await runIds(repository)) {
    try {
      const reading = await stored.read(run);
      if (reading !== undefined) {
        all.push({ type: "run", reading, startedAt: reading.state.startedAt });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const startedAt = await beganAt(run, stored.folder(run).journal);
      all.push({ type: "unreadable", run, failure: error, startedAt });
    }
  }
  return all.sort((a, b) => b.startedAt - a.startedAt);
}

/** As its first line says; where that is lost too, its name tells the minute, of which the end is taken. */
async function beganAt(run: RunId, journal: string): Promise<number> {
  try {
    const first = (await readTextIfThere(journal))?.split("\n", 1)[0] ?? "";
    const { at } = JSON.parse(first) as { readonly at?: unknown };
    if (typeof at === "number") return at;
  } catch (error) {
    if (!(error instanceof Failure) && !(error instanceof SyntaxError)) throw error;
  }
  const [, year, month, day, hour, minute] = /^(....)(..)(..)-(..)(..)/.exec(run) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:59.999Z`) || 0;
}

async function pickRun(
  repository: Repository,
  stored: Stored,
  named: string | undefined,
  wanted: Wanted,
): Promise<RunReading> {
  if (named !== undefined) {
    const reading = isRunId(named) ? await stored.read(named) : undefined;
    if (reading === undefined) throw await unknownRun(repository, named);
    return reading;
  }
  const all = await readAll(repository, stored);
  for (const wants of wanted) {
    const found = all.find((one) => one.type === "unreadable" || wants(one.reading.state));
    if (found?.type === "unreadable") throw unreadable(found.run, found.failure);
    if (found !== undefined) return found.reading;
  }
  if (all.length > 0) {
    throw new Failure("repository", "no_such_run", "no run here is in a state for this", {
      advice: "see `pleach status --all`, then name the run",
    });
  }
  throw new Failure("repository", "no_run", "there is no run here", {
    advice: "begin one with `pleach run`",
  });
}

/** Of the same kind as when the run is named. */
function unreadable(run: RunId, { kind, code, message, advice, details }: Failure): Failure {
  return new Failure(kind, code, `run ${run} cannot be read: ${message}`, {
    advice: `name another run if you mean one (see \`pleach status --all\`), or ${advice}`,
    details: { ...details, run },
  });
}

async function unknownRun(repository: Repository, named: string): Promise<Failure> {
  const near = nearestName(named, await runIds(repository));
  const advice = near === undefined ? "see `pleach status --all`" : `did you mean ${near}?`;
  return new Failure("repository", "no_run", `there is no run ${named}`, { advice });
}
