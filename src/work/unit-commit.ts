/** The commit of a unit's accepted attempt: ours, whatever the worker committed itself, on the attempt's base and with the trailers
 *  that say where it came from. */
import { Failure, invariant } from "../core/failure.ts";
import { type Sha, unitRef } from "../core/id.ts";
import type { Unit } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Assignment } from "../core/worker.ts";
import { commitMessage, commitTree, type Identity } from "../git/commit.ts";
import { isKept } from "../git/pruning.ts";
import { putRef } from "../git/ref.ts";
import type { Snapshot } from "../git/snapshot.ts";
import type { SlotPool } from "../git/worktree.ts";

export interface UnitCommitParts {
  readonly pool: SlotPool;
  readonly settings: Settings;
  readonly unit: Unit;
  readonly assignment: Assignment;
  readonly author: Identity;
  /** One of several at the same time: the unit's branch is put there once one is chosen. */
  readonly isApproach: boolean;
}

export function messageOf(
  { assignment, unit, settings }: UnitCommitParts,
  summary: string,
): string {
  return commitMessage({
    title: unit.title || unit.id,
    body: summary,
    trailers: {
      run: assignment.run,
      unit: unit.id,
      attempt: assignment.attempt,
      worker: unit.worker ?? settings.worker,
    },
  });
}

/** Puts the unit's branch at it. The snapshot's commit serves as the unit's where it holds just the change. */
export async function commitOf(
  parts: UnitCommitParts,
  snapshot: Snapshot,
  summary: string,
): Promise<Sha> {
  const { pool, assignment, author } = parts;
  const { run, unit, base } = assignment;
  const { changeTree: tree } = snapshot;
  invariant(tree !== undefined, "a change has a tree");
  const { commonDir: gitDir, standing } = pool.repository;
  const place = { gitDir, standing };
  const request = { tree, parents: [base], message: messageOf(parts, summary), author };
  const { plain, commit } = snapshot;
  const isMade = plain === true && commit !== undefined;
  const head = isMade ? commit : await commitTree(place, request);
  if (!parts.isApproach) {
    await putRef(pool.repository, { ref: unitRef(run, unit), new: head, likely: base });
  }
  if (!isMade && !(await isKept(pool.repository, { from: base, to: head, plain: true })))
    throw lost(head);
  return head;
}

/** The attempt is recovered then, and tried again. */
function lost(commit: Sha): Failure {
  return new Failure("repository", "objects_lost", `objects of the commit ${commit} vanished`, {
    advice: "stop the `git prune` that runs beside us, then `pleach resume`",
  });
}
