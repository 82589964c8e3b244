/** Saves everything that a stopped worker left in its worktree before anything else happens to it, and says what it changed.
 *  It must lose no byte: what is not in the snapshot's tree lies beside the run's records and is named. It believes nothing
 *  that a worker could write, and runs nothing that one planted. */
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../core/failure.ts";
import type { RefName, RepoPath, Sha } from "../core/id.ts";
import { mendHead, secureAdmin } from "./admin-guard.ts";
import { isPassing } from "./again.ts";
import { type Change, changeOf, unheldChange } from "./change.ts";
import { commitTree, type Identity } from "./commit.ts";
import { absent, type Difference, differenceOf } from "./difference.ts";
import type { FolderMemory } from "./folder-memory.ts";
import type { GitPlace } from "./git.ts";
import { isExcludeOlder } from "./ignored.ts";
import { keepLeft } from "./leavings.ts";
import { type Leftover, type LeftoverRequest, readLeftover } from "./leftover.ts";
import { readLoose, type Written } from "./loose-slot.ts";
import { pathFromBytes, pathToBytes } from "./path-text.ts";
import { isKept } from "./pruning.ts";
import { readRef, updateRefs } from "./ref.ts";
import type { Unlike } from "./slot-restore.ts";
import { trustedIndex } from "./snapshot-index.ts";
import { directly, type SnapshotTrees, scopeOf, throughIndex } from "./snapshot-trees.ts";

export interface SnapshotRequest {
  /** The worktree, by its admin directory. No process of the worker is left. */
  readonly place: GitPlace & { readonly workTree: string };
  readonly commonDir: string;
  readonly base: Sha;
  readonly checkout: "full" | "sparse";
  /** Where the snapshot's commit is kept. An earlier snapshot there becomes a parent of the new one. */
  readonly ref?: RefName;
  readonly message: string;
  readonly author: Identity;
  /** Ignored paths that set-up made, folders whole: neither change nor worth keeping. */
  readonly kept: readonly RepoPath[];
  /** The attempt's folder of records; what no commit can hold is copied to `left/` in it. */
  readonly recordFolder: string;
  /** When the worker began, milliseconds since the epoch: rules of `info/exclude` written since do not count. */
  readonly since?: number;
  readonly fileBytesMax?: number;
  /** From `filterGuard`, once per run. */
  readonly config?: readonly string[];
  /** From `takesContentPlainly`, once per run. */
  readonly plainContent?: boolean;
  /** What was seen in this worktree before. */
  readonly memory?: FolderMemory | undefined;
}

export interface Snapshot {
  /** For the unit's commit: base and change, without what the base ignores. Absent where nothing changed. */
  readonly changeTree?: Sha;
  /** Everything that a commit can hold. Absent where nothing was left. */
  readonly commit?: Sha;
  /** The commit holds just the change, on the base: it may serve as the unit's. */
  readonly plain?: true;
  /** Sorted by path. Nothing in here: the worker changed nothing. */
  readonly changed: readonly Change[];
  /** The first of those files that the snapshot alone holds, since git ignores them. */
  readonly ignored?: readonly string[];
  /** What no commit can hold, sorted; folders end in `/`. */
  readonly left: readonly string[];
  /** Everything in the folder that is not as the base has it. Absent where there is more to it than files. */
  readonly unlike?: Unlike;
}

const ignoredMax = 100;
export const defaultFileBytesMax = 100 * 1024 * 1024;
/** How often objects are written anew when somebody's `git gc --prune=now` took them. */
const wholeTries = 12;
const wholeWaitMs = 40;

export async function takeSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  const { place, commonDir, base } = request;
  secureAdmin(place.gitDir, commonDir);
  const indexFile = await trustedIndex(scopeOf(request), base, request.checkout);
  const leftFolder = leftFolderOf(request);
  const leftover = await readMending({
    place: { ...place, indexFile },
    commonDir,
    base,
    sparse: request.checkout === "sparse",
    kept: new Set(request.kept.map(pathToBytes)),
    fileBytesMax: request.fileBytesMax ?? defaultFileBytesMax,
    excludeTrusted: await isExcludeOlder(commonDir, request.since),
    config: request.config ?? [],
    leftFolder,
    memory: request.memory,
  });
  const written = await writeWhole(
    request,
    leftover,
    async () => (await directly(request, leftover)) ?? throughIndex(request, leftover, indexFile),
  );
  return told(request, leftover, written);
}

/** Of a slot that has no index. Undefined where one is needed to tell. */
export async function takeLooseSnapshot(
  request: SnapshotRequest,
  loose: Written,
): Promise<Snapshot | undefined> {
  const { place, fileBytesMax = defaultFileBytesMax } = request;
  const leftover = await readLoose(place.workTree, loose, fileBytesMax);
  const trees = leftover && (await directly(request, leftover));
  if (leftover === undefined || trees === undefined) return undefined;
  const whole = async () => (await directly(request, leftover)) ?? trees;
  return told(request, leftover, await writeWhole(request, leftover, whole));
}

async function told(
  request: SnapshotRequest,
  leftover: Leftover,
  written: Kept,
): Promise<Snapshot> {
  const leftFolder = leftFolderOf(request);
  const copied = [...new Set([...leftover.copied, ...written.refused])];
  for (const name of copied) await keepLeft(request.place.workTree, leftFolder, name);
  const changed = [...written.differences.map(changeOf), ...leftover.unheld, ...written.unheld];
  return {
    ...(written.changeTree === undefined ? {} : { changeTree: written.changeTree }),
    ...(written.commit === undefined ? {} : { commit: written.commit }),
    ...(written.plain ? { plain: true } : {}),
    changed: changed.sort((a, b) => (a.path < b.path ? -1 : 1)),
    ...(leftover.extras.length === 0
      ? {}
      : { ignored: [...leftover.extras].sort().slice(0, ignoredMax).map(pathFromBytes) }),
    left: [...new Set([...copied, ...leftover.named])].map(pathFromBytes).sort(),
    ...unlikeBase(request, leftover, copied),
  };
}

function leftFolderOf({ recordFolder }: SnapshotRequest): string {
  return path.join(recordFolder, "left");
}

function unlikeBase(
  { kept, base }: SnapshotRequest,
  { edited, added, deletes, unskipped, extras, unheld, named, head }: Leftover,
  copied: readonly string[],
): Pick<Snapshot, "unlike"> {
  const other = [kept, copied, named, unheld, unskipped].some((list) => list.length > 0);
  if (other || (head !== undefined && head !== base)) return {};
  const tracked = [...edited.map((entry) => entry.path), ...deletes];
  return { unlike: { base, tracked, others: [...added, ...extras] } };
}

/** A worker may have broken the HEAD of its worktree; then what it committed is not to be found, but its files are. */
async function readMending(request: LeftoverRequest): Promise<Leftover> {
  try {
    return await readLeftover(request);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "git_failed") throw error;
    mendHead(request.place.gitDir, request.base);
    return await readLeftover(request);
  }
}

interface Kept {
  readonly changeTree?: Sha;
  readonly commit?: Sha;
  readonly plain: boolean;
  readonly differences: readonly Difference[];
  /** Paths that git would not take. */
  readonly refused: readonly string[];
  readonly unheld: readonly Change[];
}

/** Trees, commit and ref; again, if a garbage collection took objects from under us before the ref held them. */
async function writeWhole(
  request: SnapshotRequest,
  leftover: Leftover,
  write: () => Promise<SnapshotTrees>,
): Promise<Kept> {
  const { edited, added, deletes, unskipped, extras, head } = leftover;
  const touched = [edited, added, deletes, unskipped, extras].some((list) => list.length > 0);
  if (!touched && (head === undefined || head === request.base))
    return { plain: false, differences: [], refused: [], unheld: [] };
  let broken: Sha | undefined;
  for (let tries = 1; tries <= wholeTries; tries += 1) {
    try {
      const written = await writeOnce(request, leftover, { write, broken });
      if (await isWhole(request, written)) return written;
      broken = written.commit;
    } catch (error) {
      if (tries === wholeTries || !isPassing(error)) throw error;
    }
    await pause(wholeWaitMs * tries);
  }
  await letGo(request, broken);
  throw lost(request);
}

/** A ref to a commit that is not whole would stop the user's next garbage collection. What the worker left is still there. */
async function letGo({ ref, place, commonDir }: SnapshotRequest, broken: Sha | undefined) {
  if (ref === undefined || broken === undefined) return;
  await updateRefs({ commonDir, standing: place.standing }, [{ ref, new: null, old: broken }]);
}

async function writeOnce(
  request: SnapshotRequest,
  leftover: Leftover,
  {
    write,
    broken,
  }: { readonly write: () => Promise<SnapshotTrees>; readonly broken: Sha | undefined },
): Promise<Kept> {
  const { base } = request;
  const written = await write();
  const { changeTree, snapshotTree, failed, failedExtras } = written;
  const { added, extras } = leftover;
  const differences = written.differences ?? (await differenceOf(request.place, base, changeTree));
  const unheld = [...new Set([...failed, ...missing(added, differences)])];
  const more =
    snapshotTree === changeTree ? [] : await differenceOf(request.place, changeTree, snapshotTree);
  const head = leftover.head ?? base;
  const isNothing = differences.length + more.length === 0 && head === base;
  const kept = isNothing
    ? undefined
    : await keepCommit(request, { tree: snapshotTree, head, broken });
  return {
    ...(differences.length === 0 ? {} : { changeTree }),
    ...(kept === undefined ? {} : { commit: kept.commit }),
    plain: snapshotTree === changeTree && kept?.parents.length === 1,
    differences,
    refused: [...unheld, ...failedExtras, ...missing(extras, more)],
    unheld: unheld.map((name) => {
      const oldMode = added.includes(name) ? absent : "100644";
      return unheldChange(name, { oldMode, newMode: "100644" });
    }),
  };
}

/** New paths that did not get into the tree: git refuses some names, such as `.GIT/x`, without a word. */
function missing(added: readonly string[], differences: readonly Difference[]): readonly string[] {
  if (added.length === 0) return [];
  const there = new Set(
    differences.filter(({ newMode }) => newMode !== absent).map((difference) => difference.path),
  );
  return added.filter((name) => !there.has(name));
}

/** What the worker committed itself stays reachable as a parent, and so does an earlier snapshot of the same attempt. */
async function keepCommit(
  request: SnapshotRequest,
  made: { readonly tree: Sha; readonly head: Sha; readonly broken: Sha | undefined },
): Promise<{ readonly commit: Sha; readonly parents: readonly Sha[] }> {
  const { tree, head, broken } = made;
  const { place, base, ref, message, author, commonDir } = request;
  const home = { commonDir, standing: place.standing };
  const own = head === base ? [base] : [base, head];
  const commit = await commitTree(place, { tree, parents: own, message, author });
  const first = { commit, parents: own };
  if (ref === undefined) return first;
  if ((await updateRefs(home, [{ ref, new: commit, old: null }])).type === "moved") return first;
  const earlier = await readRef(home, ref);
  const parents = earlier === undefined || earlier === broken ? own : [...own, earlier];
  const again = await commitTree(place, { tree, parents, message, author });
  const moved = await updateRefs(home, [{ ref, new: again, old: earlier ?? null }]);
  if (moved.type === "moved") return { commit: again, parents };
  throw new Failure("repository", "ref_not_moved", `${ref} is moved by somebody else`, {
    advice: "see what else writes refs under pleach/, then go on with `pleach resume`",
  });
}

async function isWhole(request: SnapshotRequest, { commit, plain }: Kept): Promise<boolean> {
  if (commit === undefined) return true;
  const home = { commonDir: request.commonDir, standing: request.place.standing };
  return isKept(home, { from: request.base, to: commit, plain });
}

function lost(request: SnapshotRequest): Failure {
  return new Failure(
    "repository",
    "snapshot_lost",
    `objects of the snapshot of ${request.place.workTree} vanish while they are written`,
    { advice: "stop the `git gc --prune=now` that runs beside us, then `pleach resume`" },
  );
}
