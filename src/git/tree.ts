/** What is in a commit: its files, and the bytes of its blobs. Nothing of a checkout is read here. */
import { invariant } from "../core/failure.ts";
import { isSha, type RepoPath, type Sha } from "../core/id.ts";
import { git, zeroSeparated } from "./git.ts";
import { pathFromBytes } from "./path-text.ts";
import type { RefHome } from "./ref.ts";

export interface TreeEntry {
  readonly path: RepoPath;
  /** Six octal digits: 100644, 100755, 120000 (a symlink) or 160000 (a submodule's commit). */
  readonly mode: string;
  readonly oid: Sha;
  /** In bytes; absent unless asked for, and for submodules. */
  readonly size?: number;
}

/** Every file, symlink and submodule of a commit or tree, in git's order. A path that is not UTF-8 keeps its identity as
 *  path-text.ts says; `isUnreadablePath` tells it. */
export async function filesAt(
  home: RefHome,
  sha: Sha,
  options: {
    readonly sizes?: boolean;
    /** Only these, and what is below them. */
    readonly paths?: readonly RepoPath[];
    readonly signal?: AbortSignal;
  } = {},
): Promise<readonly TreeEntry[]> {
  const long = options.sizes === true;
  const paths = options.paths ?? [];
  const answer = await git(
    { gitDir: home.commonDir },
    ["ls-tree", "-r", "-z", "--full-tree", ...(long ? ["--long"] : []), sha, "--", ...paths],
    { encoding: "latin1", ...(options.signal === undefined ? {} : { signal: options.signal }) },
  );
  return zeroSeparated(answer.stdout).map(treeEntry);
}

/** The entries with the sizes of those of these paths. Listing the sizes of all opens every object of the commit. */
export async function withSizes(
  home: RefHome,
  entries: readonly TreeEntry[],
  paths: ReadonlySet<RepoPath>,
): Promise<readonly TreeEntry[]> {
  const wanted = entries.filter(({ path, mode }) => paths.has(path) && mode !== submodule);
  if (wanted.length === 0) return entries;
  const answer = await git(
    { gitDir: home.commonDir },
    ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
    { input: wanted.map(({ oid }) => `${oid}\n`).join("") },
  );
  const sizes = new Map(
    answer.stdout.split("\n").map((line): [string, number] => {
      const [oid = "", size = ""] = line.split(" ");
      return [oid, Number(size)];
    }),
  );
  return entries.map((entry) => {
    const size = paths.has(entry.path) ? sizes.get(entry.oid) : undefined;
    return size === undefined || Number.isNaN(size) ? entry : { ...entry, size };
  });
}

const submodule = "160000";

function treeEntry(line: string): TreeEntry {
  const tab = line.indexOf("\t");
  const [mode = "", , oid = "", size] = line.slice(0, tab).split(/ +/);
  invariant(isSha(oid), `ls-tree answered ${JSON.stringify(line)}`);
  const path = pathFromBytes(line.slice(tab + 1));
  return size === undefined || size === "-"
    ? { path, mode, oid }
    : { path, mode, oid, size: Number(size) };
}
