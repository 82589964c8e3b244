/** After a runner was killed while it moved the user's branch: what is so, and the checkout put in order. It must never touch
 *  what the user did since, nor take a lock from somebody who lives. */
import path from "node:path";
import { Failure } from "../core/failure.ts";
import type { RefName, RepoPath, Sha } from "../core/id.ts";
import { type CheckedOut, checkedOutAt } from "./checked-out.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { type GitPlace, git } from "./git.ts";
import { packedRefsLocks, removeLocksMade } from "./own-locks.ts";
import { pathFromBytes } from "./path-text.ts";
import { type RefHome, readRef } from "./ref.ts";
import { type Side, settle } from "./settle.ts";

export interface CutMove {
  readonly target: RefName;
  readonly old: Sha;
  readonly new: Sha;
  /** When our intent to move was recorded, milliseconds since the epoch: older locks are not ours. */
  readonly since: number;
}

export type Recovered =
  | { readonly type: "moved" }
  /** The branch did not move (by us), and its checkout is as it was: move it again. */
  | { readonly type: "not_moved" }
  /** The branch did not move, and these files are neither as before nor as after the move: the user's. */
  | { readonly type: "local_edits"; readonly paths: readonly RepoPath[] };

/** Call it only when the runner that began the move is provably dead. */
export async function recoverMove(home: RefHome, cut: CutMove): Promise<Recovered> {
  const checkouts = await checkedOutAt(home, cut.target);
  await removeStaleLocks(home, cut, checkouts);
  const tip = await readRef(home, cut.target);
  const place = { gitDir: home.commonDir };
  const differences = checkouts.length === 0 ? [] : await differenceOf(place, cut.old, cut.new);
  const wanted = await sideAt(place, cut, tip);
  const users: string[] = [];
  for (const checkout of checkouts) users.push(...(await settle(checkout, differences, wanted)));
  if (tip !== undefined && (await hasMoved(place, cut, tip))) return { type: "moved" };
  if (users.length === 0) return { type: "not_moved" };
  return { type: "local_edits", paths: [...new Set(users)].sort().map(pathFromBytes) };
}

/** The side that each path must be on where the branch is now; undefined for a path that somebody has changed since. */
async function sideAt(
  place: GitPlace,
  cut: CutMove,
  tip: Sha | undefined,
): Promise<(difference: Difference) => Side | undefined> {
  if (tip === undefined) return () => undefined;
  if (tip === cut.old) return () => "old";
  if (tip === cut.new) return () => "new";
  const since = new Map(
    (await differenceOf(place, cut.old, tip)).map((difference) => [difference.path, difference]),
  );
  return (difference) => {
    const now = since.get(difference.path);
    if (now === undefined) return "old";
    const isNew = now.newMode === difference.newMode && now.newOid === difference.newOid;
    return isNew ? "new" : undefined;
  };
}

/** Somebody may have committed on top since. Of a move backwards the new commit is in every tip, so the old must not be. */
async function hasMoved(place: GitPlace, cut: CutMove, tip: Sha): Promise<boolean> {
  if (tip === cut.new) return true;
  if (tip === cut.old || !(await isIn(place, cut.new, tip))) return false;
  return !(await isIn(place, cut.old, tip)) || (await isIn(place, cut.old, cut.new));
}

async function isIn(place: GitPlace, commit: Sha, tip: Sha): Promise<boolean> {
  const answer = await git(place, ["merge-base", "--is-ancestor", commit, tip], { codes: [0, 1] });
  return answer.code === 0;
}

async function removeStaleLocks(
  home: RefHome,
  cut: CutMove,
  checkouts: readonly CheckedOut[],
): Promise<void> {
  const own = checkouts.flatMap(({ gitDir }) =>
    ["index.lock", "HEAD.lock", "ORIG_HEAD.lock"].map((name) => path.join(gitDir, name)),
  );
  const shared = ["HEAD.lock", ...packedRefsLocks, `${cut.target}.lock`].map((name) =>
    path.join(home.commonDir, name),
  );
  const held = await removeLocksMade([...new Set([...own, ...shared])], {
    since: cut.since,
    folders: [home.commonDir, ...checkouts.map(({ workTree }) => workTree)],
  });
  const [lock] = held;
  if (lock === undefined) return;
  throw new Failure("repository", "checkout_locked", `a git at work here holds ${lock}`, {
    advice: "let that git command end, then go on with `pleach resume`",
    details: { locks: held },
  });
}
