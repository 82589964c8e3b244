/** Claims: a unit at work asks for paths beyond its own. Granted all together, and only what no unit owns or holds and nothing
 *  protects; who asks first has them, since the loop answers one after the other. */
import type { ClaimAnswer } from "./desk.ts";
import type { RepoPath, UnitId } from "./id.ts";
import { isProtected, type Ownership, ownershipOfUnits } from "./ownership.ts";
import type { RunState, UnitState } from "./run.ts";

/** Of one request. */
export const claimPathsMax = 100;

export function answerClaim(
  state: RunState,
  unit: UnitId,
  paths: readonly RepoPath[],
): ClaimAnswer {
  if (paths.length === 0 || paths.length > claimPathsMax) {
    return { type: "refused", why: `a claim names 1 to ${claimPathsMax} paths` };
  }
  const ownership = ownershipOfUnits(state.plan.units);
  const guarded = isProtected(state.settings.protected);
  for (const path of paths) {
    const refused = refusal(state, unit, path, { ownership, guarded });
    if (refused !== undefined) return refused;
  }
  return { type: "granted" };
}

interface Rules {
  readonly ownership: Ownership;
  readonly guarded: (path: string) => boolean;
}

function refusal(
  state: RunState,
  unit: UnitId,
  path: RepoPath,
  { ownership, guarded }: Rules,
): Extract<ClaimAnswer, { type: "refused" }> | undefined {
  const parts = path.split("/");
  if (parts.some((part) => ["", ".", ".."].includes(part) || part.toLowerCase() === ".git")) {
    return { type: "refused", why: `${path} is no path of a file in the repository` };
  }
  if (/[*?]/.test(path)) {
    return { type: "refused", why: `${path} is a pattern: name files, one by one` };
  }
  if (guarded(path)) return { type: "refused", why: `${path} is protected` };
  const [owner] = ownership.owners(path);
  if (owner !== undefined && owner !== unit) {
    return { type: "refused", why: `${path} belongs to the unit ${owner}`, owner };
  }
  const holder = state.units.find((one) => one.id !== unit && holds(one) && overlaps(one, path));
  if (holder === undefined) return undefined;
  return { type: "refused", why: `the unit ${holder.id} has claimed ${path}`, owner: holder.id };
}

/** A unit that ended without a merge has let go of what it claimed. */
function holds({ at }: UnitState): boolean {
  return at.phase !== "failed" && at.phase !== "cancelled" && at.phase !== "timed_out";
}

/** A file in the place of a folder, too, is in its way. */
function overlaps({ claims }: UnitState, path: RepoPath): boolean {
  return claims.some(
    (held) => held === path || held.startsWith(`${path}/`) || path.startsWith(`${held}/`),
  );
}
