/** Which file a path without an ending, or with that of the compiled file, stands for: TypeScript's order, where sources come before
 *  what is made from them. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, joined } from "../file-tree.ts";

/** What TypeScript adds to a path without an ending. */
export const typeScriptEndings: readonly string[] = [".ts", ".tsx", ".d.ts", ".js", ".jsx"];
/** What bundlers add too, where TypeScript finds nothing. */
export const allEndings: readonly string[] = [
  ...typeScriptEndings,
  ".mjs",
  ".cjs",
  ".mts",
  ".cts",
  ".json",
  ".vue",
  ".svelte",
];

/** What an ending may stand for, whether of a source or of what is compiled from it: the source first. */
const ordinary = [".ts", ".tsx", ".d.ts", ".js", ".jsx"];
const withJsx = [".tsx", ".ts", ".d.ts", ".jsx", ".js"];
const modules = [".mts", ".d.mts", ".mjs"];
const commonJs = [".cts", ".d.cts", ".cjs"];
const standsFor: Readonly<Record<string, readonly string[]>> = {
  ".ts": ordinary,
  ".js": ordinary,
  ".tsx": withJsx,
  ".jsx": withJsx,
  ".mts": modules,
  ".mjs": modules,
  ".cts": commonJs,
  ".cjs": commonJs,
};
const codeEnding = /\.[cm]?[jt]sx?$/;

/** `path` is from the root; undefined where no file is meant. */
export function moduleFile(
  tree: FileTree,
  path: string,
  endings: readonly string[] = allEndings,
): RepoPath | undefined {
  const ending = codeEnding.exec(path)?.[0];
  if (ending !== undefined) {
    const stem = path.slice(0, -ending.length);
    for (const source of standsFor[ending] ?? [])
      if (tree.has(stem + source)) return brand(stem + source);
  }
  if (tree.has(path)) return path;
  for (const source of endings) if (tree.has(path + source)) return brand(path + source);
  return undefined;
}

/** As `moduleFile`, or the file that stands for a folder of that path. */
export function moduleAt(
  tree: FileTree,
  path: string,
  options: { readonly folderOnly?: boolean; readonly endings?: readonly string[] } = {},
): RepoPath | undefined {
  const file = options.folderOnly === true ? undefined : moduleFile(tree, path, options.endings);
  if (file !== undefined || !tree.hasFolder(path)) return file;
  return (
    mainOf(tree, path) ?? moduleFile(tree, path === "" ? "index" : `${path}/index`, options.endings)
  );
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
