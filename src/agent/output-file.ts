/** Long output of tools, kept whole in files of ours beside the worktree, so that the model gets its beginning, its end and
 *  where the rest is. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { errorCode, fileFailure } from "../host/file.ts";
import type { Workplace } from "./tool.ts";

const filesMax = 100_000;
export const outputCharsMax = 12_000;
const headShare = 0.4;

/** Whether a path means a file of kept output. */
export function isOutput(workplace: Workplace, said: string): boolean {
  return path.isAbsolute(said) && said.startsWith(`${workplace.outputs}/`);
}

/** The last number that each kind of output has had, so that those before it are not tried again. */
const taken = new Map<string, number>();
const takenMax = 10_000;

/** Makes a new empty file, such as `shell-3.log`, and answers with its absolute path. */
export function newOutput(folder: string, name: string, ending: string): string {
  try {
    const kind = `${folder}/${name}.${ending}`;
    for (let number = (taken.get(kind) ?? 0) + 1; number <= filesMax; number += 1) {
      const file = path.join(folder, `${name}-${number}.${ending}`);
      if (!isNew(file)) continue;
      if (taken.size >= takenMax) taken.clear();
      taken.set(kind, number);
      return file;
    }
    throw new Error(`there are ${filesMax} files already`);
  } catch (error) {
    throw fileFailure(error, `keep the output of ${name} in ${folder}`);
  }
}

/** The folder is there for the most part. */
function isNew(file: string): boolean {
  try {
    closeSync(openSync(file, "wx"));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (errorCode(error) !== "ENOENT") throw error;
    mkdirSync(path.dirname(file), { recursive: true });
    return isNew(file);
  }
}

/** The text if it is short; else its head and tail, with the whole in a file. */
export async function keptOutput(folder: string, name: string, text: string): Promise<string> {
  if (text.length <= outputCharsMax) return text;
  const file = newOutput(folder, name, "txt");
  try {
    await writeFile(file, text);
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
  return `${headAndTail(text)}\n[all of it is in ${file}: read it in parts, or grep it]`;
}

/** The beginning and the end, and between them how much is left out. */
export function headAndTail(text: string, charsMax = outputCharsMax): string {
  if (text.length <= charsMax) return text;
  const head = whole(text.slice(0, Math.floor(charsMax * headShare)));
  const tail = whole(text.slice(text.length - (charsMax - head.length)));
  return `${head}\n[… ${text.length - head.length - tail.length} characters are left out …]\n${tail}`;
}

/** Without half a character at either end. */
function whole(text: string): string {
  return text.replace(/^[\udc00-\udfff]/, "").replace(/[\ud800-\udbff]$/, "");
}
