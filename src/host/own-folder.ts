/** Where this program lies: the folder of its package.json, whether it runs from its sources, module by module or bundled. */
import { existsSync } from "node:fs";
import path from "node:path";

export const ownFolder: string = folderAbove(import.meta.dirname);

/** A file that is bundled as a program of its own, such as `work/codemod-child`. Node 20 cannot run TypeScript, so that from
 *  the sources too it is the built one. */
export function ownProgram(name: string): string {
  return path.join(ownFolder, "dist", `${name}.js`);
}

function folderAbove(start: string): string {
  let folder = start;
  while (!existsSync(path.join(folder, "package.json"))) folder = path.dirname(folder);
  return folder;
}
