/** How a tool says no: a reason for the model in one line, thrown from wherever it is found and made a result at the tool's
 *  border. Only a machine that cannot go on (disk full, no more files) is a Failure and passes. */
import { shown } from "../core/problem.ts";
import { errorCode, fileFailure } from "../host/file.ts";
import type { ToolResult } from "./tool.ts";

class Refusal extends Error {}

export function refuse(why: string): never {
  throw new Refusal(why);
}

/** What a tool answers: the result of its work, the reason of a refusal, or that it was stopped. */
export async function answering(
  signal: AbortSignal,
  work: () => Promise<ToolResult>,
): Promise<ToolResult> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return { type: "failed", text: error.message };
    if (signal.aborted) return { type: "failed", text: "it was stopped before its end" };
    throw error;
  }
}

/** Does something to one file of the worktree; what is the file's own fault is refused. */
export async function withFile<T>(path: string, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || errorCode(error) === undefined) throw error;
    const why = reasons[errorCode(error) ?? ""];
    if (why !== undefined) refuse(`cannot ${doing} ${shown(path)}: ${why}`);
    throw fileFailure(error, `${doing} ${path}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
  ENOTEMPTY: "the folder is not empty",
  EACCES: "its permissions do not allow it",
  EPERM: "its permissions do not allow it",
  EROFS: "it lies on a read-only file system",
  ELOOP: "its links lead in a circle or out of the worktree",
  ENAMETOOLONG: "the name is too long",
  EINVAL: "the name is not possible here",
  EILSEQ: "the name is not possible here",
  EBUSY: "it is in use as a mount",
  ENXIO: "it is a socket or a device",
  ENODEV: "it is a socket or a device",
  EXDEV: "it lies on another file system",
  ETXTBSY: "it is a program that is running",
};
