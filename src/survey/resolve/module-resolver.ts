/** Where an import of TypeScript or JavaScript leads, over the files of the commit alone: relative names, `paths` of the compiler's
 *  settings, packages of the workspace by their manifests. What is installed is never looked at. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, folderOf, joined } from "../file-tree.ts";
import { compilerSettings, pathsFor, type SettingsOf } from "./compiler-settings.ts";
import { moduleAt } from "./module-file.ts";
import { type Packages, packageName } from "./packages.ts";
import { missing, type Resolution, type Resolver, reached } from "./resolution.ts";

export function moduleResolver(tree: FileTree, packages: Packages): Resolver {
  const settingsOf = compilerSettings(tree, (name) => packages.pathIn(name));
  const known = new Map<string, Map<string, Resolution>>();
  return (from, { specifier }) => {
    const folder = folderOf(from);
    let ofFolder = known.get(folder);
    if (ofFolder === undefined) {
      ofFolder = new Map();
      known.set(folder, ofFolder);
    }
    let resolution = ofFolder.get(specifier);
    if (resolution === undefined) {
      resolution = resolve({ tree, packages, settingsOf }, folder, specifier);
      ofFolder.set(specifier, resolution);
    }
    return resolution;
  };
}

interface Places {
  readonly tree: FileTree;
  readonly packages: Packages;
  readonly settingsOf: SettingsOf;
}

function resolve(places: Places, folder: string, specifier: string): Resolution {
  // What stands behind `?` or `!` is for a bundler.
  const name = specifier.replace(/^.*!/, "").replace(/[?].*$/, "");
  if (name === "") return missing;
  if (/^[a-z][a-z\d+.-]*:/i.test(name)) return { type: "outside", name };
  if (name.startsWith("/")) return missing;
  if (/^\.{1,2}(?:\/|$)/.test(name)) return relative(places.tree, folder, name);
  const file = byName(places, folder, name);
  if (file !== undefined) return reached(file);
  if (name.startsWith("#")) return missing;
  const { known, file: entry } = places.packages.resolve(name, folder);
  if (entry !== undefined) return reached(entry);
  return known || isAlias(name) ? missing : { type: "outside", name: packageName(name) };
}

/** No package is called like this: it is somebody's name for a folder of theirs. */
function isAlias(name: string): boolean {
  return name.startsWith("@/") || name.startsWith("~");
}

function relative(tree: FileTree, folder: string, name: string): Resolution {
  const path = joined(folder, name);
  if (path === undefined) return missing;
  const file = moduleAt(tree, path, { folderOnly: /(?:^|\/)\.{0,2}$/.test(name) });
  return file === undefined ? missing : reached(file);
}

/** By the compiler's settings, or by `imports` of the package around it. */
function byName({ tree, packages, settingsOf }: Places, folder: string, name: string) {
  const settings = settingsOf(folder);
  for (const path of settings === undefined ? [] : (pathsFor(settings, name) ?? [])) {
    const file: RepoPath | undefined = moduleAt(tree, path);
    if (file !== undefined) return file;
  }
  if (name.startsWith("#")) return packages.resolveOwn(name, folder);
  if (settings?.baseUrl === undefined) return undefined;
  const path = joined(settings.baseUrl, name);
  return path === undefined ? undefined : moduleAt(tree, path);
}
