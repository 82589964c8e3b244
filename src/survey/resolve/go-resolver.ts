/** Where an import of Go leads: to those files of a package's folder that declare what is used of it. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, folderOf } from "../file-tree.ts";
import { missing, type Reached, type Resolver } from "./resolution.ts";

export function goResolver(tree: FileTree): Resolver {
  const modules = modulesOf(tree);
  return (_, { specifier, names }) => {
    const module = modules.find(({ name }) => `${specifier}/`.startsWith(`${name}/`));
    if (module === undefined) return { type: "outside", name: specifier };
    const rest = specifier.slice(module.name.length + 1);
    const folder = [module.folder, rest].filter((part) => part !== "").join("/");
    const files = tree.filesIn(folder).filter(isPlain);
    if (files.length === 0) return missing;
    const declaring = files.flatMap((path) => using(tree, path, names));
    const all = files.map((path) => ({ path, names: names.length === 0 ? [] : ["*"] }));
    return { type: "files", files: declaring.length > 0 ? declaring : all };
  };
}

/** What a file uses of those beside it, without an import. */
export function goNeighbours(tree: FileTree, path: RepoPath): readonly Reached[] {
  const facts = tree.factsOf(path);
  const uses = new Set(facts?.uses);
  const others = tree.filesIn(folderOf(path)).filter((other) => {
    const isSame = tree.factsOf(other)?.space === facts?.space;
    return other !== path && other.endsWith(".go") && isSame && isPlain(other);
  });
  return others.flatMap((other) => using(tree, other, [...uses]));
}

interface Module {
  readonly name: string;
  readonly folder: string;
}

/** The longest names first, for modules may lie within modules. */
function modulesOf(tree: FileTree): readonly Module[] {
  return tree
    .named("go.mod")
    .flatMap((path) => {
      const name = /^\s*module\s+"?([^\s"]+)"?/m.exec(tree.textOf(path) ?? "")?.[1];
      return name === undefined ? [] : [{ name, folder: folderOf(path) }];
    })
    .sort((a, b) => b.name.length - a.name.length);
}

function using(tree: FileTree, path: RepoPath, names: readonly string[]): Reached[] {
  const offers = new Set(tree.factsOf(path)?.offers);
  const used = names.filter((name) => offers.has(name));
  return used.length === 0 ? [] : [{ path, names: used }];
}

function isPlain(path: string): boolean {
  return path.endsWith(".go") && !path.endsWith("_test.go");
}
