/** The roles that people bring along: Markdown files of the repository and of the user, the nearest first. They are read once,
 *  when a run starts, and recorded with it; those of a repository count as configuration that must be trusted. */
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Role } from "../../core/role.ts";
import { fileFailure, isAbsent } from "../../host/file.ts";
import { readBuiltInRoles } from "./built-in.ts";
import { parseRoleFile, type RoleFile } from "./role-file.ts";

/** Of one folder. */
const filesMax = 200;
const bytesMax = 200_000;

export interface RolePlaces {
  /** Absolute path of the checkout's root. */
  readonly repository: string;
  /** `$XDG_CONFIG_HOME`, or `~/.config`. */
  readonly configHome: string;
  readonly home: string;
}

export interface BroughtRoles {
  /** Each name once: the nearest. */
  readonly roles: readonly Role[];
  readonly warnings: readonly string[];
  /** Those of the repository, for the hash of what is trusted. */
  readonly files: readonly RoleFile[];
}

export async function readRoles({
  repository,
  configHome,
  home,
}: RolePlaces): Promise<BroughtRoles> {
  const folders = [
    { folder: path.join(repository, ".pleach/agents"), shown: ".pleach/agents", isOurs: false },
    { folder: path.join(repository, ".claude/agents"), shown: ".claude/agents", isOurs: false },
    ...[path.join(configHome, "pleach/agents"), path.join(home, ".claude/agents")].map((folder) => {
      return { folder, shown: folder, isOurs: true };
    }),
  ];
  const roles = new Map<string, Role>();
  const warnings: string[] = [];
  const files: RoleFile[] = [];
  for (const each of folders) {
    const found = await readFolder(each);
    warnings.push(...found.warnings);
    if (!each.isOurs) files.push(...found.files);
    for (const file of found.files) {
      const read = parseRoleFile(file);
      warnings.push(...read.warnings);
      const { role } = read;
      if (role !== undefined && !roles.has(role.name)) roles.set(role.name, role);
    }
  }
  return { roles: [...roles.values()], warnings, files };
}

/** With those that come with Pleach, but for the ones that have been replaced. */
export async function withBuiltInRoles(brought: readonly Role[]): Promise<readonly Role[]> {
  const names = new Set(brought.map(({ name }) => name));
  const builtIn = await readBuiltInRoles();
  return [...brought, ...builtIn.filter(({ name }) => !names.has(name))];
}

interface RoleFolder {
  readonly folder: string;
  readonly shown: string;
  /** The user's own: there a file may stand for another. */
  readonly isOurs: boolean;
}

async function readFolder({
  folder,
  shown,
  isOurs,
}: RoleFolder): Promise<{ readonly files: readonly RoleFile[]; readonly warnings: string[] }> {
  const warnings: string[] = [];
  const files: RoleFile[] = [];
  const names = (await namesIn(folder)).filter((name) => /\.md$/i.test(name)).sort();
  if (names.length > filesMax) {
    warnings.push(`${shown} has ${names.length} files: only the first ${filesMax} are read`);
  }
  for (const name of names.slice(0, filesMax)) {
    const source = path.join(shown, name);
    const text = await readRoleText(path.join(folder, name), isOurs);
    if (text === undefined) {
      warnings.push(`${source} is no plain file of at most ${bytesMax} bytes: it is left out`);
    } else files.push({ source, text });
  }
  return { files, warnings };
}

async function readRoleText(file: string, follows: boolean): Promise<string | undefined> {
  try {
    const facts = await (follows ? stat(file) : lstat(file));
    if (!facts.isFile() || facts.size > bytesMax) return undefined;
    return await readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileFailure(error, `read ${file}`);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw fileFailure(error, `read ${folder}`);
  }
}
