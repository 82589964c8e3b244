/** The runs of a repository as their journals tell, for everybody who only reads. */
import { readdir } from "node:fs/promises";
import { isSettled } from "../core/decide.ts";
import { Failure, messageOf } from "../core/failure.ts";
import { isRunId, type RunId } from "../core/id.ts";
import { nearestName } from "../core/nearest.ts";
import type { RunState } from "../core/run.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { fileFailure, isAbsent, stateHome } from "../host/file.ts";
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
  /** The run that is named, else the first that is wanted, the newest first. */
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
  return {
    repository,
    stateHome: home,
    folder,
    read,
    list: () => listRuns(repository, read),
    pick: (named, wanted) => pickRun(repository, read, named, wanted),
  };
}

type Read = StoredRuns["read"];

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

async function listRuns(repository: Repository, read: Read): Promise<readonly RunListing[]> {
  const listings: RunListing[] = [];
  for (const run of await runIds(repository)) {
    try {
      const reading = await read(run);
      if (reading !== undefined) {
        listings.push({ type: "run", state: reading.state, alive: reading.alive });
      }
    } catch (error) {
      listings.push({ type: "unreadable", run, message: messageOf(error) });
    }
  }
  return listings.sort((a, b) => startOf(b) - startOf(a));
}

function startOf(listing: RunListing): number {
  return listing.type === "run" ? listing.state.startedAt : 0;
}

async function pickRun(
  repository: Repository,
  read: Read,
  named: string | undefined,
  wanted: Wanted,
): Promise<RunReading> {
  if (named !== undefined) {
    const reading = isRunId(named) ? await read(named) : undefined;
    if (reading === undefined) throw await unknownRun(repository, named);
    return reading;
  }
  const runs = (await listRuns(repository, read)).flatMap((one) =>
    one.type === "run" ? [one.state] : [],
  );
  for (const wants of wanted) {
    const found = runs.find(wants);
    const reading = found === undefined ? undefined : await read(found.run);
    if (reading !== undefined) return reading;
  }
  if (runs.length > 0) {
    throw new Failure("repository", "no_such_run", "no run here is in a state for this", {
      advice: "see `pleach status --all`, then name the run",
    });
  }
  throw new Failure("repository", "no_run", "there is no run here", {
    advice: "begin one with `pleach run`",
  });
}

async function unknownRun(repository: Repository, named: string): Promise<Failure> {
  const near = nearestName(named, await runIds(repository));
  const advice = near === undefined ? "see `pleach status --all`" : `did you mean ${near}?`;
  return new Failure("repository", "no_run", `there is no run ${named}`, { advice });
}
