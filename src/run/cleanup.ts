/** What is taken away after a run, and what stays: nothing that did not land goes without a person's word, and what stays is named. */
import { rm, rmdir } from "node:fs/promises";
import path from "node:path";
import type { CleanDepth } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import { candidateRef, integrationRef, type RefName, type Sha, type UnitId } from "../core/id.ts";
import { unitPositions } from "../core/plan.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { checkedOutRefs } from "../git/checked-out.ts";
import { unsavedIn } from "../git/kept-slot.ts";
import { listRefs, type RefHome, updateRefs } from "../git/ref.ts";
import { removeSlots } from "../git/remove-slots.ts";
import { type FoundSlot, runWorktrees } from "../git/slot-home.ts";
import type { SlotPool } from "../git/worktree.ts";
import { errorCode } from "../host/file.ts";
import type { RunFolder } from "./folder.ts";
import { discardRecords, leftFolders } from "./record-cleanup.ts";

type Cleaned = Extract<RunEvent, { type: "cleaned" }>;

/** `end`: worktrees, and branches whose work the result holds. `landed`: snapshots of what landed too. `discard`: all of it, with
 *  what no commit could hold. */
export async function cleanUp(
  pool: SlotPool,
  folder: RunFolder,
  state: RunState,
  depth: CleanDepth,
): Promise<Cleaned> {
  const keepsWorktrees = depth === "end" && state.settings.keep;
  // Whoever kept worktrees may have worked in them.
  const spare =
    depth === "landed" && state.settings.keep
      ? (slot: FoundSlot) => unsavedIn(pool, slot)
      : undefined;
  const slots = await removeSlots(pool, keepsWorktrees ? ["integration"] : undefined, spare);
  const worktrees = keepsWorktrees ? await runWorktrees(pool) : [];
  const refs = await cleanRefs(pool, state, depth);
  await rm(folder.exchange, { recursive: true, force: true });
  await removeIfEmpty(path.dirname(folder.exchange));
  await removeIfEmpty(path.dirname(path.dirname(folder.exchange)));
  await removeIfEmpty(folder.inbox);
  await slots.finish();
  const discarded = depth === "discard" ? await discardRecords(folder, state) : [];
  return {
    type: "cleaned",
    removed: [...slots.removed, ...refs.removed, ...discarded],
    kept: [
      ...slots.kept.map((slot) => `${slot.path} (${slot.why})`),
      ...worktrees.map((worktree) => worktree.path),
      ...refs.kept,
      ...(depth === "landed" ? leftFolders(folder, state) : []),
    ],
  };
}

async function cleanRefs(pool: SlotPool, state: RunState, depth: CleanDepth) {
  const { repository } = pool;
  const prefix = `refs/heads/pleach/${state.run}/`;
  const merged = depth === "discard" ? {} : { within: state.integration };
  const [branches, snapshots, within] = await Promise.all([
    listRefs(repository, prefix),
    listRefs(repository, `refs/pleach/${state.run}/`),
    listRefs(repository, prefix, merged),
  ]);
  const all = [...branches, ...snapshots];
  const done = all.filter(
    ([ref, sha]) => depth === "discard" || isDone(state, depth, ref, sha, within),
  );
  const { free, used } = await apart(repository, done);
  const gone = await removeRefs(repository, free);
  const kept = all.map(([ref]) => ref).filter((ref) => !gone.has(ref) && !hasLanded(state, ref));
  return { removed: [...gone], kept: kept.map((ref) => used.get(ref) ?? ref) };
}

/** A branch that somebody has checked out stays, as git keeps it from `branch -d`: without it their HEAD would mean nothing. */
async function apart(repository: RefHome, refs: readonly (readonly [RefName, Sha])[]) {
  const used = new Map<RefName, string>();
  for (const [ref, place] of await checkedOutRefs(repository))
    used.set(ref, `${ref} (checked out at ${place})`);
  return { free: refs.filter(([ref]) => !used.has(ref)), used };
}

/** In one transaction; what somebody moves meanwhile is theirs now, and stays. Answers those that are gone. */
async function removeRefs(
  repository: RefHome,
  refs: readonly (readonly [RefName, Sha])[],
): Promise<ReadonlySet<RefName>> {
  let left = refs;
  while (left.length > 0) {
    const updates = left.map(([ref, sha]) => ({ ref, new: null, old: sha }));
    const moved = await updateRefs(repository, updates);
    if (moved.type === "moved") break;
    left = moved.ref === undefined ? [] : left.filter(([ref]) => ref !== moved.ref);
  }
  return new Set(left.map(([ref]) => ref));
}

/** A snapshot of what the target has: it stays until `pleach clean`, but nobody need be told of it. */
function hasLanded(state: RunState, ref: RefName): boolean {
  return targetHasResult(state) && unitOf(state, ref)?.at.phase === "merged";
}

/** Also after an undo that was refused; not where more was merged since. */
function targetHasResult({ landing, integration }: RunState): boolean {
  const isThere = landing.phase === "landed" || landing.phase === "undo_refused";
  return isThere && landing.new === integration;
}

function unitOf(state: RunState, ref: RefName): UnitState | undefined {
  const [, folder, run, name] = ref.replace("refs/heads/", "refs/").split("/");
  if (folder !== "pleach" || run !== state.run) return undefined;
  const position = unitPositions(state.plan.units).get(name as UnitId);
  return position === undefined ? undefined : state.units[position];
}

/** `within`: the branches whose commits the result holds. */
function isDone(
  state: RunState,
  depth: CleanDepth,
  ref: RefName,
  sha: Sha,
  within: ReadonlyMap<RefName, Sha>,
): boolean {
  const landed = targetHasResult(state);
  if (ref === candidateRef(state.run)) return true;
  // What somebody else committed there is theirs.
  if (ref === integrationRef(state.run)) {
    return (landed && sha === state.integration) || sha === state.plan.base;
  }
  const unit = unitOf(state, ref);
  if (unit === undefined) return false;
  if (ref.startsWith("refs/pleach/")) {
    return depth === "landed" && landed && unit.at.phase === "merged";
  }
  // A worktree that is kept stands on its unit's branch.
  if (depth === "end" && state.settings.keep) return false;
  // Nor does what handed in nothing, or was merged, say anything that the result does not say.
  return within.has(ref);
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "")) throw error;
  }
}
