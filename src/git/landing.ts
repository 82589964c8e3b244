/** Moving the user's branch, and with it whatever checkout it is in. The branch is held by git's own lock while the checkout
 *  is brought along, and moves last: it must never move while a file of the user's would be lost, nor without its checkout. */
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../core/failure.ts";
import type { RefName, RepoPath, Sha } from "../core/id.ts";
import { type CheckedOut, checkedOutAt, unfinishedAt } from "./checked-out.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { git } from "./git.ts";
import { hiddenEdits } from "./hidden-edits.ts";
import { localEdits } from "./local-edits.ts";
import { outsideFailure } from "./outside.ts";
import { pathFromBytes } from "./path-text.ts";
import { type RefHome, readRef } from "./ref.ts";
import { type HeldRef, holdRef } from "./ref-hold.ts";
import { settle } from "./settle.ts";

export interface Move {
  readonly target: RefName;
  readonly old: Sha;
  readonly new: Sha;
  /** For the reflog: `pleach <run>: land`. */
  readonly message: string;
}

export type Moved =
  | { readonly type: "moved" }
  /** The branch is not at `old`; `null`: there is no such branch. */
  | { readonly type: "stale"; readonly tip: Sha | null }
  /** These files of the user's would be lost; nothing moved. */
  | { readonly type: "local_edits"; readonly paths: readonly RepoPath[] }
  /** Somebody is in the middle of something; nothing moved. */
  | { readonly type: "busy"; readonly message: string };

/** How long to wait, again and again, for a git of the user's that holds their index. */
const waitsMs = [0, 50, 100, 200, 400, 800] as const;

/** How often git may fail for another reason: once because it knows files only by their times, once more for good. */
const failuresMax = 2;

/** Moves `target` from `old` to `new` by compare-and-swap, and brings along every worktree that has it checked out as `git
 *  merge --ff-only` would, but never over an edited, deleted, untracked or ignored file of the user's. To take a landing
 *  back, swap `old` and `new`. After a crash in here, `recoverMove`. */
export async function moveTarget(home: RefHome, move: Move): Promise<Moved> {
  const checkouts = await checkedOutAt(home, move.target);
  const unfinished = await unfinishedAt(home, move.target, checkouts);
  if (unfinished !== undefined) return { type: "busy", message: unfinished };
  const hold = await holdRef(checkouts[0] ?? { gitDir: home.commonDir }, {
    ref: move.target,
    old: move.old,
    new: move.new,
    message: move.message,
  });
  if (hold.type !== "held") return hold;
  try {
    return await moveHeld(home, { move, hold, checkouts });
  } finally {
    await hold.release();
  }
}

interface HeldMove {
  readonly move: Move;
  readonly hold: HeldRef;
  readonly checkouts: readonly CheckedOut[];
}

async function moveHeld(home: RefHome, { move, hold, checkouts }: HeldMove): Promise<Moved> {
  if (checkouts.length === 0) return commit(home, move, hold);
  const differences = await differenceOf({ gitDir: home.commonDir }, move.old, move.new);
  const edits = await Promise.all(checkouts.map((checkout) => localEdits(checkout, differences)));
  if (edits.some((paths) => paths.length > 0)) return refusal(edits.flat());
  const along: CheckedOut[] = [];
  const putBack = async (): Promise<void> => {
    for (const checkout of along) await settle(checkout, differences, () => "old");
  };
  try {
    for (const checkout of checkouts) {
      const refused = await bringAlong(checkout, move, differences);
      if (refused !== undefined) {
        await putBack();
        return refused;
      }
      along.push(checkout);
    }
    const now = await checkedOutAt(home, move.target);
    if (JSON.stringify(now) === JSON.stringify(checkouts)) return await commit(home, move, hold);
  } catch (error) {
    await putBack();
    throw error;
  }
  await putBack();
  return { type: "busy", message: `another worktree has just switched to ${move.target}` };
}

async function commit(home: RefHome, move: Move, hold: HeldRef): Promise<Moved> {
  const complaint = await hold.commit();
  if (complaint === undefined || (await readRef(home, move.target)) === move.new)
    return { type: "moved" };
  const outside = outsideFailure(`${move.target} did not move`, complaint, {
    folder: home.commonDir,
    details: { ...move },
  });
  if (outside !== undefined) throw outside;
  throw new Failure("repository", "ref_not_moved", `${move.target} did not move: ${complaint}`, {
    advice: "run `pleach doctor` to see what is wrong with this repository",
    details: { ...move },
  });
}

/** Undefined where the checkout is at `new` now; else it is as it was. */
async function bringAlong(
  checkout: CheckedOut,
  move: Move,
  differences: readonly Difference[],
): Promise<Moved | undefined> {
  const lock = path.join(checkout.gitDir, "index.lock");
  let said = "";
  let failures = 0;
  for (const waitMs of waitsMs) {
    await pause(waitMs);
    const answer = await git(checkout, ["read-tree", "-m", "-u", move.old, move.new], {
      codes: [0, 1, 128],
    });
    if (answer.code === 0) return undefined;
    said = answer.stderr.trim();
    // Whoever holds the index got it before us, so nothing was touched.
    if (existsSync(lock)) continue;
    failures += 1;
    await settle(checkout, differences, () => "old");
    const edits = await localEdits(checkout, differences);
    if (edits.length > 0) return refusal(edits);
    const hidden = await hiddenEdits(checkout, differences);
    if (hidden.length > 0) return refusal(hidden);
    if (failures === failuresMax) break;
    // Files may have been touched without a change, which only a refresh tells git.
    await git(checkout, ["update-index", "-q", "--refresh"], { codes: [0, 1, 128] });
  }
  if (existsSync(lock)) return { type: "busy", message: `another git holds ${lock}` };
  const outside = outsideFailure(checkout.workTree, said, { folder: checkout.workTree });
  if (outside !== undefined) throw outside;
  throw new Failure("repository", "checkout_failed", `${checkout.workTree}: ${lastLine(said)}`, {
    advice: "mend what git names, then `pleach land`",
    details: { stderr: said.slice(-5000) },
  });
}

function refusal(paths: readonly string[]): Moved {
  return { type: "local_edits", paths: [...new Set(paths)].map(pathFromBytes) };
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) ?? "";
}
