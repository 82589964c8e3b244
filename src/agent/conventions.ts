/** The conventions of the repository: AGENTS.md files on a unit's paths, as they are in the base commit. What lies in a worktree
 *  is never read here, for other agents could have written it. */
import path from "node:path";
import type { Glob, RepoPath, Sha } from "../core/id.ts";
import { isException } from "../core/ownership.ts";
import { openObjects } from "../git/objects.ts";
import type { RefHome } from "../git/ref.ts";
import { filesAt, type TreeEntry } from "../git/tree.ts";
import type { Convention } from "./prompt.ts";

const fileName = "AGENTS.md";
const foldersMax = 1000;
const conventionsMax = 20;
const bytesMax = 60_000;
const symlink = "120000";

/** From the root downwards, so that what most units share comes first. */
export async function readConventions(
  home: RefHome,
  base: Sha,
  unit: { readonly owns: readonly Glob[]; readonly files: readonly RepoPath[] },
  signal: AbortSignal,
): Promise<readonly Convention[]> {
  const folders = foldersOf([...unit.files, ...unit.owns.map(plainStart)]).slice(0, foldersMax);
  const wanted = folders.map((folder) => path.posix.join(folder, fileName) as RepoPath);
  const found = await filesAt(home, base, { paths: wanted, signal });
  const entries = [...found].sort((a, b) => depthOf(a.path) - depthOf(b.path));
  if (entries.length === 0) return [];
  const objects = openObjects(home, { blobBytesMax: bytesMax, signal });
  try {
    const read = async ({ oid }: TreeEntry): Promise<string | undefined> => {
      const blob = await objects.readBlob(oid);
      return blob.type === "blob" ? blob.bytes.toString("utf8") : undefined;
    };
    const conventions: Convention[] = [];
    for (const entry of entries.slice(0, conventionsMax)) {
      const isLink = entry.mode === symlink;
      const target = isLink ? await targetOf(home, base, entry, await read(entry)) : entry;
      const text = target === undefined ? undefined : await read(target);
      if (text !== undefined && text.trim() !== "") conventions.push({ path: entry.path, text });
    }
    return conventions;
  } finally {
    await objects.close();
  }
}

/** The file in the same commit that a symlink leads to, one step far. */
async function targetOf(
  home: RefHome,
  base: Sha,
  { path: from }: TreeEntry,
  link: string | undefined,
): Promise<TreeEntry | undefined> {
  if (link === undefined) return undefined;
  const to = path.posix.join(path.posix.dirname(from), link);
  if (to.startsWith("..") || path.posix.isAbsolute(to)) return undefined;
  const [entry] = await filesAt(home, base, { paths: [to as RepoPath] });
  return entry?.path === to && entry.mode !== symlink ? entry : undefined;
}

/** Every folder above these paths, each once, the root among them. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>(["."]);
  for (const each of paths) {
    let folder = path.posix.dirname(each);
    while (folder !== "." && folder !== "/" && !folders.has(folder)) {
      folders.add(folder);
      folder = path.posix.dirname(folder);
    }
  }
  return [...folders];
}

/** The beginning of a glob in which nothing stands for anything else; an exception has none. */
function plainStart(glob: Glob): string {
  if (isException(glob)) return "";
  const parts = glob.split("/");
  const plain = parts.findIndex((part) => /[*?[\]{}()!\\]/.test(part));
  return plain < 0 ? glob : `${parts.slice(0, plain).join("/")}/x`;
}

function depthOf(file: string): number {
  return file.split("/").length;
}
