/** What `tsconfig.json` says of where imports lead: `paths` and `baseUrl`, through `extends` and `references`, out of the commit. */
import { parse as parseJson } from "jsonc-parser";
import { type FileTree, folderOf, foldersAbove, joined } from "../file-tree.ts";

export interface CompilerSettings {
  /** The folder that plain names are looked up in, if any. */
  readonly baseUrl?: string;
  readonly paths: readonly PathRule[];
}

export interface PathRule {
  /** What stands before and after the `*`; an exact name has no `after`. */
  readonly before: string;
  readonly after?: string;
  /** From the root, with the `*` still in them. */
  readonly targets: readonly string[];
}

/** Long chains are a circle. */
const extendsMax = 20;

/** The settings for the files of a folder: those of the nearest file of settings, or none. */
export type SettingsOf = (folder: string) => CompilerSettings | undefined;

/** `packageFile` answers where `extends: "name/file.json"` leads. */
export function compilerSettings(
  tree: FileTree,
  packageFile: (name: string) => string | undefined,
): SettingsOf {
  const byFolder = new Map<string, CompilerSettings | undefined>();
  const find: SettingsOf = (folder) => {
    if (byFolder.has(folder)) return byFolder.get(folder);
    let found: CompilerSettings | undefined;
    for (const above of foldersAbove(folder)) {
      const file = ["tsconfig.json", "jsconfig.json"].map((name) => joined(above, name) ?? name);
      const own = file.find((path) => tree.textOf(path) !== undefined);
      if (own === undefined) continue;
      found = settingsIn(tree, own, packageFile);
      break;
    }
    byFolder.set(folder, found);
    return found;
  };
  return find;
}

function settingsIn(
  tree: FileTree,
  file: string,
  packageFile: (name: string) => string | undefined,
): CompilerSettings {
  const raw = rawSettings({ tree, packageFile, leaf: folderOf(file) }, file, 0);
  // A file that only refers to others leaves it to them to say where imports lead.
  const referred = raw.paths === undefined && raw.baseUrl === undefined ? raw.references : [];
  const others = referred.flatMap((path) => {
    const target = [path, `${path}/tsconfig.json`].find((one) => tree.textOf(one) !== undefined);
    return target === undefined || target === file
      ? []
      : rawSettings({ tree, packageFile, leaf: folderOf(target) }, target, 0);
  });
  const all = [raw, ...others];
  const baseUrl = all.map((one) => one.baseUrl).find((one) => one !== undefined);
  return {
    ...(baseUrl === undefined ? {} : { baseUrl }),
    paths: all.flatMap((one) => rulesOf(one, folderOf(file))),
  };
}

interface Raw {
  readonly baseUrl: string | undefined;
  readonly paths: Readonly<Record<string, unknown>> | undefined;
  /** The folder of the file that says `paths`. */
  readonly pathsFolder: string;
  readonly references: readonly string[];
}

interface Reading {
  readonly tree: FileTree;
  readonly packageFile: (name: string) => string | undefined;
  /** The folder of the file that was asked for, which `${configDir}` stands for. */
  readonly leaf: string;
}

const nothing: Raw = { baseUrl: undefined, paths: undefined, pathsFolder: "", references: [] };

function rawSettings(reading: Reading, file: string, depth: number): Raw {
  const text = reading.tree.textOf(file);
  if (text === undefined || depth > extendsMax) return nothing;
  const said = objectIn(parseJson(text, [], { allowTrailingComma: true }));
  const options = objectIn(said["compilerOptions"]);
  const folder = folderOf(file);
  let inherited = nothing;
  for (const other of listIn(said["extends"])) {
    const target = extended(reading, folder, other);
    if (target === undefined) continue;
    const more = rawSettings(reading, target, depth + 1);
    inherited = {
      ...inherited,
      baseUrl: more.baseUrl ?? inherited.baseUrl,
      ...(more.paths === undefined ? {} : { paths: more.paths, pathsFolder: more.pathsFolder }),
    };
  }
  const baseUrl = options["baseUrl"];
  const paths = options["paths"];
  return {
    baseUrl:
      typeof baseUrl === "string" ? placed(reading.leaf, folder, baseUrl) : inherited.baseUrl,
    ...(paths === undefined || paths === null
      ? { paths: inherited.paths, pathsFolder: inherited.pathsFolder }
      : { paths: objectIn(paths), pathsFolder: folder }),
    references: (Array.isArray(said["references"]) ? said["references"] : []).flatMap((one) => {
      const path = objectIn(one)["path"];
      return typeof path === "string" ? (joined(folder, path) ?? []) : [];
    }),
  };
}

function extended(
  { tree, packageFile }: Reading,
  folder: string,
  name: string,
): string | undefined {
  const path = /^\.{1,2}(?:\/|$)/.test(name) ? joined(folder, name) : packageFile(name);
  if (path === undefined) return undefined;
  return [path, `${path}.json`, `${path}/tsconfig.json`].find(
    (one) => tree.textOf(one) !== undefined,
  );
}

/** What `${configDir}` begins with stands below the file that was asked for, whoever says it. */
function placed(leaf: string, folder: string, path: string): string | undefined {
  const mark = ["$", "{configDir}"].join("");
  return path.startsWith(mark) ? joined(leaf, path.slice(mark.length)) : joined(folder, path);
}

function rulesOf({ baseUrl, paths, pathsFolder }: Raw, leaf: string): PathRule[] {
  const folder = baseUrl ?? pathsFolder;
  return Object.entries(paths ?? {}).flatMap(([pattern, said]) => {
    const targets = listIn(said).flatMap((target) => placed(leaf, folder, target) ?? []);
    const star = pattern.indexOf("*");
    if (targets.length === 0) return [];
    if (star < 0) return [{ before: pattern, targets }];
    return [{ before: pattern.slice(0, star), after: pattern.slice(star + 1), targets }];
  });
}

/** Where a name leads by the rules, best match first; undefined if none is for it. */
export function pathsFor(settings: CompilerSettings, name: string): readonly string[] | undefined {
  let best: PathRule | undefined;
  for (const rule of settings.paths) {
    if (!isFor(rule, name)) continue;
    if (rule.after === undefined) return rule.targets;
    if (best === undefined || rule.before.length > best.before.length) best = rule;
  }
  if (best === undefined) return undefined;
  const middle = name.slice(best.before.length, name.length - (best.after ?? "").length);
  return best.targets.map((target) => target.replace("*", () => middle.replace(/\/$/, "")));
}

function isFor({ before, after }: PathRule, name: string): boolean {
  if (after === undefined) return name === before;
  const longEnough = name.length >= before.length + after.length;
  return longEnough && name.startsWith(before) && name.endsWith(after);
}

type Said = Readonly<Record<string, unknown>>;

function objectIn(value: unknown): Said {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Said) : {};
}

/** A text, or the texts of a list. */
function listIn(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === "string");
}
