/** Others delete objects that no ref names: who began before our ref was there has not seen it, and may delete in a minute what
 *  is whole now. So nothing of ours counts as kept before whoever was at it then has ended. */
import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../core/failure.ts";
import type { Sha } from "../core/id.ts";
import { isAbsent } from "../host/file.ts";
import { type ProgramAtWork, programsCalled } from "../host/process-place.ts";
import { git } from "./git.ts";
import type { RefHome } from "./ref.ts";
import { readPlainText } from "./slot-home.ts";

const lookAgainMs = 20;
/** In a large repository a prune takes minutes. */
const pruningMsMax = 30 * 60_000;

/** Whether `to`, which a ref holds, is there and will be, with everything that `from` has not. `plain`: its other parents, if
 *  there are any, are known to be whole. */
export async function isKept(
  home: RefHome,
  { from, to, plain }: { readonly from: Sha; readonly to: Sha; readonly plain: boolean },
): Promise<boolean> {
  const waited = await pruningEnds(home.commonDir);
  // A git that stays may still have a pack open that is deleted.
  if (plain && !waited) {
    const told = await home.standing?.hasNewObjects(from, to);
    if (told !== undefined) return told;
  }
  const args = ["rev-list", "--objects", "--quiet", to, `^${from}`];
  const answer = await git({ gitDir: home.commonDir }, args, { codes: [0, 1, 128] });
  return answer.code === 0;
}

/** True where there was anybody to wait for. */
async function pruningEnds(commonDir: string): Promise<boolean> {
  const began = performance.now();
  let alive = await pruners(commonDir);
  const waited = alive.length > 0;
  while (alive.length > 0) {
    if (performance.now() - began > pruningMsMax) throw tooLong(alive);
    await pause(lookAgainMs);
    const now = await pruners(commonDir);
    // Who began since has seen our ref.
    alive = alive.filter((pid) => now.includes(pid));
  }
  return waited;
}

function tooLong(pids: readonly number[]): Failure {
  return new Failure("repository", "prune_at_work", `a git prune (pid ${pids[0]}) does not end`, {
    advice: "let it end, or end it, then go on with `pleach resume`",
    details: { pids },
  });
}

/** Programs of git that delete objects of this repository. A `git gc` by itself does not: what it starts does. */
async function pruners(commonDir: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const program of programsCalled("git", /^(?:git-)?(?:prune|repack)$/))
    if (await isAt(program, commonDir)) found.push(program.pid);
  return found;
}

/** Where it cannot be told, it may be. */
async function isAt({ folder, gitDir }: ProgramAtWork, commonDir: string): Promise<boolean> {
  if (folder === undefined) return true;
  if (gitDir !== undefined && leadsTo(path.resolve(folder, gitDir), commonDir)) return true;
  for (let at = folder; ; at = path.dirname(at)) {
    if (at === commonDir) return true;
    const text = await readPlainText(path.join(at, ".git"));
    if (text !== undefined)
      return leadsTo(path.resolve(at, text.slice("gitdir: ".length).trim()), commonDir);
    if (statSync(path.join(at, ".git"), { throwIfNoEntry: false }) !== undefined)
      return leadsTo(path.join(at, ".git"), commonDir);
    if (at === path.dirname(at)) return false;
  }
}

/** To the directory that all worktrees share, or to one within it. */
function leadsTo(gitDir: string, commonDir: string): boolean {
  try {
    const real = realpathSync(gitDir);
    return real === commonDir || real.startsWith(commonDir + path.sep);
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}
