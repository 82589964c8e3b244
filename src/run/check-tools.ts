/** Checks and set-up as attempts do them, handed to the verifier of merged trees. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Settings } from "../core/settings.ts";
import type { SlotPool } from "../git/worktree.ts";
import type { Mark } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { CheckTools } from "../merge/verify.ts";
import { runCheck } from "../work/check.ts";
import { setUpWorktree } from "../work/setup.ts";
import type { RunFolder } from "./folder.ts";

export interface CheckToolParts {
  readonly pool: SlotPool;
  readonly folder: RunFolder;
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  readonly mark: Mark;
}

export function checkTools(parts: CheckToolParts, settings: Settings): CheckTools {
  const { pool, folder, sandbox, mark } = parts;
  return {
    setUp: async (slot, signal) => {
      await mkdir(path.join(folder.root, "checks"), { recursive: true });
      return setUpWorktree(
        settings.setup,
        {
          worktree: slot.path,
          gitDir: slot.adminDir,
          checkout: pool.repository.topLevel,
          logFile: path.join(folder.root, "checks", "setup.log"),
          mark,
          sandbox: sandbox?.([slot.path]),
        },
        signal,
      );
    },
    runCheck: (check, slot, log, signal) => {
      const logFile = path.join(folder.root, log);
      const box = sandbox?.([slot.path]);
      return runCheck(check, { worktree: slot.path, logFile, log, mark, sandbox: box }, signal);
    },
  };
}
