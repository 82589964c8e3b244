/** Reading what a worker left. Such a file may be anything: a link, a pipe, a folder, two gigabytes. Reading one never
 *  blocks, never follows a link and never holds more than its limit. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

export type WorkerFile =
  | { readonly type: "absent" }
  | { readonly type: "read"; readonly bytes: Buffer }
  | { readonly type: "unusable"; readonly why: string };

export function readWorkerFile(path: string, bytesMax: number): WorkerFile {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = fstatSync(file);
    if (!facts.isFile()) return unusable("it is not a regular file");
    if (facts.size > bytesMax) return unusable(`it is larger than ${bytesMax} bytes`);
    return { type: "read", bytes: readFileSync(file) };
  } catch (error) {
    return refused(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Errors that a worker can bring about; any other means that the machine cannot go on. */
function refused(error: unknown): WorkerFile {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return { type: "absent" };
    case "ELOOP":
    case "ENXIO":
    case "ENODEV":
    case "ENOTDIR":
    case "EISDIR":
      return unusable("it is not a regular file");
    case "EACCES":
    case "EPERM":
      return unusable("it may not be read");
    default:
      throw error;
  }
}

function unusable(why: string): WorkerFile {
  return { type: "unusable", why };
}
