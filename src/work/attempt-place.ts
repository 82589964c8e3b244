/** Where an attempt is done: a worktree at its base, set up, and with what an attempt that was cut off had left in it. */
import { mkdirSync } from "node:fs";
import { cp } from "node:fs/promises";
import path from "node:path";
import { transcriptsFolder } from "../agent/transcript.ts";
import { type RepoPath, unitRef } from "../core/id.ts";
import type { Place, Reason } from "../core/worker.ts";
import { restoreSnapshot } from "../git/restore-snapshot.ts";
import { type Checkout, prepareSlot, type Slot } from "../git/slot.ts";
import { fileFailure, isAbsent, writeAtomically } from "../host/file.ts";
import { markOf } from "../host/process-tree.ts";
import type { AttemptParts } from "./attempt-parts.ts";
import { checkoutOf } from "./checkout-mode.ts";
import { setUpWorktree } from "./setup.ts";

/** Says that the worktree was ready for this attempt: only then does what lies in it belong to the attempt. */
export const placeFile = "place.json";
export const setupLog = "setup.log";

export interface PlaceFile {
  readonly slot: Slot;
  /** How much of the tree it holds. */
  readonly checkout: Checkout["mode"];
  /** What set-up put there. */
  readonly made: readonly RepoPath[];
  /** When the worker may have begun, milliseconds since the epoch. */
  readonly since: number;
}

export function makePlace(parts: AttemptParts): Place {
  const record = path.join(parts.runRoot, parts.record);
  const { exchange, pool, slotNumber } = parts;
  try {
    mkdirSync(record, { recursive: true });
    mkdirSync(exchange, { recursive: true });
  } catch (error) {
    throw fileFailure(error, `make ${record}`);
  }
  return { worktree: path.join(pool.root, `slot-${slotNumber}`), exchange, record };
}

export type Prepared =
  | ({ readonly type: "ready" } & PlaceFile)
  | { readonly type: "refused"; readonly reason: Reason }
  | { readonly type: "stopped" };

export async function preparePlace(
  parts: AttemptParts,
  place: Place,
  signal: AbortSignal,
): Promise<Prepared> {
  const { pool, settings, assignment } = parts;
  const { run, unit, attempt: number, base } = assignment;
  try {
    const branch = parts.isApproach ? {} : { branch: unitRef(run, unit) };
    const content = { base, ...branch, checkout: checkoutOf(parts) };
    const slot = await parts.checkoutLane(() =>
      prepareSlot(pool, parts.slotNumber, content, { signal }),
    );

    const setup = await setUpWorktree(
      settings.setup,
      {
        worktree: slot.path,
        gitDir: slot.adminDir,
        checkout: pool.repository.topLevel,
        logFile: path.join(place.record, setupLog),
        mark: markOf({ run, unit, attempt: number }),
        sandbox: parts.sandbox?.(place),
        redact: parts.redact,
      },
      signal,
    );
    if (setup.type === "stopped") return setup;
    const log = `${parts.record}/${setupLog}`;
    if (setup.type === "failed") {
      const { message, tail } = setup;
      return { type: "refused", reason: { type: "worker_failed", message, paths: [], log, tail } };
    }
    if (setup.changed.length === 0) {
      await goOnFrom(parts, slot, place, signal);
      const checkout = content.checkout.mode;
      const ready: PlaceFile = { slot, checkout, made: setup.made, since: Date.now() };
      await writeAtomically(path.join(place.record, placeFile), JSON.stringify(ready));
      return { type: "ready", ...ready };
    }
    return { type: "refused", reason: { ...setupChanged(setup.changed), log } };
  } catch (error) {
    if (signal.aborted) return { type: "stopped" };
    throw error;
  }
}

/** The same commands on the same base would do it again. */
function setupChanged(paths: readonly RepoPath[]): Reason {
  const named = paths.slice(0, 5).join(", ");
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  const message = `set-up: setup.run made or changed what git does not ignore, which would pass for the worker's: ${named}${more}; commit that, have git ignore it, or change setup.run, then begin a new run`;
  return { type: "worker_failed", message, paths, final: true };
}

/** Puts back what the attempt had before it was cut off: its changes, and what its agents had said. */
async function goOnFrom(parts: AttemptParts, slot: Slot, place: Place, signal: AbortSignal) {
  const { cut, assignment, filterConfig: config } = parts;
  if (cut === undefined) return;
  const before = path.join(path.dirname(place.record), String(cut.attempt), transcriptsFolder);
  await copyIfThere(before, path.join(place.record, transcriptsFolder));
  if (cut.snapshot === undefined) return;
  const at = { base: assignment.base, snapshot: cut.snapshot };
  await restoreSnapshot({ ...slot.gitPlace, workTree: slot.path }, at, { config, signal });
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await cp(from, to, { recursive: true });
  } catch (error) {
    if (!isAbsent(error)) throw fileFailure(error, `copy ${from}`);
  }
}
