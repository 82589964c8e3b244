/** What an attempt changed, path by path, as the gates see it. Renames are a path deleted and a path added. */
import type { RepoPath, Sha } from "../core/id.ts";
import { absent, type Difference, gitlink } from "./difference.ts";
import { pathFromBytes } from "./path-text.ts";

export interface Change {
  readonly path: RepoPath;
  readonly kind: "added" | "deleted" | "modified" | "type_changed";
  /** Six octal digits; `000000` where the path is not there. */
  readonly oldMode: string;
  readonly newMode: string;
  /** The new content; zeros for a deleted path, and for one that no commit of ours can hold (see `isHeld`). */
  readonly oid: Sha;
}

/** False for what a worker made and no commit can hold: a repository in the repository, a file too large, a name that git
 *  refuses. A unit with such a change must not land, for it would land without it. */
export function isHeld(change: Change): boolean {
  return change.kind === "deleted" || !/^0+$/.test(change.oid);
}

export function changeOf(difference: Difference): Change {
  const { oldMode, newMode, newOid } = difference;
  return {
    path: pathFromBytes(difference.path),
    kind: kindOf(oldMode, newMode),
    oldMode,
    newMode,
    oid: newOid,
  };
}

/** A change that the unit's tree is without. */
export function unheldChange(
  path: string,
  modes: { readonly oldMode: string; readonly newMode: string },
): Change {
  const kind = modes.oldMode === absent ? "added" : "modified";
  return { path: pathFromBytes(path), kind, ...modes, oid: "0".repeat(40) as Sha };
}

export function embeddedRepository(path: string, oldMode: string = absent): Change {
  return unheldChange(path, { oldMode, newMode: gitlink });
}

function kindOf(oldMode: string, newMode: string): Change["kind"] {
  if (oldMode === absent) return "added";
  if (newMode === absent) return "deleted";
  return oldMode.slice(0, 2) === newMode.slice(0, 2) ? "modified" : "type_changed";
}
