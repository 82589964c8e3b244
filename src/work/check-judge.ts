/** The checks of an assignment as the judge of an agent: what is red goes back to it with its output, until all is green. */
import path from "node:path";
import type { Judge } from "../agent/agent-door.ts";
import { fence } from "../agent/fence.ts";
import type { Redact } from "../agent/redaction.ts";
import type { Check } from "../core/plan.ts";
import type { Mark } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { runCheck } from "./check.ts";

export interface CheckJudgeParts {
  readonly worktree: string;
  /** Absolute path of the folder for the logs. */
  readonly record: string;
  readonly mark: Mark;
  readonly sandbox?: Sandbox | undefined;
  readonly redact: Redact;
}

export function checksJudge(checks: readonly Check[], parts: CheckJudgeParts): Judge {
  return async (_agent, signal) => {
    for (const [position, check] of checks.entries()) {
      const log = `agents-check-${position + 1}.log`;
      const place = { ...parts, log, logFile: path.join(parts.record, log) };
      const result = await runCheck(check, place, signal);
      if (signal.aborted) return { type: "good" };
      if (result.passed) continue;
      const why = result.message ?? `${check.name} failed`;
      const output = fence(result.tail ?? "", `end of the output of ${check.name}`);
      const text = `You are not done: a check of your unit does not pass. ${why}\n\n${output}\n\nMend the cause. The checks are run again when you say that you are done.`;
      return { type: "again", from: "check", text };
    }
    return { type: "good" };
  };
}
