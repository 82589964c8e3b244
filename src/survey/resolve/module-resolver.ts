/** Where an import of TypeScript or JavaScript leads, over the files of the commit alone: relative names, `paths` of the compiler's
 *  settings, packages of the workspace by their manifests. What is installed is never looked at. */
import type { RepoPath } from "../../core/id.ts";
import { type FileTree, folderOf, joined } from "../file-tree.ts";
import { compilerSettings, pathsFor, type SettingsOf } from "./compiler-settings.ts";
import { allEndings, moduleAt, typeScriptEndings } from "./module-file.ts";
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
  const isRelative = /^\.{1,2}(?:\/|$)/.test(name);
  const find = isRelative ? relative : byName;
  const file =
    find(places, folder, name, typeScriptEndings) ?? find(places, folder, name, allEndings);
  if (file !== undefined) return reached(file);
  if (isRelative) return missing;
  if (name.startsWith("#")) return missing;
  const { known, file: entry } = places.packages.resolve(name, folder);
  if (entry !== undefined) return reached(entry);
  return known || isAlias(name) ? missing : { type: "outside", name: packageName(name) };
}

/** No package is called like this: it is somebody's name for a folder of theirs. */
function isAlias(name: string): boolean {
  return name.startsWith("@/") || name.startsWith("~");
}

type Find = (
  places: Places,
  folder: string,
  name: string,
  endings: readonly string[],
) => RepoPath | undefined;

const relative: Find = ({ tree }, folder, name, endings) => {
  const path = joined(folder, name);
  if (path === undefined) return undefined;
  return moduleAt(tree, path, { folderOnly: /(?:^|\/)\.{0,2}$/.test(name), endings });
};

/** By the compiler's settings, or by `imports` of the package around it. */
const byName: Find = ({ tree, packages, settingsOf }, folder, name, endings) => {
  const settings = settingsOf(folder);
  const folderOnly = name.endsWith("/");
  for (const path of settings === undefined ? [] : (pathsFor(settings, name) ?? [])) {
    const file = moduleAt(tree, path, { folderOnly, endings });
    if (file !== undefined) return file;
  }
  if (name.startsWith("#")) return packages.resolveOwn(name, folder);
  if (settings?.baseUrl === undefined) return undefined;
  const path = joined(settings.baseUrl, name);
  return path === undefined ? undefined : moduleAt(tree, path, { folderOnly, endings });
};
