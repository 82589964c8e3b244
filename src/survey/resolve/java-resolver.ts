/** Where an import of Java leads: to the file that declares the type, whichever folder it lies in. */
import type { RepoPath } from "../../core/id.ts";
import type { FileTree } from "../file-tree.ts";
import { missing, type Reached, type Resolution, type Resolver } from "./resolution.ts";

export interface JavaResolver {
  readonly resolve: Resolver;
  /** What a file uses of its own package, without an import. */
  neighbours(path: RepoPath): readonly Reached[];
}

export function javaResolver(tree: FileTree): JavaResolver {
  /** By package, then by name. */
  const types = new Map<string, Map<string, RepoPath[]>>();
  for (const path of tree.paths) {
    const facts = path.endsWith(".java") ? tree.factsOf(path) : undefined;
    for (const name of facts?.offers ?? []) declare(types, facts?.space ?? "", name, path);
  }
  return {
    resolve: (from, { specifier }) => {
      if (!specifier.endsWith(".*")) return typeOf(types, from, specifier);
      const space = specifier.slice(0, -2);
      const used = usedOf(types, space, from, tree);
      if (used.length > 0) return { type: "files", files: used };
      return types.has(space) ? { type: "files", files: [] } : typeOf(types, from, space);
    },
    neighbours: (path) => usedOf(types, tree.factsOf(path)?.space ?? "", path, tree),
  };
}

type Types = ReadonlyMap<string, ReadonlyMap<string, readonly RepoPath[]>>;

function declare(
  types: Map<string, Map<string, RepoPath[]>>,
  space: string,
  name: string,
  path: RepoPath,
): void {
  const inSpace = types.get(space) ?? new Map<string, RepoPath[]>();
  types.set(space, inSpace);
  inSpace.set(name, [...(inSpace.get(name) ?? []), path]);
}

/** `a.b.C`, or `a.b.C.Inner` and `a.b.C.member`, of which C is the type. */
function typeOf(types: Types, from: string, specifier: string): Resolution {
  const parts = specifier.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts[length - 1] ?? "";
    const found = types.get(parts.slice(0, length - 1).join("."))?.get(name);
    if (found === undefined) continue;
    return { type: "files", files: [{ path: nearest(found, from), names: [name] }] };
  }
  const space = parts.filter((part) => !/^\p{Lu}/u.test(part)).join(".");
  return types.has(space) ? missing : { type: "outside", name: space };
}

function usedOf(types: Types, space: string, from: RepoPath, tree: FileTree): Reached[] {
  const inSpace = types.get(space);
  if (inSpace === undefined) return [];
  return (tree.factsOf(from)?.uses ?? []).flatMap((name) => {
    const found = inSpace.get(name);
    return found === undefined ? [] : [{ path: nearest(found, from), names: [name] }];
  });
}

/** A name that several modules declare means the one that lies nearest. */
function nearest(paths: readonly RepoPath[], from: string): RepoPath {
  let best = paths[0] as RepoPath;
  for (const path of paths) if (shared(path, from) > shared(best, from)) best = path;
  return best;
}

function shared(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}
