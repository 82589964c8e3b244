/** Checks and set-up as attempts do them, handed to the verifier of merged trees. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { durationText } from "../core/duration.ts";
import type { RunState } from "../core/run.ts";
import type { SlotPool } from "../git/worktree.ts";
import { type Mark, processVariable } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { CheckTools } from "../merge/verify.ts";
import { runCheck } from "../work/check.ts";
import { runMatchCheck } from "../work/match-check.ts";
import { logEnd, sizeOf } from "../work/output-log.ts";
import { setUpWorktree } from "../work/setup.ts";
import type { RunFolder } from "./folder.ts";

/** Relative to the run's folder. */
const setupLog = "checks/setup.log";
const timerMsMax = 2 ** 31 - 1;

export interface CheckToolParts {
  readonly pool: SlotPool;
  readonly folder: RunFolder;
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  readonly mark: Mark;
  readonly redact: ((text: string) => string) | undefined;
}

export function checkTools(
  parts: CheckToolParts,
  { settings, plan }: Pick<RunState, "settings" | "plan">,
): CheckTools {
  const { pool, folder, sandbox, mark, redact } = parts;
  return {
    setUp: async (slot, timeoutMs, signal) => {
      await mkdir(path.join(folder.root, "checks"), { recursive: true });
      const logFile = path.join(folder.root, setupLog);
      const before = await sizeOf(logFile);
      const place = {
        worktree: slot.path,
        gitDir: slot.adminDir,
        checkout: pool.repository.topLevel,
        logFile,
        mark,
        redact,
        sandbox: sandbox?.([slot.path]),
      };
      const late = AbortSignal.timeout(Math.min(timeoutMs, timerMsMax));
      const ready = await setUpWorktree(settings.setup, place, AbortSignal.any([signal, late]));
      if (ready.type === "failed") return { ...ready, log: setupLog };
      if (ready.type === "ready" || signal.aborted) return ready;
      const message = `set-up: it took longer than the check that it is for may (${durationText(timeoutMs)})`;
      return { type: "failed", message, log: setupLog, tail: await logEnd(logFile, before) };
    },
    runCheck: (check, slot, log, signal) => {
      const logFile = path.join(folder.root, log);
      const box = sandbox?.([slot.path]);
      const place = { worktree: slot.path, logFile, log, mark, redact, sandbox: box };
      return runCheck(check, place, signal);
    },
    runMatchCheck: async (check, commit, log, signal) => {
      await mkdir(path.join(folder.root, "checks"), { recursive: true });
      const place = {
        home: pool.repository,
        commit,
        base: plan.base,
        environment: { ...mark, [processVariable]: "match" },
        logFile: path.join(folder.root, log),
        log,
      };
      return runMatchCheck(check, place, signal);
    },
  };
}
