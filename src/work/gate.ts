/** The ownership gate: what an attempt may hand in. It judges paths and modes only, by what git saw, never by what was said. */
import type { RepoPath, UnitId } from "../core/id.ts";
import type { Ownership } from "../core/ownership.ts";
import type { Reason } from "../core/worker.ts";
import { type Change, isHeld } from "../git/change.ts";

export interface GateFacts {
  readonly unit: UnitId;
  readonly ownership: Ownership;
  /** Paths beyond its own that were granted to the unit. */
  readonly claimed: readonly RepoPath[];
  readonly isProtected: (path: string) => boolean;
  /** Where each new or changed symlink leads. */
  readonly links: ReadonlyMap<RepoPath, string>;
  /** What the attempt made besides, which is never handed in. */
  readonly ignored?: readonly string[] | undefined;
}

const namedMax = 5;

/** Undefined for a change that may go on to the checks. */
export function gate(changed: readonly Change[], facts: GateFacts): Reason | undefined {
  if (changed.length === 0) {
    return { type: "no_change", message: sayNoChange(facts.ignored ?? []), paths: [] };
  }
  const found = faults.flatMap(({ why, is }): readonly Fault[] => {
    const strays = changed.filter((change) => is(change, facts)).map(({ path }) => path);
    return strays.length === 0 ? [] : [{ strays, why }];
  });
  if (found.length === 0) return undefined;
  const message = found.map(sayFault).join("; ");
  const strays = new Set(found.flatMap((fault) => fault.strays));
  return { type: "strayed", message, paths: [...strays].sort() };
}

function sayNoChange(ignored: readonly string[]): string {
  if (ignored.length === 0) return "nothing was changed";
  const more = ignored.length > namedMax ? ", …" : "";
  return `only files that git ignores (${ignored.slice(0, namedMax).join(", ")}${more})`;
}

interface Fault {
  readonly strays: readonly RepoPath[];
  readonly why: string;
}

interface Kind {
  /** Follows the names of the paths. */
  readonly why: string;
  is(change: Change, facts: GateFacts): boolean;
}

/** All are told at once: each attempt is dear. */
const faults: readonly Kind[] = [
  {
    why: "not owned by this unit alone",
    is: ({ path }, { ownership, claimed, unit }) => {
      if (ownership.ownerOf(path) === unit) return false;
      return ownership.owners(path).length > 0 || !claimed.includes(path);
    },
  },
  { why: "protected", is: ({ path }, facts) => facts.isProtected(path) },
  {
    why: "a repository of its own",
    is: ({ kind, newMode }) => kind !== "deleted" && newMode === gitlink,
  },
  {
    why: "more than a commit can hold",
    is: (change) => !isHeld(change) && change.newMode !== gitlink,
  },
  {
    why: "a symlink out of the repository",
    is: (change, { links }) => leadsOut(change, links.get(change.path)),
  },
];

function sayFault({ strays, why }: Fault): string {
  const named = strays.slice(0, namedMax).join(", ");
  const more = strays.length > namedMax ? ` and ${strays.length - namedMax} more` : "";
  return `${why}: ${named}${more}`;
}

const gitlink = "160000";

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
