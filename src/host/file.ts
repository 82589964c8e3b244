/** Files and text at the border: writing that is whole or not at all, reading that tells absent from failed, and text of
 *  others made safe to show. It must never leave half a file under its final name. */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fsync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { access, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Failure, messageOf } from "../core/failure.ts";

/** On Linux a write to a file that was opened with `throughFlag` has reached the disk when it answers: one request to the system
 *  and not two. Elsewhere that promises less than `fdatasync` does. */
export const writesThrough: boolean = process.platform === "linux";
export const throughFlag: number = writesThrough ? constants.O_DSYNC : 0;

/** Replaces or makes a file durably: after a crash it holds the old text or the new, never a part. */
export async function writeAtomically(
  file: string,
  text: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const folder = path.dirname(file);
  const suffix = randomBytes(6).toString("hex");
  const draft = path.join(folder, `.${path.basename(file).slice(0, 200)}.${suffix}.tmp`);
  try {
    // Only what waits for the disk is waited for: each wait for a thread takes longer than such a call.
    await syncing(openSync(draft, "wx", options.mode ?? 0o666), (fd) => writeFileSync(fd, text));
    renameSync(draft, file);
    await syncFolder(folder);
  } catch (error) {
    rmSync(draft, { force: true });
    throw fileFailure(error, `write ${file}`);
  }
}

/** Makes new names and renames in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await syncing(openSync(folder, "r"));
}

/** The text of a file; undefined only where there is none. */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fileFailure(error, `read ${file}`);
  }
}

export async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** Whether it is there and we may run it. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === "EACCES") return false;
    throw error;
  }
}

export function isAbsent(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** What the system calls an error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** The Failure of a file operation; `doing` says what could not be done, such as `write /a/b`. */
export function fileFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  const { code, advice } = explained(errorCode(error));
  return new Failure("environment", code, `cannot ${doing}: ${messageOf(error)}`, {
    advice,
    details: { errno: errorCode(error) ?? null },
    cause: error,
  });
}

function explained(errno: string | undefined): { code: string; advice: string } {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT":
      return { code: "disk_full", advice: "free some space, then go on with `pleach resume`" };
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return {
        code: "not_permitted",
        advice: "see who owns this path and whether it is read-only",
      };
    case "EMFILE":
    case "ENFILE":
      return {
        code: "too_many_files",
        advice: "raise the limit with `ulimit -n 4096`, then resume",
      };
    default:
      return { code: "file_failed", advice: "run `pleach doctor` to see what is wrong here" };
  }
}

async function syncing(fd: number, before: (fd: number) => void = () => undefined): Promise<void> {
  try {
    before(fd);
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}

const sync = promisify(fsync);

/** Where Pleach keeps worktrees and exchanges: the state directory of the contract. Throws a Failure where it is named by a
 *  relative path, which would be another folder wherever a command is typed. */
export function stateHome(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env["PLEACH_STATE_HOME"];
  if (own && !path.isAbsolute(own)) {
    const message = `PLEACH_STATE_HOME is ${JSON.stringify(own)}, which is not an absolute path`;
    throw new Failure("environment", "state_home_relative", message, {
      advice: `give it as one, such as ${JSON.stringify(path.resolve(own))}, or unset it`,
    });
  }
  if (own) return path.normalize(own);
  const xdg = env["XDG_STATE_HOME"];
  // The XDG rules say that a relative path is to be ignored.
  if (xdg && path.isAbsolute(xdg)) return path.join(xdg, "pleach");
  return path.join(env["HOME"] || os.homedir(), ".local", "state", "pleach");
}
