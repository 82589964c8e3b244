/** The exchange: the folder where a worker finds its task and leaves its result, and beside the worktree the only place it
 *  may write. It never lies inside the worktree. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Assignment } from "../core/worker.ts";
import { fileFailure, writeAtomically } from "../host/file.ts";
import { taskText } from "./task-file.ts";

export interface ExchangePaths {
  readonly task: string;
  readonly result: string;
  readonly fileList: string;
  readonly inbox: string;
  readonly outbox: string;
}

export function exchangePaths(exchange: string): ExchangePaths {
  return {
    task: join(exchange, "TASK.md"),
    result: join(exchange, "RESULT.json"),
    fileList: join(exchange, "FILES"),
    inbox: join(exchange, "inbox"),
    outbox: join(exchange, "outbox"),
  };
}

/** Writes the task and makes the folders; an earlier result is taken away, so that none is believed twice. */
export async function prepareExchange(
  assignment: Assignment,
  exchange: string,
): Promise<ExchangePaths> {
  const paths = exchangePaths(exchange);
  const list = assignment.files.map((file) => `${file}\0`).join("");
  try {
    await mkdir(paths.inbox, { recursive: true });
    await mkdir(paths.outbox, { recursive: true });
    await rm(paths.result, { recursive: true, force: true });
    await writeAtomically(paths.fileList, list);
    await writeAtomically(paths.task, taskText(assignment, paths));
  } catch (error) {
    throw fileFailure(error, `prepare ${exchange}`);
  }
  return paths;
}

/** The environment variables of the contract that every program of an attempt gets. */
export function exchangeEnvironment(
  assignment: Assignment,
  worktree: string,
  paths: ExchangePaths,
): Readonly<Record<string, string>> {
  return {
    AGENT_TASK_FILE: paths.task,
    AGENT_RESULT_FILE: paths.result,
    AGENT_FILES_FILE: paths.fileList,
    AGENT_WORK_DIR: worktree,
    PLEACH_RUN: assignment.run,
    PLEACH_UNIT: assignment.unit,
    PLEACH_ATTEMPT: String(assignment.attempt),
    PLEACH_INBOX: paths.inbox,
    PLEACH_OUTBOX: paths.outbox,
  };
}
