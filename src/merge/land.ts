/** Landing: the target moves to the verified result by compare-and-swap, and what is checked out comes along. It must never move
 *  the target from a commit that the result does not contain, nor write over a file that the user changed. */
import type { Refusal, RunEvent } from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import { integrationRef, type RefName, type Sha } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import { isAncestor } from "../git/ancestor.ts";
import { type Moved, moveTarget } from "../git/landing.ts";
import { recoverMove } from "../git/landing-recovery.ts";
import { readRef, updateRefs } from "../git/ref.ts";
import type { Repository } from "../git/repository.ts";

export interface MoveRequest {
  readonly target: RefName;
  readonly old: Sha;
  readonly new: Sha;
  /** When the intent was recorded, milliseconds since the epoch. */
  readonly since: number;
}

export async function lookAtTarget(
  repository: Repository,
  target: RefName,
  integration: Sha,
): Promise<RunEvent> {
  const tip = (await readRef(repository, target)) ?? null;
  const place = { gitDir: repository.commonDir };
  const contained = tip !== null && (await isAncestor(place, tip, integration));
  return { type: "target-seen", tip, contained };
}

/** `resumed`: an earlier runner recorded the intent and was killed, perhaps in the middle. */
export async function land(
  repository: Repository,
  state: RunState,
  request: MoveRequest,
  resumed: boolean,
): Promise<RunEvent> {
  const move = { target: request.target, old: request.old, new: request.new };
  const landed: RunEvent = { type: "landed", ...move };
  if (resumed) {
    const found = await recoverMove(repository, request);
    if (found.type === "moved") return landed;
    if (found.type === "local_edits") {
      return { type: "land-refused", refusal: localEdits(state, move, found.paths) };
    }
  }
  const moved = await moveTarget(repository, { ...move, message: `pleach ${state.run}: land` });
  switch (moved.type) {
    case "moved":
      return landed;
    case "stale":
      return lookAtTarget(repository, move.target, state.integration);
    default:
      return { type: "land-refused", refusal: refusalOf(state, move, moved) };
  }
}

/** The result stays on the integration branch before the target leaves it, so that nothing is lost by an undo. */
export async function undo(
  repository: Repository,
  state: RunState,
  request: MoveRequest,
  resumed: boolean,
): Promise<RunEvent> {
  const { target, old } = request;
  const landing = { target, old, new: request.new };
  const back = { target, old: request.new, new: old, since: request.since };
  const undone: RunEvent = { type: "undone", ...landing };
  const made = await keepResult(repository, state, request.new);
  if (resumed) {
    const found = await recoverMove(repository, back);
    if (found.type === "moved") return undone;
    if (found.type === "local_edits") {
      return { type: "undo-refused", refusal: localEdits(state, back, found.paths) };
    }
  }
  const moved = await moveTarget(repository, { ...back, message: `pleach ${state.run}: undo` });
  if (moved.type === "moved") return undone;
  if (made) await dropResult(repository, state, request.new);
  return { type: "undo-refused", refusal: refusalOf(state, back, moved) };
}

/** True where the branch was not there and has been made. */
async function keepResult(repository: Repository, state: RunState, result: Sha): Promise<boolean> {
  const ref = integrationRef(state.run);
  if ((await readRef(repository, ref)) !== undefined) return false;
  const moved = await updateRefs(repository, [{ ref, new: result, old: null }]);
  return moved.type === "moved";
}

/** The target holds the result still, so that the branch would only be left over. */
async function dropResult(repository: Repository, state: RunState, result: Sha): Promise<void> {
  await updateRefs(repository, [{ ref: integrationRef(state.run), new: null, old: result }]);
}

function refusalOf(
  state: RunState,
  move: { readonly target: RefName },
  moved: Exclude<Moved, { type: "moved" }>,
): Refusal {
  const name = short(move.target);
  switch (moved.type) {
    case "local_edits":
      return localEdits(state, move, moved.paths);
    case "busy":
      return { type: "not_possible", message: moved.message, paths: [] };
    case "stale":
      return moved.tip === null
        ? { type: "target_missing", message: `the branch ${name} does not exist`, paths: [] }
        : {
            type: "target_moved",
            message: `${name} has moved on since the landing, to ${moved.tip}`,
            paths: [],
          };
    default:
      return unreachable(moved);
  }
}

function localEdits(
  { run }: RunState,
  { target }: { readonly target: RefName },
  paths: readonly string[],
): Refusal {
  const named = paths.slice(0, 5).join(", ");
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  const message = `your edits in the checkout of ${short(target)} would be lost: ${named}${more}; the result stays on ${short(integrationRef(run))}`;
  return { type: "local_edits", message, paths };
}

function short(ref: RefName): string {
  return ref.replace("refs/heads/", "");
}
