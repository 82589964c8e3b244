/** Whether a worktree that was kept for people still holds only what is in a commit or a snapshot of its run. It only looks; where
 *  it cannot tell, it says so. */
import { Failure, messageOf } from "../core/failure.ts";
import type { Sha } from "../core/id.ts";
import { someOf } from "../core/text.ts";
import { secureAdmin } from "./admin-guard.ts";
import { walkDisk } from "./disk-walk.ts";
import { type GitPlace, git } from "./git.ts";
import { isSafeToLook } from "./hazards.ts";
import { listRefs } from "./ref.ts";
import { type FoundSlot, readPlainText, type SlotHome } from "./slot-home.ts";
import { readStatus } from "./status.ts";

const pathsNamed = 3;

/** Why it must not be thrown away unasked, such as `nothing else holds note.txt`; undefined where it may. What git ignores does not
 *  count, as with `git worktree remove`. */
export async function unsavedIn(home: SlotHome, slot: FoundSlot): Promise<string | undefined> {
  const { adminDir, path: workTree } = slot;
  if (adminDir === undefined || slot.state !== "whole") return undefined;
  const { commonDir } = home.repository;
  const head = await readPlainText(`${adminDir}/HEAD`);
  if (head?.startsWith(`ref: refs/heads/pleach/${home.run}/`) !== true) {
    return "its HEAD is on no branch of the run";
  }
  try {
    secureAdmin(adminDir, commonDir);
    const walk = await walkDisk(workTree, { skip: new Set() });
    if (!isSafeToLook(workTree, walk)) return "what lies in it keeps git from looking";
    return await unsaved(home, { gitDir: adminDir, workTree });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `git cannot tell what is in it: ${messageOf(error)}`;
  }
}

async function unsaved(
  home: SlotHome,
  place: GitPlace & { readonly workTree: string },
): Promise<string | undefined> {
  const { tracked, untracked } = await readStatus(place, { untracked: true });
  const edited = tracked.filter(({ unstaged }) => unstaged !== ".").map(({ path }) => path);
  const loose = [...edited, ...untracked].sort();
  if (loose.length > 0) {
    return `nothing else holds ${someOf(loose, pathsNamed)}`;
  }
  if (tracked.length === 0) return undefined;
  const tree = (await git(place, ["write-tree"])).stdout.trim();
  const saved = await snapshotTrees(home);
  return saved.has(tree) ? undefined : "nothing else holds what is staged in it";
}

async function snapshotTrees(home: SlotHome): Promise<ReadonlySet<string>> {
  const { repository, run } = home;
  const snapshots: Sha[] = [...(await listRefs(repository, `refs/pleach/${run}/`)).values()];
  if (snapshots.length === 0) return new Set();
  const { stdout } = await git({ gitDir: repository.commonDir }, [
    ...["rev-parse", ...snapshots.map((snapshot) => `${snapshot}^{tree}`)],
  ]);
  return new Set(stdout.split("\n"));
}
