/** The codemod worker: changes a unit's files by ast-grep rules, by a module's function or by a program. It works in child
 *  processes only, changes nothing but the files it was given, and must never leave a process or a half-written file. */
import { availableParallelism } from "node:os";
import type { Redact } from "../agent/redaction.ts";
import { Failure, unreachable } from "../core/failure.ts";
import type { RunId } from "../core/id.ts";
import type { Codemod } from "../core/settings.ts";
import type { Assignment, Place, Worker, WorkOutcome } from "../core/worker.ts";
import { processVariable } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { createRulePool, type RulePool } from "./codemod-pool.ts";
import { runCommandCodemod, runModuleCodemod } from "./codemod-process.ts";
import { askRuleProblems } from "./codemod-rule-child.ts";
import { tallySummary } from "./codemod-tally.ts";
import { oneLine } from "./tail.ts";

export { codemodProblems } from "./codemod-rule.ts";

export interface CodemodWorkerOptions {
  readonly name: string;
  readonly codemod: Codemod;
  readonly run: RunId;
  /** Where a module's or a program's work at this place is confined; rules are not the repository's code and need none. */
  readonly sandbox?: (place: Place) => Sandbox | undefined;
  /** Takes keys out of what is kept of the words of a module or a program. */
  readonly redact?: Redact | undefined;
  /** How many child processes rules may have at once; as many as there are processors, if absent. */
  readonly children?: number;
  readonly fileTimeMs?: number;
  /** There are units to work on. */
  readonly isAtWork?: boolean;
}

/** One per run. `close` ends the children that are kept between units. */
export type CodemodWorker = Worker & { close(): Promise<void> };

const childrenMax = 8;
const fileTimeMs = 30_000;
const timeoutGraceMs = 2000;
const timerMsMax = 2 ** 31 - 1;
const fullDisk = ["ENOSPC", "EDQUOT"];

export function createCodemodWorker(options: CodemodWorkerOptions): CodemodWorker {
  const { codemod, name } = options;
  const pool = codemod.type === "rule" ? rulePool(codemod, options) : undefined;
  const limit = options.fileTimeMs ?? fileTimeMs;
  return {
    name,
    work: (assignment, place, _desk, signal) => {
      const sandbox = options.sandbox?.(place);
      const { redact } = options;
      const process = { assignment, place, sandbox, redact, signal, fileTimeMs: limit };
      if (signal.aborted) return Promise.resolve({ type: "stopped" });
      switch (codemod.type) {
        case "rule":
          return runRules(pool, assignment, place, signal);
        case "module":
          return runModuleCodemod(codemod.file, process);
        case "command":
          return runCommandCodemod(codemod.command, process);
        default:
          return unreachable(codemod);
      }
    },
    close: async () => pool?.close(),
  };
}

/** Everything that ast-grep has against a rule file, for which its parser is asked in a child process: a tenth of a second.
 *  `codemodProblems` knows at once what the text alone tells. */
export function askCodemodProblems(
  codemod: { readonly text: string; readonly file: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  return askRuleProblems(
    { text: codemod.text, file: codemod.file },
    { environment: {}, fileTimeMs, signal },
  );
}

function rulePool(codemod: Codemod & { readonly type: "rule" }, options: CodemodWorkerOptions) {
  const { run, children, fileTimeMs: limit } = options;
  return createRulePool({
    job: { text: codemod.text, file: codemod.file },
    // By these a later process finds children that outlived us.
    environment: { PLEACH_RUN: run, [processVariable]: "codemod" },
    children: children ?? Math.min(availableParallelism(), childrenMax),
    fileTimeMs: limit ?? fileTimeMs,
    soon: options.isAtWork === true,
  });
}

async function runRules(
  pool: RulePool | undefined,
  assignment: Assignment,
  place: Place,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  if (pool === undefined) return { type: "stopped" };
  // The loop stops an attempt at its timeout; this ends the work where the loop could not.
  const limitMs = Math.min(assignment.timeoutMs + timeoutGraceMs, timerMsMax);
  const limit = AbortSignal.timeout(limitMs);
  const either = AbortSignal.any([signal, limit]);
  const outcome = await pool.rewrite(place.worktree, assignment.files, either);
  switch (outcome.type) {
    case "stopped":
      if (signal.aborted || !limit.aborted) return outcome;
      return { type: "failed", message: `timed out after ${limitMs / 1000} s`, summary: "" };
    case "done":
      return { type: "done", summary: tallySummary(outcome.tally), artifacts: [] };
    case "failed":
      if (fullDisk.includes(outcome.code ?? "")) throw diskFull(outcome.message);
      return {
        type: "failed",
        message: oneLine(outcome.message),
        summary: tallySummary(outcome.tally),
      };
    default:
      return unreachable(outcome);
  }
}

/** The machine, not the codemod, is at fault. */
function diskFull(said: string): Failure {
  return new Failure("environment", "disk_full", `a codemod could not write: ${said}`, {
    advice: "free some space, then go on with `pleach resume`",
  });
}
