/** Where a path of Rust leads. Modules are found as the compiler does: from the root of each crate along its `mod` lines; the longest
 *  part of a path that is a module says the file, what follows is a name in it. */
import type { RepoPath } from "../../core/id.ts";
import type { ImportFact } from "../blob-facts.ts";
import { type FileTree, folderOf, joined } from "../file-tree.ts";
import { missing, type Resolution, type Resolver } from "./resolution.ts";

interface Crate {
  /** By module path, `""` for the root. */
  readonly modules: Map<string, RepoPath>;
}

/** Which module of which crate a file is. */
interface Place {
  readonly crate: Crate;
  readonly module: string;
}

export function rustResolver(tree: FileTree): Resolver {
  const places = new Map<string, Place>();
  const libraries = new Map<string, Crate>();
  for (const manifest of tree.named("Cargo.toml")) {
    const folder = folderOf(manifest);
    const text = tree.textOf(manifest) ?? "";
    const library = walkCrate(tree, libraryOf(tree, folder, text), places);
    const name = nameIn(text, "lib") ?? nameIn(text, "package");
    if (library !== undefined && name !== undefined)
      libraries.set(name.replaceAll("-", "_"), library);
    for (const root of otherRoots(tree, folder)) walkCrate(tree, root, places);
  }
  return (from, fact) => {
    const place = places.get(from) ?? { crate: { modules: new Map([["", from]]) }, module: "" };
    const child = childFile(tree, from, fact, place.module === "");
    if (child !== undefined) return child;
    return resolvePath(place, fact.specifier.split("::"), libraries);
  };
}

function libraryOf(tree: FileTree, folder: string, text: string): RepoPath | undefined {
  const said = /^\s*path\s*=\s*"([^"]+)"/m.exec(sectionOf(text, "lib"))?.[1] ?? "src/lib.rs";
  const path = joined(folder, said);
  return path !== undefined && tree.has(path) ? path : undefined;
}

function otherRoots(tree: FileTree, folder: string): readonly RepoPath[] {
  const main = joined(folder, "src/main.rs") ?? "";
  const folders = ["src/bin", "tests", "examples", "benches"];
  const more = folders.flatMap((name) => tree.filesIn(joined(folder, name) ?? ""));
  const build = joined(folder, "build.rs") ?? "";
  const roots = more.filter((path) => path.endsWith(".rs"));
  return [...(tree.has(main) ? [main] : []), ...roots, ...(tree.has(build) ? [build] : [])];
}

function walkCrate(
  tree: FileTree,
  root: RepoPath | undefined,
  places: Map<string, Place>,
): Crate | undefined {
  if (root === undefined) return undefined;
  const crate: Crate = { modules: new Map() };
  const open: (readonly [RepoPath, string])[] = [[root, ""]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [file, module] = at;
    if (crate.modules.has(module)) continue;
    crate.modules.set(module, file);
    if (!places.has(file)) places.set(file, { crate, module });
    open.push(...childModules(tree, file, module));
  }
  return crate;
}

function childModules(
  tree: FileTree,
  file: RepoPath,
  module: string,
): (readonly [RepoPath, string])[] {
  return (tree.factsOf(file)?.imports ?? []).flatMap((fact) => {
    const name = moduleForm.exec(fact.specifier)?.[1];
    const found = childFile(tree, file, fact, module === "");
    if (name === undefined || found?.type !== "files") return [];
    const path = module === "" ? name : `${module}::${name}`;
    return found.files.map((one) => [one.path, path] as const);
  });
}

const moduleForm = /^mod (\S+)(?: in (.+))?$/;

/** Of `mod a::b` and `mod a::b in x.rs`; undefined of anything else. */
function childFile(
  tree: FileTree,
  from: RepoPath,
  { specifier }: ImportFact,
  isRoot: boolean,
): Resolution | undefined {
  const folder = folderOf(from);
  const said = moduleForm.exec(specifier);
  if (said === null) return undefined;
  const [, name = "", file] = said;
  const stem = from.slice(folder === "" ? 0 : folder.length + 1).replace(/\.rs$/, "");
  const inside = isRoot || stem === "mod" ? folder : [folder, stem].filter(Boolean).join("/");
  const path = name.replaceAll("::", "/");
  const candidates =
    file !== undefined
      ? [joined(folder, file)]
      : [`${path}.rs`, `${path}/mod.rs`].map((one) => joined(inside, one));
  for (const one of candidates)
    if (one !== undefined && tree.has(one))
      return { type: "files", files: [{ path: one, names: ["*"] }] };
  return missing;
}

function resolvePath(
  { crate, module }: Place,
  parts: readonly string[],
  libraries: ReadonlyMap<string, Crate>,
): Resolution {
  const [first = ""] = parts;
  const here = module === "" ? [] : module.split("::");
  if (first === "crate") return inCrate(crate, parts.slice(1));
  if (first === "self") return inCrate(crate, [...here, ...parts.slice(1)]);
  if (first === "super") {
    const up = parts.findIndex((part) => part !== "super");
    const rest = up < 0 ? [] : parts.slice(up);
    return inCrate(crate, [...here.slice(0, here.length - (parts.length - rest.length)), ...rest]);
  }
  if (crate.modules.has([...here, first].join("::"))) return inCrate(crate, [...here, ...parts]);
  const library = libraries.get(first);
  if (library !== undefined) return inCrate(library, parts.slice(1));
  if (crate.modules.has(first)) return inCrate(crate, parts);
  return { type: "outside", name: first };
}

function inCrate({ modules }: Crate, parts: readonly string[]): Resolution {
  for (let length = parts.length; length >= 0; length -= 1) {
    const file = modules.get(parts.slice(0, length).join("::"));
    if (file === undefined) continue;
    return { type: "files", files: [{ path: file, names: [parts[length] ?? "*"] }] };
  }
  return missing;
}

function nameIn(text: string, section: string): string | undefined {
  return /^\s*name\s*=\s*"([^"]+)"/m.exec(sectionOf(text, section))?.[1];
}

/** The lines of `[name]` up to the next section. */
function sectionOf(text: string, name: string): string {
  const [, after = ""] = text.split(new RegExp(`^\\s*\\[${name}\\]\\s*$`, "m"));
  return after.split(/^\s*\[/m)[0] ?? "";
}
