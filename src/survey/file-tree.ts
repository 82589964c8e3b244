/** The files of a commit, to look names up in: the only disk that resolving an import knows. */
import type { RepoPath } from "../core/id.ts";
import type { BlobFacts } from "./blob-facts.ts";

export interface FileTree {
  /** Whether a file of this path is there; what is a symlink or a submodule is no file. */
  has(path: string): path is RepoPath;
  hasFolder(path: string): boolean;
  /** Of settings (manifests and the like) the text, of others undefined. */
  textOf(path: string): string | undefined;
  factsOf(path: string): BlobFacts | undefined;
  /** The files directly in a folder, in order. */
  filesIn(folder: string): readonly RepoPath[];
  /** All files that bear one of these names, in order. */
  named(name: string): readonly RepoPath[];
  readonly paths: readonly RepoPath[];
}

export function fileTree(files: readonly (readonly [RepoPath, BlobFacts | undefined])[]): FileTree {
  const facts = new Map<string, BlobFacts | undefined>(files);
  const folders = new Map<string, RepoPath[]>([["", []]]);
  const names = new Map<string, RepoPath[]>();
  for (const [path] of files) {
    const folder = folderOf(path);
    addFolder(folders, folder).push(path);
    const name = path.slice(folder === "" ? 0 : folder.length + 1);
    const same = names.get(name);
    if (same === undefined) names.set(name, [path]);
    else same.push(path);
  }
  return {
    has: (path): path is RepoPath => facts.has(path),
    hasFolder: (path) => folders.has(path),
    textOf: (path) => facts.get(path)?.text,
    factsOf: (path) => facts.get(path),
    filesIn: (folder) => folders.get(folder) ?? [],
    named: (name) => names.get(name) ?? [],
    paths: files.map(([path]) => path),
  };
}

function addFolder(folders: Map<string, RepoPath[]>, folder: string): RepoPath[] {
  const known = folders.get(folder);
  if (known !== undefined) return known;
  addFolder(folders, folderOf(folder));
  const made: RepoPath[] = [];
  folders.set(folder, made);
  return made;
}

/** `""` of what lies at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** `relative` from a folder, without `.` and `..`; undefined where that leaves the repository. */
export function joined(folder: string, relative: string): string | undefined {
  // Most names are of a file beside.
  if (/^\.\/[^/]*[^/.][^/]*$/.test(relative))
    return folder === "" ? relative.slice(2) : `${folder}${relative.slice(1)}`;
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** A folder and those around it, the nearest first, the root last. */
export function* foldersAbove(folder: string): Generator<string> {
  for (let at = folder; at !== ""; at = folderOf(at)) yield at;
  yield "";
}
