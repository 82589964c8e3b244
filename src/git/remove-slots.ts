/** Taking worktrees of a run away. Only what bears our mark and is named for the run goes; what was found and kept is named,
 *  with the reason. It must never delete through a mount, nor what holds the user's repository or checkout. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { fileFailure } from "../host/file.ts";
import {
  type FoundSlot,
  isOurRoot,
  markerName,
  runWorktrees,
  type SlotHome,
  type SlotNumber,
  slotName,
} from "./slot-home.ts";
import { mountsBelow, removeEmpty } from "./trash.ts";
import { discardFound, emptySlotTrash, openSlotTrash, type SlotPool } from "./worktree.ts";

export interface SlotsRemoved {
  readonly removed: readonly string[];
  readonly kept: readonly { readonly path: string; readonly why: string }[];
  /** The worktrees are gone by name; this deletes their files, which takes longer, and must be waited for before we end. */
  finish(): Promise<void>;
}

/** Removes the slots named, or all of the run: git forgets them and their folders have moved away when this answers. `spare` says
 *  why one must stay. */
export async function removeSlots(
  home: SlotHome | SlotPool,
  numbers?: readonly SlotNumber[],
  spare?: (found: FoundSlot) => Promise<string | undefined>,
): Promise<SlotsRemoved> {
  const trash = "trash" in home ? home.trash : openSlotTrash(home);
  const names = numbers === undefined ? undefined : new Set(numbers.map(slotName));
  const mounts = await mountsBelow(home.root);
  const asked = (await runWorktrees(home)).filter((found) => names?.has(found.name) ?? true);
  const kept: { readonly path: string; readonly why: string }[] = [];
  for (const found of asked) {
    const why = reasonToKeep(home, found, mounts) ?? (await spare?.(found));
    if (why !== undefined) kept.push({ path: found.path, why });
  }
  const removed = asked.filter((found) => !kept.some((other) => other.path === found.path));
  await Promise.all(
    removed.map((found) => {
      if ("known" in home) home.known.delete(found.name);
      return discardFound(trash, found);
    }),
  );
  await removeEmpty(path.join(home.repository.commonDir, "worktrees"));
  if (names === undefined && kept.length === 0) await removeRoot(home);
  const finish = async (): Promise<void> => {
    await emptySlotTrash(home, trash);
    await removeEmpty(path.dirname(home.root));
  };
  return { removed: removed.map((found) => found.path), kept, finish };
}

function reasonToKeep(
  home: SlotHome,
  found: FoundSlot,
  mounts: readonly string[],
): string | undefined {
  const { commonDir, topLevel } = home.repository;
  if ([commonDir, topLevel].some((own) => own === found.path || own.startsWith(`${found.path}/`)))
    return "the repository or its checkout lies in it";
  const mount = mounts.find((point) => point === found.path || point.startsWith(`${found.path}/`));
  return mount === undefined ? undefined : `${mount} is mounted in it`;
}

/** The folder of the slots, if it is ours and holds nothing else; without our mark, which somebody took away under us, only if it
 *  holds nothing at all. */
async function removeRoot(home: SlotHome): Promise<void> {
  if (await isOurRoot(home)) {
    const marker = path.join(home.root, markerName);
    try {
      await rm(marker, { force: true });
    } catch (error) {
      throw fileFailure(error, `delete ${marker}`);
    }
  }
  await removeEmpty(home.root);
}
