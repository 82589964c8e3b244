/** The exchange: the folder where a worker finds its task and leaves its result, and beside the worktree the only place it
 *  may write. It never lies inside the worktree. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Assignment } from "../core/worker.ts";
import { fileFailure } from "../host/file.ts";
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

/** Writes the task and makes the folders; an earlier result is taken away, so that none is believed twice. An attempt that is
 *  cut off gets another folder, so nothing here has to outlive a power cut. */
export function prepareExchange(assignment: Assignment, exchange: string): ExchangePaths {
  const paths = exchangePaths(exchange);
  const list = assignment.files.map((file) => `${file}\0`).join("");
  try {
    mkdirSync(paths.inbox, { recursive: true });
    mkdirSync(paths.outbox, { recursive: true });
    for (const file of [paths.result, paths.fileList, paths.task])
      rmSync(file, { recursive: true, force: true });
    writeFileSync(paths.fileList, list, { flag: "wx" });
    writeFileSync(paths.task, taskText(assignment, paths), { flag: "wx" });
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
