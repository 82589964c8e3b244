/** The trees of a snapshot: what the unit's commit may hold, and everything that a commit can hold. */
import type { Sha } from "../core/id.ts";
import type { Difference } from "./difference.ts";
import { directTree } from "./direct-tree.ts";
import type { GitPlace } from "./git.ts";
import type { Leftover } from "./leftover.ts";
import { beginIndex, changeIndex, type IndexScope, writeTree } from "./snapshot-index.ts";

export interface TreesRequest {
  readonly place: GitPlace & { readonly workTree: string };
  readonly base: Sha;
  readonly config?: readonly string[];
  readonly plainContent?: boolean;
}

export interface SnapshotTrees {
  readonly changeTree: Sha;
  readonly snapshotTree: Sha;
  /** From the base to the first, where they are known. */
  readonly differences?: readonly Difference[];
  /** Paths that git would not take. */
  readonly failed: readonly string[];
  readonly failedExtras: readonly string[];
}

/** Without an index, where that is sure to come to the same. */
export async function directly(
  request: TreesRequest,
  leftover: Leftover,
): Promise<SnapshotTrees | undefined> {
  if (request.plainContent !== true || leftover.attributes) return undefined;
  const direct = await directTree(request, leftover);
  if (direct === undefined) return undefined;
  const { tree, differences } = direct;
  const refused = { failed: [], failedExtras: [] };
  return { changeTree: tree, snapshotTree: tree, differences, ...refused };
}

export async function throughIndex(
  request: TreesRequest,
  { edited, added, deletes, unskipped, extras }: Leftover,
  indexFile: string,
): Promise<SnapshotTrees> {
  const scope = scopeOf(request);
  await beginIndex(scope.place, indexFile);
  const failed = await changeIndex(scope, {
    reread: edited,
    // An entry that is gone has no mark either that its file is left out.
    remove: [...deletes, ...unskipped],
    add: [...edited.map((entry) => entry.path), ...unskipped, ...added],
  });
  const changeTree = await writeTree(scope);
  const failedExtras = await changeIndex(scope, { reread: [], remove: [], add: extras });
  const snapshotTree = extras.length === 0 ? changeTree : await writeTree(scope);
  return { changeTree, snapshotTree, failed, failedExtras };
}

export function scopeOf({ place, base, config }: TreesRequest): IndexScope {
  const { gitDir, workTree } = place;
  return { place: { gitDir, workTree }, config: config ?? [], oidLength: base.length };
}
