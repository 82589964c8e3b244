/** Which file a path without an ending, or with that of the compiled file, stands for: TypeScript's order, where sources come before
 *  what is made from them. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, joined } from "../file-tree.ts";

/** Tried after a path that has none of its own. */
const added = [
  ".ts",
  ".tsx",
  ".d.ts",
  ".js",
  ".jsx",
  ".mjs",
  ".cjs",
  ".mts",
  ".cts",
  ".json",
  ".vue",
  ".svelte",
] as const;

/** What a compiled file's ending is written for. */
const sources: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx", ".d.ts"],
  ".jsx": [".tsx", ".d.ts"],
  ".mjs": [".mts", ".d.mts"],
  ".cjs": [".cts", ".d.cts"],
};
const compiled = /\.[cm]?jsx?$/;

/** `path` is from the root; undefined where no file is meant. */
export function moduleFile(tree: FileTree, path: string): RepoPath | undefined {
  const ending = compiled.exec(path)?.[0];
  if (ending !== undefined) {
    const stem = path.slice(0, -ending.length);
    for (const source of sources[ending] ?? [])
      if (tree.has(stem + source)) return brand(stem + source);
  }
  if (tree.has(path)) return path;
  for (const source of added) if (tree.has(path + source)) return brand(path + source);
  return undefined;
}

/** As `moduleFile`, or the file that stands for a folder of that path. */
export function moduleAt(
  tree: FileTree,
  path: string,
  options: { readonly folderOnly?: boolean } = {},
): RepoPath | undefined {
  const file = options.folderOnly === true ? undefined : moduleFile(tree, path);
  if (file !== undefined || !tree.hasFolder(path)) return file;
  return mainOf(tree, path) ?? moduleFile(tree, path === "" ? "index" : `${path}/index`);
}

/** What the manifest of a folder names as its entry. */
function mainOf(tree: FileTree, folder: string): RepoPath | undefined {
  const text = tree.textOf(folder === "" ? "package.json" : `${folder}/package.json`);
  if (text === undefined) return undefined;
  for (const key of ["types", "typings", "module", "main"]) {
    const value = new RegExp(`"${key}"\\s*:\\s*"([^"]+)"`).exec(text)?.[1];
    const path = value === undefined ? undefined : joined(folder, value);
    if (path === undefined || path === folder) continue;
    const file = moduleFile(tree, path) ?? moduleFile(tree, `${path}/index`);
    if (file !== undefined) return file;
  }
  return undefined;
}

function brand(path: string): RepoPath {
  return path as RepoPath;
}
