/** Whether git takes files as they lie on the disk. Line ends, filters, encodings and modes are settled by attributes and
 *  settings that may lie in many places; where there is any of them, git's own index has to look. */
import { lstat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileFailure, isAbsent } from "../host/file.ts";
import { type GitPlace, git } from "./git.ts";

export const attributesFile = ".gitattributes";

const plainly: Readonly<Record<string, string>> = {
  "core.autocrlf": "false",
  "core.filemode": "true",
  "core.symlinks": "true",
};

/** Of this machine and this repository, but for the attributes that lie in the tree itself. Ask once per run. */
export async function takesContentPlainly(place: GitPlace): Promise<boolean> {
  const [settings, programs] = await Promise.all([readSettings(place), readProgramFolder(place)]);
  for (const [name, value] of Object.entries(plainly))
    if ((settings.get(name) ?? value).toLowerCase() !== value) return false;
  const configured = settings.get("core.attributesfile");
  // Where another user's home, or a path within git's own folders, lies only git can tell.
  if (configured !== undefined && !/^(?:~?\/|$)/.test(configured)) return false;
  const files = attributeFiles(place, programs, configured);
  return (await Promise.all(files.map(isThere))).every((there) => !there);
}

async function readSettings(place: GitPlace): Promise<ReadonlyMap<string, string>> {
  const pattern = "^core\\.(autocrlf|filemode|symlinks|attributesfile)$";
  const answer = await git(place, ["config", "-z", "--get-regexp", pattern], { codes: [0, 1] });
  const found = new Map<string, string>();
  for (const entry of answer.stdout.split("\0")) {
    const end = entry.indexOf("\n");
    if (end !== -1) found.set(entry.slice(0, end).toLowerCase(), entry.slice(end + 1));
    else if (entry !== "") found.set(entry.toLowerCase(), "true");
  }
  return found;
}

/** Where git looks for attributes outside of the tree. */
function attributeFiles(
  place: GitPlace,
  programs: string,
  configured: string | undefined,
): readonly string[] {
  const home = process.env["XDG_CONFIG_HOME"] || path.join(os.homedir(), ".config");
  const prefix = programs.replace(/\/(?:lib|libexec)(?:\/[^/]+)*\/git-core$/, "");
  return [
    configured?.replace(/^~(?=\/)/, os.homedir()) ?? path.join(home, "git/attributes"),
    path.join(place.gitDir, "info/attributes"),
    "/etc/gitattributes",
    path.join(prefix, "etc/gitattributes"),
  ];
}

async function readProgramFolder(place: GitPlace): Promise<string> {
  return (await git(place, ["--exec-path"])).stdout.trim();
}

async function isThere(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).size > 0;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw fileFailure(error, `look at ${file}`);
  }
}
