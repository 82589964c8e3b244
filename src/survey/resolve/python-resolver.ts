/** Where an import of Python leads: relative ones from the file's folder, others from the folders that packages stand in. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, folderOf, foldersAbove, joined } from "../file-tree.ts";
import { missing, type Reached, type Resolution, type Resolver } from "./resolution.ts";

export function pythonResolver(tree: FileTree): Resolver {
  const tops = topPackages(tree);
  return (from, { specifier, names }) => {
    const folder = folderOf(from);
    const dots = /^\.*/.exec(specifier)?.[0].length ?? 0;
    const parts = specifier.slice(dots).split(".").filter(Boolean);
    if (dots === 0) return absolute(tree, tops, folder, { parts, names });
    const start = joined(folder, "../".repeat(dots - 1));
    return start === undefined ? missing : inPackage(tree, under(start, parts), names);
  };
}

type Tops = ReadonlyMap<string, readonly string[]>;

interface Named {
  readonly parts: readonly string[];
  readonly names: readonly string[];
}

function absolute(tree: FileTree, tops: Tops, folder: string, { parts, names }: Named): Resolution {
  const [top = ""] = parts;
  // Within a package nothing is found by its plain name beside it.
  const around = [...foldersAbove(folder)].filter((above) => !isPackage(tree, above));
  for (const root of new Set([...around, ...(tops.get(top) ?? [])])) {
    if (!isThere(tree, under(root, [top]))) continue;
    const found = inPackage(tree, under(root, parts), names);
    if (found.type === "files") return found;
  }
  return tops.has(top) ? missing : { type: "outside", name: top };
}

/** By the name of a package that stands in no other: the folders that hold it. */
function topPackages(tree: FileTree): Tops {
  const tops = new Map<string, string[]>();
  for (const file of tree.named("__init__.py")) {
    const folder = folderOf(file);
    const root = folderOf(folder);
    if (folder === "" || isPackage(tree, root)) continue;
    const name = folder.slice(root === "" ? 0 : root.length + 1);
    tops.set(name, [...(tops.get(name) ?? []), root]);
  }
  return tops;
}

function inPackage(tree: FileTree, path: string, names: readonly string[]): Resolution {
  const own = moduleIn(tree, path);
  const files: Reached[] = [];
  const used: string[] = [];
  for (const name of names) {
    // `from a import b` means the module b of a as well as what a calls b.
    const module = name === "*" ? undefined : moduleIn(tree, under(path, [name]));
    if (module === undefined) used.push(name);
    else files.push({ path: module, names: ["*"] });
  }
  if (own !== undefined && used.length > 0) files.push({ path: own, names: used });
  return files.length === 0 ? missing : { type: "files", files };
}

function moduleIn(tree: FileTree, path: string): RepoPath | undefined {
  const found = [`${path}.py`, `${path}/__init__.py`, `${path}.pyi`, `${path}/__init__.pyi`];
  return found.map((one) => one.replace(/^\//, "")).find((one) => tree.has(one)) as
    | RepoPath
    | undefined;
}

function isThere(tree: FileTree, path: string): boolean {
  return tree.hasFolder(path) || moduleIn(tree, path) !== undefined;
}

function isPackage(tree: FileTree, folder: string): boolean {
  return folder !== "" && tree.has(`${folder}/__init__.py`);
}

function under(folder: string, parts: readonly string[]): string {
  return [...(folder === "" ? [] : [folder]), ...parts].join("/");
}
