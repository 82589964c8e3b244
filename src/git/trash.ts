/** Removing in two steps: a rename now, which is whole or not at all, and the deleting of the many files afterwards, by a
 *  process of its own beside us. What is in a trash was proved to be ours by whoever put it there. */
import { chmodSync, mkdirSync, renameSync } from "node:fs";
import { chmod, readdir, readFile, rmdir } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { errorCode, fileFailure, isAbsent } from "../host/file.ts";
import { startProcess } from "../host/process.ts";

/** A folder on the same file system as what is thrown into it. */
export interface Trash {
  /** What is put into it by other means goes with the rest when it is emptied. */
  readonly folder: string;
  /** Moves a file or folder in; nothing happens where there is none. Cheap: the deleting goes on by itself. */
  throwIn(file: string | Buffer): Promise<void>;
  /** Waits until all is deleted, and takes the folder away. Must be called before we end. */
  empty(): Promise<void>;
}

/** So many paths go to one process that deletes. */
const pathsAtOnce = 200;
const gatherMs = 500;
let thrown = 0;

/** `folder` is made on first use. What a killed process left in it is deleted with the rest when it is emptied. */
export function openTrash(folder: string): Trash {
  const pending: string[] = [];
  let deleting: Promise<void> | undefined;
  let failure: unknown;
  let timer: NodeJS.Timeout | undefined;
  const drain = async (): Promise<void> => {
    // One process at a time: what is thrown in meanwhile is deleted by the next.
    while (pending.length > 0) await deleteTrees(pending.splice(0, pathsAtOnce));
  };
  const start = (): void => {
    deleting ??= drain()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        deleting = undefined;
        if (pending.length > 0 && failure === undefined) start();
      });
  };
  // Several at a time: each start of a process holds us up.
  const startSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      start();
    }, gatherMs);
  };
  return {
    folder,
    throwIn: async (file) => {
      thrown += 1;
      const place = path.join(folder, `${process.pid}-${thrown}`);
      if (!moved(file, place)) return;
      pending.push(place);
      startSoon();
    },
    empty: async () => {
      clearTimeout(timer);
      timer = undefined;
      if (pending.length > 0 && failure === undefined) start();
      while (deleting !== undefined) await deleting;
      if (failure !== undefined) throw failure;
      if ((await removeEmpty(folder)) === "not_empty") await deleteTrees([folder]);
    },
  };
}

/** Deletes folders with everything in them, also what nobody may enter; what is not there is no error. */
export async function deleteTrees(folders: readonly string[]): Promise<void> {
  if (await removedByProgram(folders)) return;
  for (const folder of folders) await openFolders(Buffer.from(folder));
  if (await removedByProgram(folders)) return;
  throw new Failure("environment", "not_deleted", `cannot delete all of ${folders.join(", ")}`, {
    advice: "see who owns the files there, and delete them by hand",
    details: { folders },
  });
}

/** Takes an empty folder away. */
export async function removeEmpty(folder: string): Promise<"removed" | "not_empty"> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOTEMPTY" || errorCode(error) === "EEXIST") return "not_empty";
    if (!isAbsent(error)) throw fileFailure(error, `delete ${folder}`);
  }
  return "removed";
}

/** Where somebody mounted something below a folder: deleting would go through to what is not ours. */
export async function mountsBelow(folder: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile("/proc/self/mountinfo", "utf8");
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
  return text
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""))
    .filter((point) => point.startsWith(`${folder}/`) || point === folder);
}

/** Spaces and the like are written in octal there. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** True where `rm` did it: many times faster than we could, and it does not grow our memory. */
function removedByProgram(folders: readonly string[]): Promise<boolean> {
  const child = startProcess("rm", ["-rf", "--", ...folders], { stdio: "ignore" });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}

/** False where there is nothing to move. */
function moved(file: string | Buffer, place: string): boolean {
  try {
    mkdirSync(path.dirname(place), { recursive: true });
    renameStubborn(file, place);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw fileFailure(error, `move ${file} away`);
  }
}

/** A folder that may not be written cannot be moved either, as its `..` changes. */
function renameStubborn(file: string | Buffer, place: string): void {
  try {
    renameSync(file, place);
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
    chmodSync(file, 0o700);
    renameSync(file, place);
  }
}

/** Gives us the right to list and change every folder below; links are not followed, and names may be any bytes. */
async function openFolders(folder: Buffer): Promise<void> {
  try {
    await chmod(folder, 0o700);
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: "buffer" }))
      if (entry.isDirectory())
        await openFolders(Buffer.concat([folder, Buffer.from("/"), entry.name]));
  } catch (error) {
    if (!isAbsent(error)) throw fileFailure(error, `open ${folder}`);
  }
}
