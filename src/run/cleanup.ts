/** What is taken away after a run, and what stays: nothing that did not land goes without a person's word, and what stays is named. */
import { rm, rmdir } from "node:fs/promises";
import type { CleanDepth } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import { candidateRef, integrationRef, type RefName, type Sha, type UnitId } from "../core/id.ts";
import { unitPositions } from "../core/plan.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { isAncestor } from "../git/ancestor.ts";
import { listRefs, updateRefs } from "../git/ref.ts";
import { removeSlots } from "../git/remove-slots.ts";
import type { SlotPool } from "../git/worktree.ts";
import { errorCode } from "../host/file.ts";
import type { RunFolder } from "./folder.ts";

type Cleaned = Extract<RunEvent, { type: "cleaned" }>;

/** `end`: worktrees, and branches whose work the result holds. `landed`: snapshots of what landed too. `discard`: all of it. */
export async function cleanUp(
  pool: SlotPool,
  folder: RunFolder,
  state: RunState,
  depth: CleanDepth,
): Promise<Cleaned> {
  const keepsWorktrees = depth === "end" && state.settings.keep;
  const slots = await removeSlots(pool, keepsWorktrees ? ["integration"] : undefined);
  const refs = await cleanRefs(pool, state, depth);
  await rm(folder.exchange, { recursive: true, force: true });
  await removeIfEmpty(folder.inbox);
  await slots.finish();
  return {
    type: "cleaned",
    removed: [...slots.removed, ...refs.removed],
    kept: [...slots.kept.map(({ path, why }) => `${path} (${why})`), ...refs.kept],
  };
}

async function cleanRefs(pool: SlotPool, state: RunState, depth: CleanDepth) {
  const { repository } = pool;
  const branches = await listRefs(repository, `refs/heads/pleach/${state.run}/`);
  const snapshots = await listRefs(repository, `refs/pleach/${state.run}/`);
  const all = [...branches, ...snapshots];
  const done: [RefName, Sha][] = [];
  for (const [ref, sha] of all) {
    if (depth === "discard" || (await isDone(pool, state, depth, ref, sha))) done.push([ref, sha]);
  }
  const updates = done.map(([ref, sha]) => ({ ref, new: null, old: sha }));
  if (updates.length > 0) await updateRefs(repository, updates);
  const gone = new Set(done.map(([ref]) => ref));
  const kept = all.map(([ref]) => ref).filter((ref) => !gone.has(ref) && !hasLanded(state, ref));
  return { removed: [...gone], kept };
}

/** A snapshot of what the target has: it stays until `pleach clean`, but nobody need be told of it. */
function hasLanded(state: RunState, ref: RefName): boolean {
  return targetHasResult(state) && unitOf(state, ref)?.at.phase === "merged";
}

/** Also after an undo that was refused. */
function targetHasResult({ landing }: RunState): boolean {
  return landing.phase === "landed" || landing.phase === "undo_refused";
}

function unitOf(state: RunState, ref: RefName): UnitState | undefined {
  const [, folder, run, name] = ref.replace("refs/heads/", "refs/").split("/");
  if (folder !== "pleach" || run !== state.run) return undefined;
  const position = unitPositions(state.plan.units).get(name as UnitId);
  return position === undefined ? undefined : state.units[position];
}

async function isDone(
  { repository }: SlotPool,
  state: RunState,
  depth: CleanDepth,
  ref: RefName,
  sha: Sha,
): Promise<boolean> {
  const landed = targetHasResult(state);
  if (ref === candidateRef(state.run)) return true;
  if (ref === integrationRef(state.run)) return landed || sha === state.plan.base;
  const unit = unitOf(state, ref);
  if (unit === undefined) return false;
  if (ref.startsWith("refs/pleach/")) {
    return depth === "landed" && landed && unit.at.phase === "merged";
  }
  // The branch of a unit that handed in nothing says nothing that the result does not say.
  const place = { gitDir: repository.commonDir };
  return unit.at.phase === "merged" || isAncestor(place, sha, state.integration);
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) throw error;
  }
}
