/** The admin directory of a worktree as our own git may be pointed at it after a worker without a sandbox had it: it leads to
 *  the user's repository, brings no settings of its own, and HEAD means something. */
import { lstatSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Sha } from "../core/id.ts";
import { fileFailure, isAbsent } from "../host/file.ts";

export function secureAdmin(gitDir: string, commonDir: string): void {
  try {
    for (const name of ["index.lock", "config.worktree"])
      rmSync(path.join(gitDir, name), { force: true, recursive: true });
    if (!leadsTo(gitDir, commonDir)) replace(path.join(gitDir, "commondir"), `${commonDir}\n`);
  } catch (error) {
    throw fileFailure(error, `secure ${gitDir}`);
  }
}

/** For a HEAD that git cannot read; the branch it may have named is left alone. */
export function mendHead(gitDir: string, base: Sha): void {
  try {
    replace(path.join(gitDir, "HEAD"), `${base}\n`);
  } catch (error) {
    throw fileFailure(error, `write ${gitDir}/HEAD`);
  }
}

function leadsTo(gitDir: string, commonDir: string): boolean {
  const file = path.join(gitDir, "commondir");
  try {
    if (!lstatSync(file).isFile()) return false;
    const target = readFileSync(file, "utf8").trim();
    return realpathSync(path.resolve(gitDir, target)) === commonDir;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Never through a link that somebody planted. */
function replace(file: string, text: string): void {
  rmSync(file, { force: true, recursive: true });
  writeFileSync(file, text, { flag: "wx" });
}
