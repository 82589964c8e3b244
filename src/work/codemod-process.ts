/** Codemods that are the repository's own code, a module or a program: run as any worker's program is, in its sandbox and
 *  with a fresh process for each attempt. Nothing they say is believed but for the summary. */
import { lstatSync } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Redact } from "../agent/redaction.ts";
import type { RepoPath } from "../core/id.ts";
import type { Command } from "../core/plan.ts";
import type { Assignment, Place, WorkOutcome } from "../core/worker.ts";
import { workerEnvironment } from "../host/environment.ts";
import { ownFolder, ownProgram } from "../host/own-folder.ts";
import { markOf } from "../host/process-tree.ts";
import { type ProcessResult, runProcess, succeeded } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { ModuleJob, ModuleLine } from "./codemod-protocol.ts";
import { count, emptyTally, type Tally, tallySummary, withFile } from "./codemod-tally.ts";
import { outputLog } from "./command-worker.ts";
import { exchangeEnvironment, prepareExchange } from "./exchange.ts";
import { fillPlaceholders, takesFiles } from "./placeholder.ts";
import { howItEnded } from "./process-end.ts";
import { oneLine, tailOf } from "./tail.ts";
import { readWorkerFile } from "./worker-file.ts";

export interface ProcessCodemod {
  readonly assignment: Assignment;
  readonly place: Place;
  readonly sandbox: Sandbox | undefined;
  /** Takes keys out of what is kept of its words. */
  readonly redact: Redact | undefined;
  readonly signal: AbortSignal;
  /** How long a module may take over one file. */
  readonly fileTimeMs: number;
}

/** Linux takes no more than 2 MB of arguments and environment together. */
const argumentBytesMax = 500_000;
const reportBytesMax = 100_000_000;
const watchMs = 250;
/** The loop stops an attempt at its timeout; this ends the program where the loop could not. */
const timeoutGraceMs = 2000;

/** Runs a program over the unit's files, in as many batches as the length of a command line asks for. */
export async function runCommandCodemod(
  command: Command,
  codemod: ProcessCodemod,
): Promise<WorkOutcome> {
  const { assignment, place, signal } = codemod;
  const paths = await prepareExchange(assignment, place.exchange);
  const env = exchangeEnvironment(assignment, place.worktree, paths);
  const files = assignment.files.filter((file) => isRegular(path.join(place.worktree, file)));
  const whole = takesFiles(command) ? command : withFiles(command);
  let said = "";
  for (const batch of batchesOf(files)) {
    const filled = fillPlaceholders(whole, { task: paths.task, files: batch });
    const result = await run(filled, codemod, env, signal);
    if (result.end.type === "aborted") return { type: "stopped" };
    said = tailOf(said + (result.stdoutTail.trim() === "" ? result.stderrTail : result.stdoutTail));
    if (!succeeded(result)) {
      const how = howItEnded(result, assignment.timeoutMs);
      return {
        type: "failed",
        message: `the codemod ${how}`,
        summary: said.trim(),
        log: outputLog,
      };
    }
  }
  const summary = said.trim() === "" ? `ran over ${count(files.length, "file")}` : said.trim();
  return { type: "done", summary, artifacts: [] };
}

/** Runs a module's function over the unit's files in a child process of its own. */
export async function runModuleCodemod(
  module: string,
  codemod: ProcessCodemod,
): Promise<WorkOutcome> {
  const { assignment, place } = codemod;
  const report = path.join(place.exchange, "codemod-report.jsonl");
  const jobFile = path.join(place.exchange, "codemod-job.json");
  await mkdir(place.exchange, { recursive: true });
  await rm(report, { recursive: true, force: true });
  const { worktree } = place;
  const job: ModuleJob = { module, worktree, report, files: assignment.files };
  await writeFile(jobFile, JSON.stringify(job));
  const watch = watchReport(report, codemod.fileTimeMs);
  const signal = AbortSignal.any([codemod.signal, watch.signal]);
  try {
    const seen = await visibleFor(module, codemod.sandbox);
    const command = [process.execPath, ownProgram("work/codemod-child"), "module", jobFile];
    const variables = { AGENT_WORK_DIR: worktree };
    const result = await run(command, { ...codemod, sandbox: seen }, variables, signal);
    if (codemod.signal.aborted) return { type: "stopped" };
    return moduleOutcome(await readReport(report), result, codemod);
  } finally {
    watch.dispose();
  }
}

function run(
  command: Command,
  { assignment, place, sandbox, redact }: ProcessCodemod,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ProcessResult> {
  const { run, unit, attempt, timeoutMs } = assignment;
  return runProcess({
    command,
    cwd: place.worktree,
    env: workerEnvironment(variables),
    mark: markOf({ run, unit, attempt }),
    timeoutMs: timeoutMs + timeoutGraceMs,
    signal,
    logFile: path.join(place.record, outputLog),
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(redact === undefined ? {} : { redact }),
  });
}

/** A command that says nothing of files gets them behind its arguments. */
function withFiles(command: Command): Command {
  return typeof command === "string" ? `${command} {files}` : [...command, "{files}"];
}

function batchesOf(files: readonly RepoPath[]): readonly (readonly RepoPath[])[] {
  const batches: RepoPath[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    // Each argument also costs its end and a pointer.
    const more = Buffer.byteLength(file) + 12;
    if (bytes + more > argumentBytesMax) {
      batches.push([]);
      bytes = 0;
    }
    bytes += more;
    batches.at(-1)?.push(file);
  }
  return batches;
}

function isRegular(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The private /tmp of a sandbox must not hide what the module is, in a repository that lies there. */
async function visibleFor(module: string, sandbox: Sandbox | undefined) {
  if (sandbox === undefined) return undefined;
  const theirs = await packageFolder(path.dirname(module));
  return { ...sandbox, visible: [...(sandbox.visible ?? []), ownFolder, theirs] };
}

/** The nearest folder with a package.json or a repository: what the module may import lies within. */
async function packageFolder(folder: string): Promise<string> {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    for (const name of ["package.json", ".git"]) {
      if (lstatSync(path.join(at, name), { throwIfNoEntry: false }) !== undefined) return at;
    }
  }
  return folder;
}

/** Aborts when the child has had nothing to report for too long. */
function watchReport(report: string, fileTimeMs: number) {
  const stuck = new AbortController();
  let size = -1;
  let since = performance.now();
  const timer = setInterval(async () => {
    const now = await stat(report).then(
      (facts) => facts.size,
      () => 0,
    );
    if (now !== size) {
      size = now;
      since = performance.now();
    } else if (performance.now() - since > fileTimeMs) stuck.abort();
  }, watchMs);
  return { signal: stuck.signal, dispose: () => clearInterval(timer) };
}

interface Report {
  readonly tally: Tally;
  readonly last: ModuleLine | undefined;
}

/** The module could have written anything there: what is no line of ours is left out. */
async function readReport(file: string): Promise<Report> {
  const read = readWorkerFile(file, reportBytesMax);
  const lines = read.type === "read" ? read.bytes.toString("utf8").split("\n") : [];
  let tally = emptyTally;
  let last: ModuleLine | undefined;
  for (const text of lines) {
    const line = parseLine(text);
    if (line === undefined) continue;
    last = line;
    if (line.type === "done") tally = withFile(tally, line.file, line.done);
  }
  return { tally, last };
}

function parseLine(text: string): ModuleLine | undefined {
  try {
    const value: unknown = text === "" ? undefined : JSON.parse(text);
    const known = ["begins", "done", "cannot_load", "finished"];
    if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
    return known.includes(String(value.type)) ? (value as ModuleLine) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function moduleOutcome(
  { tally, last }: Report,
  result: ProcessResult,
  { assignment, fileTimeMs }: ProcessCodemod,
): WorkOutcome {
  const summary = tallySummary(tally);
  const failed = (message: string): WorkOutcome => {
    return { type: "failed", message: oneLine(message), summary, log: outputLog };
  };
  // How the child ended then means nothing: it ends itself.
  if (last?.type === "finished") {
    return { type: "done", summary, artifacts: [] };
  }
  if (last?.type === "cannot_load") return failed(`the module cannot be used: ${last.why}`);
  if (last?.type === "done" && last.done.state === "failed") {
    return failed(`the module failed at ${last.file}: ${last.done.why}`);
  }
  const at = last?.type === "begins" ? ` at ${last.file}` : "";
  if (result.end.type === "aborted") {
    return failed(`the module took longer than ${fileTimeMs / 1000} s${at}`);
  }
  return failed(`the module ${howItEnded(result, assignment.timeoutMs)}${at}`);
}
