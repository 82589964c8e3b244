/** Tests as an administrator see what another user would: permissions bind nobody who is root. */
import { chownSync, readdirSync } from "node:fs";
import path from "node:path";

/** The user `nobody` of every Linux. */
export const nobody = 65_534;

export const isRoot = process.getuid?.() === 0;

/** Gives folders to `nobody`; where we are not root they are given nobody, and git is told to think so. */
export function giveAway(...folders: readonly string[]): void {
  for (const folder of folders) chownSync(folder, nobody, nobody);
}

/** The words that start a program as `nobody`. */
export const asNobody = [
  "setpriv",
  `--reuid=${nobody}`,
  `--regid=${nobody}`,
  "--clear-groups",
] as const;

export function giveAwayAll(folder: string): void {
  chownSync(folder, nobody, nobody);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) giveAwayAll(file);
    else if (!entry.isSymbolicLink()) chownSync(file, nobody, nobody);
  }
}
