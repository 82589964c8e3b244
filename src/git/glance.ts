/** What a worker has changed so far, while it still has its worktree. It writes no object, moves no ref and takes nothing
 *  away, so it may be asked for at any time at which no process of the worker runs; what counts in the end is a snapshot. */
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import type { RepoPath, Sha } from "../core/id.ts";
import { slotIndex } from "./admin-dir.ts";
import { secureAdmin } from "./admin-guard.ts";
import { type Change, changeOf } from "./change.ts";
import { absent } from "./difference.ts";
import { onDisk } from "./disk-path.ts";
import { walkDisk } from "./disk-walk.ts";
import type { GitPlace } from "./git.ts";
import { isSafeToLook } from "./hazards.ts";
import { isExcludeOlder } from "./ignored.ts";
import { readLeftover } from "./leftover.ts";
import { pathToBytes } from "./path-text.ts";
import { defaultFileBytesMax } from "./snapshot.ts";

export interface GlanceRequest {
  readonly place: GitPlace & { readonly workTree: string };
  readonly commonDir: string;
  readonly base: Sha;
  readonly checkout: "full" | "sparse";
  /** Ignored paths that set-up made. */
  readonly kept: readonly RepoPath[];
  /** The folder where a snapshot would keep what no commit can hold. */
  readonly leftFolder: string;
  /** When the worker began, milliseconds since the epoch. */
  readonly since: number;
  readonly config: readonly string[];
}

export interface Glance {
  readonly changed: readonly Change[];
  /** Where each new or changed symlink leads. */
  readonly links: ReadonlyMap<RepoPath, string>;
}

/** Stands for content that nobody has hashed. */
const unhashed = "f".repeat(40) as Sha;
const link = "120000";
const file = "100644";

/** Undefined where looking is not safe, or not cheap: then only a snapshot can tell. */
export async function glance(request: GlanceRequest): Promise<Glance | undefined> {
  const { place, commonDir, base, since, config, leftFolder } = request;
  const indexFile = slotIndex(place.gitDir, request.checkout);
  const kept = new Set(request.kept.map(pathToBytes));
  if (!existsSync(indexFile) || !existsSync(place.workTree)) return undefined;
  const walk = await walkDisk(place.workTree, { skip: kept });
  if (!isSafeToLook(place.workTree, walk)) return undefined;
  secureAdmin(place.gitDir, commonDir);
  const { edited, added, deletes, unskipped, unheld } = await readLeftover({
    place: { ...place, indexFile },
    ...{ commonDir, base, kept, config, leftFolder },
    sparse: request.checkout === "sparse",
    fileBytesMax: defaultFileBytesMax,
    excludeTrusted: await isExcludeOlder(commonDir, since),
  });
  const changes = [
    ...edited.map(({ path, mode }) => changeIn(place.workTree, path, mode)),
    ...unskipped.map((path) => changeIn(place.workTree, path, file)),
    ...added.map((path) => changeIn(place.workTree, path, absent)),
    ...deletes.map((path) => changeOf({ ...gone, path })),
  ];
  const links = changes.flatMap(({ path, newMode }): readonly [RepoPath, string][] => {
    if (newMode !== link) return [];
    return [[path, readlinkSync(onDisk(place.workTree, pathToBytes(path))).toString()]];
  });
  const changed = [...changes, ...unheld].sort((a, b) => (a.path < b.path ? -1 : 1));
  return { changed, links: new Map(links) };
}

const gone = { oldMode: file, newMode: absent, oldOid: unhashed, newOid: unhashed };

function changeIn(workTree: string, path: string, oldMode: string): Change {
  const facts = lstatSync(onDisk(workTree, path));
  const newMode = facts.isSymbolicLink() ? link : file;
  return changeOf({ path, oldMode, newMode, oldOid: unhashed, newOid: unhashed });
}
