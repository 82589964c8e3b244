/** The ownership gate: what an attempt may hand in. It judges paths and modes only, by what git saw, never by what was said. */
import type { RepoPath, UnitId } from "../core/id.ts";
import type { Ownership } from "../core/ownership.ts";
import type { Reason } from "../core/worker.ts";
import { type Change, isHeld } from "../git/change.ts";

export interface GateFacts {
  readonly unit: UnitId;
  readonly ownership: Ownership;
  readonly isProtected: (path: string) => boolean;
  /** Where each new or changed symlink leads. */
  readonly links: ReadonlyMap<RepoPath, string>;
}

const namedMax = 5;

/** Undefined for a change that may go on to the checks. */
export function gate(changed: readonly Change[], facts: GateFacts): Reason | undefined {
  if (changed.length === 0) {
    return { type: "no_change", message: "nothing was changed", paths: [] };
  }
  const foreign = paths(changed, ({ path }) => facts.ownership.ownerOf(path) !== facts.unit);
  if (foreign.length > 0) return strayed(foreign, "does not belong to this unit alone");
  const guarded = paths(changed, ({ path }) => facts.isProtected(path));
  if (guarded.length > 0) return strayed(guarded, "is protected");
  const gitlinks = paths(changed, ({ kind, newMode }) => kind !== "deleted" && newMode === gitlink);
  if (gitlinks.length > 0) return strayed(gitlinks, "is a repository of its own");
  const unheld = paths(changed, (change) => !isHeld(change));
  if (unheld.length > 0) return strayed(unheld, "cannot be held by a commit");
  const links = paths(changed, (change) => leadsOut(change, facts.links.get(change.path)));
  if (links.length > 0) return strayed(links, "is a symlink out of the repository");
  return undefined;
}

const gitlink = "160000";

function paths(changed: readonly Change[], is: (change: Change) => boolean): readonly RepoPath[] {
  return changed.filter(is).map(({ path }) => path);
}

function strayed(strays: readonly RepoPath[], why: string): Reason {
  const named = strays.slice(0, namedMax).join(", ");
  const more = strays.length > namedMax ? ` and ${strays.length - namedMax} more` : "";
  return { type: "strayed", message: `${named}${more} ${why}`, paths: strays };
}

/** By the link's text alone: what it leads to may itself be a link that a later unit makes. For that reason a `..` may only
 *  stand at the beginning: after a name that is a link it would begin where that link leads. */
function leadsOut({ path }: Change, target: string | undefined): boolean {
  if (target === undefined) return false;
  if (target.startsWith("/")) return true;
  let depth = path.split("/").length - 1;
  let hasName = false;
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part.toLowerCase() === ".git") return true;
    if (part !== "..") hasName = true;
    else if (hasName || depth === 0) return true;
    else depth -= 1;
  }
  return false;
}
