/** Where the files of a run lie: the journal and its records beside the repository's objects, the exchange in the state directory. */
import path from "node:path";
import type { RunId, UnitId } from "../core/id.ts";
import type { Repository } from "../git/repository.ts";

export interface RunFolder {
  /** `<git common dir>/pleach/runs/<run>`. */
  readonly root: string;
  readonly journal: string;
  /** Where the text of a commit lies while git reads it. */
  readonly commitDraft: string;
  /** Where other processes leave requests. */
  readonly inbox: string;
  /** `<state>/exchange/<repo>/<run>`. */
  readonly exchange: string;
}

export function runsFolder(repository: Repository): string {
  return path.join(repository.commonDir, "pleach", "runs");
}

/** Held by the one process that runs here; no `*.lock`, for it lives as long as a run. */
export function runnerLock(repository: Repository): string {
  return path.join(repository.commonDir, "pleach", "runner");
}

export function runFolder(repository: Repository, stateHome: string, run: RunId): RunFolder {
  const root = path.join(runsFolder(repository), run);
  return {
    root,
    journal: path.join(root, "journal.jsonl"),
    commitDraft: path.join(root, "commit.draft"),
    inbox: path.join(root, "inbox"),
    exchange: path.join(stateHome, "exchange", repository.name, run),
  };
}

/** Relative to the run's folder: the logs, the task and the result of one attempt. */
export function recordOf(unit: UnitId, attempt: number): string {
  return `units/${unit}/${attempt}`;
}
