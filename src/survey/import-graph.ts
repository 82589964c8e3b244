/** From what files say to which files they mean: the edges of the import graph, and what leads out of the repository or nowhere. */
import type { RepoPath } from "../core/id.ts";
import { type ImportEdge, type ImportKind, type Language, languageOf } from "../core/survey.ts";
import type { ImportFact } from "./blob-facts.ts";
import type { FileTree } from "./file-tree.ts";
import { goNeighbours, goResolver } from "./resolve/go-resolver.ts";
import { javaResolver } from "./resolve/java-resolver.ts";
import { moduleResolver } from "./resolve/module-resolver.ts";
import { packagesOf, type WorkspaceGlobs } from "./resolve/packages.ts";
import { pythonResolver } from "./resolve/python-resolver.ts";
import type { Reached, Resolution, Resolver } from "./resolve/resolution.ts";
import { rustResolver } from "./resolve/rust-resolver.ts";

export interface ImportGraph {
  readonly edges: readonly ImportEdge[];
  /** By file, sorted. */
  readonly outside: ReadonlyMap<string, readonly string[]>;
  readonly unresolved: readonly Unresolved[];
}

export interface Unresolved {
  readonly from: RepoPath;
  readonly specifier: string;
}

export function importGraph(tree: FileTree, workspaces: WorkspaceGlobs): ImportGraph {
  const readers = readersFor(tree, workspaces);
  const edges: ImportEdge[] = [];
  const outside = new Map<string, readonly string[]>();
  const unresolved: Unresolved[] = [];
  for (const from of tree.paths) {
    const language = languageOf(from);
    if (language === undefined) continue;
    const own = new OwnEdges(from);
    const reader = readers(language);
    const facts = tree.factsOf(from)?.imports ?? [];
    for (const fact of facts) own.addImport(fact, reader.resolve(from, fact));
    for (const one of reader.neighbours?.(from) ?? []) own.add(one, "static", []);
    edges.push(...own.sorted());
    if (own.outside.size > 0) outside.set(from, [...own.outside].sort());
    for (const specifier of own.missing) unresolved.push({ from, specifier });
  }
  return { edges, outside, unresolved };
}

interface Reader {
  readonly resolve: Resolver;
  readonly neighbours?: (path: RepoPath) => readonly Reached[];
}

/** Each made when the first file of its language is met. */
function readersFor(tree: FileTree, workspaces: WorkspaceGlobs): (language: Language) => Reader {
  const made = new Map<string, Reader>();
  const make = (language: Language): Reader => {
    switch (language) {
      case "typescript":
      case "javascript":
        return { resolve: moduleResolver(tree, packagesOf(tree, workspaces)) };
      case "python":
        return { resolve: pythonResolver(tree) };
      case "go":
        return { resolve: goResolver(tree), neighbours: (path) => goNeighbours(tree, path) };
      case "java":
        return javaResolver(tree);
      case "rust":
        return { resolve: rustResolver(tree) };
    }
  };
  return (language) => {
    const key = language === "javascript" ? "typescript" : language;
    const reader = made.get(key) ?? make(key);
    made.set(key, reader);
    return reader;
  };
}

/** The edges of one file: those to the same file, in the same way, are one. */
class OwnEdges {
  readonly outside = new Set<string>();
  readonly missing = new Set<string>();
  readonly #from: RepoPath;
  readonly #names = new Map<string, Set<string>>();

  constructor(from: RepoPath) {
    this.#from = from;
  }

  addImport({ kind, specifier, names }: ImportFact, resolution: Resolution): void {
    if (resolution.type === "outside") this.outside.add(resolution.name);
    else if (resolution.type === "missing") this.missing.add(specifier);
    else for (const one of resolution.files) this.add(one, kind, names);
  }

  add({ path, names }: Reached, kind: ImportKind, said: readonly string[]): void {
    if (path === this.#from) return;
    const key = `${path}\0${kind}`;
    const known = this.#names.get(key) ?? new Set();
    this.#names.set(key, known);
    for (const name of names ?? said) known.add(name);
  }

  sorted(): ImportEdge[] {
    return [...this.#names].sort(byKey).map(([key, names]) => {
      const [to, kind] = key.split("\0") as [RepoPath, ImportKind];
      return { from: this.#from, to, kind, names: [...names].sort() };
    });
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
