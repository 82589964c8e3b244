/** Where the symlinks of a change lead, read from what git holds of them, never from the disk. */
import type { RepoPath } from "../core/id.ts";
import { type Change, isHeld } from "../git/change.ts";
import { openObjects } from "../git/objects.ts";
import type { RefHome } from "../git/ref.ts";

const symlink = "120000";
const targetBytesMax = 100_000;

/** Of each symlink that is new or changed. One git answers for all of them: a worker may make ten thousand. */
export async function linkTargets(
  home: RefHome,
  changed: readonly Change[],
): Promise<ReadonlyMap<RepoPath, string>> {
  const links = changed.filter((change) => change.newMode === symlink && isHeld(change));
  const targets = new Map<RepoPath, string>();
  if (links.length === 0) return targets;
  const objects = openObjects(home, { blobBytesMax: targetBytesMax });
  try {
    for (const { path, oid } of links) {
      const blob = await objects.readBlob(oid);
      // What cannot be read counts as leading out of the repository.
      targets.set(path, blob.type === "blob" ? blob.bytes.toString("utf8") : "/");
    }
  } finally {
    await objects.close();
  }
  return targets;
}
