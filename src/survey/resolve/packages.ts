/** The packages that the repository itself holds: what their manifests call them, which of them others here may import by name, and
 *  which of their sources an entry stands for. */
import { parse as parseJson } from "jsonc-parser";
import type { RepoPath } from "../../core/id.ts";
import { matcherOf } from "../../core/ownership.ts";
import { type FileTree, folderOf, foldersAbove, joined } from "../file-tree.ts";
import { moduleAt, moduleFile } from "./module-file.ts";
import { entriesFor } from "./package-entries.ts";

export interface Packages {
  /** The file that a package's name, with what follows it, stands for when it is imported from a folder; `known` tells a package
   *  of ours without such a file from one that is not ours. */
  resolve(name: string, from: string): { readonly known: boolean; readonly file?: RepoPath };
  /** Of `#name`. */
  resolveOwn(name: string, from: string): RepoPath | undefined;
  /** The path of a file in a package of ours, whether it is there or not. */
  pathIn(name: string): string | undefined;
}

interface Manifest {
  readonly folder: string;
  readonly said: Readonly<Record<string, unknown>>;
}

export function packagesOf(tree: FileTree, workspaceGlobs: WorkspaceGlobs): Packages {
  const manifests = new Map<string, Manifest>();
  for (const path of tree.named("package.json")) {
    const text = tree.textOf(path);
    if (text !== undefined && !path.includes("node_modules/"))
      manifests.set(folderOf(path), { folder: folderOf(path), said: manifestIn(text) });
  }
  const members = memberNames(manifests, workspaceGlobs);
  const nearest = (folder: string, key: string) => {
    for (const above of foldersAbove(folder)) {
      const manifest = manifests.get(above);
      // The first manifest ends the search, as it ends the package.
      if (manifest !== undefined) return Object.hasOwn(manifest.said, key) ? manifest : undefined;
    }
    return undefined;
  };
  const find = (name: string, from: string): Manifest | undefined => {
    const plain = packageName(name);
    const own = nearest(from, "exports");
    if (own?.said["name"] === plain) return own;
    return members.get(plain);
  };
  return {
    resolve: (name, from) => {
      const manifest = find(name, from);
      if (manifest === undefined) return { known: false };
      const file = entryFile(tree, manifest, `.${name.slice(packageName(name).length)}`);
      return file === undefined ? { known: true } : { known: true, file };
    },
    resolveOwn: (name, from) => {
      const manifest = nearest(from, "imports");
      if (manifest === undefined) return undefined;
      const targets = entriesFor(manifest.said["imports"], name);
      return firstFile(tree, manifest.folder, targets);
    },
    pathIn: (name) => {
      const manifest = members.get(packageName(name));
      const rest = name.slice(packageName(name).length + 1);
      return manifest === undefined ? undefined : joined(manifest.folder, rest);
    },
  };
}

/** By the folder of the workspace's root. */
export type WorkspaceGlobs = ReadonlyMap<string, readonly string[]>;

/** Of `workspaces` in a manifest; those of pnpm come in from outside, in `more`. */
export function workspaceGlobs(tree: FileTree, more: WorkspaceGlobs): WorkspaceGlobs {
  const globs = new Map(more);
  for (const path of tree.named("package.json")) {
    const said = manifestIn(tree.textOf(path) ?? "");
    const workspaces = said["workspaces"];
    const list = Array.isArray(workspaces) ? workspaces : objectIn(workspaces)["packages"];
    if (!Array.isArray(list)) continue;
    const texts = list.filter((one): one is string => typeof one === "string");
    globs.set(folderOf(path), [...(globs.get(folderOf(path)) ?? []), ...texts]);
  }
  return globs;
}

function memberNames(
  manifests: ReadonlyMap<string, Manifest>,
  globs: WorkspaceGlobs,
): ReadonlyMap<string, Manifest> {
  const members = new Map<string, Manifest>();
  for (const [root, texts] of globs) {
    const isMember = matcherOf(texts.map((text) => text.replace(/^\.\//, "").replace(/\/$/, "")));
    const head = root === "" ? "" : `${root}/`;
    for (const manifest of manifests.values()) {
      const name = manifest.said["name"];
      const inside = manifest.folder.startsWith(head) && manifest.folder !== root;
      if (typeof name !== "string" || !inside || members.has(name)) continue;
      if (isMember(manifest.folder.slice(head.length))) members.set(name, manifest);
    }
  }
  return members;
}

function entryFile(
  tree: FileTree,
  { folder, said }: Manifest,
  entry: string,
): RepoPath | undefined {
  if (said["exports"] !== undefined) {
    const found = firstFile(tree, folder, entriesFor(said["exports"], entry));
    if (found !== undefined) return found;
  }
  if (entry !== ".") return firstFile(tree, folder, [entry]);
  const mains = ["source", "types", "typings", "module", "main"].flatMap((key) => {
    const value = said[key];
    return typeof value === "string" ? [value] : [];
  });
  const found = firstFile(tree, folder, mains);
  return found ?? firstFile(tree, folder, ["./index", "./src/index"]);
}

/** The first that is there as it stands; else the first whose source is: what is built is seldom in git. */
function firstFile(
  tree: FileTree,
  folder: string,
  targets: readonly string[],
): RepoPath | undefined {
  const paths = targets.flatMap((target) => joined(folder, target) ?? []);
  for (const path of paths) {
    const file = moduleAt(tree, path);
    if (file !== undefined) return file;
  }
  for (const path of paths) {
    const file = sourceOf(tree, folder, path);
    if (file !== undefined) return file;
  }
  return undefined;
}

const sourceFolders = ["src", "source", "lib", ""];
/** `dist/esm/types/a.js` is no longer than what builds make. */
const builtDepthMax = 3;

/** `dist/a.js` → `src/a.ts`: the leading folders of what is built, in place of the one of the sources. */
function sourceOf(tree: FileTree, folder: string, path: string): RepoPath | undefined {
  const head = folder === "" ? "" : `${folder}/`;
  const parts = path
    .slice(head.length)
    .replace(/\.d\.([cm]?)ts$/, ".$1js")
    .split("/");
  for (let cut = 1; cut <= Math.min(builtDepthMax, parts.length - 1); cut += 1) {
    const rest = parts.slice(cut).join("/");
    for (const sources of sourceFolders) {
      const at = `${head}${sources === "" ? "" : `${sources}/`}${rest}`;
      // What is built as one kind of module may be written as another.
      const file = moduleFile(tree, at) ?? moduleFile(tree, at.replace(/\.[cm]js$/, ".js"));
      if (file !== undefined) return file;
    }
  }
  return undefined;
}

/** `@scope/name/path` → `@scope/name`. */
export function packageName(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}

type Said = Readonly<Record<string, unknown>>;

function manifestIn(text: string): Said {
  return text === "" ? {} : objectIn(parseJson(text));
}

function objectIn(value: unknown): Said {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Said) : {};
}
