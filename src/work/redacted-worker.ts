/** A worker whose words are kept without keys: what it says to others, and how it ends. What it does to files is its work, and is
 *  not altered. */
import { type Redact, redacted, redactedDesk } from "../agent/redaction.ts";
import type { Worker } from "../core/worker.ts";

export function redactedWorker<Made extends Worker>(worker: Made, redact: Redact): Made {
  return {
    ...worker,
    async work(assignment, place, desk, signal) {
      const outcome = await worker.work(assignment, place, redactedDesk(desk, redact), signal);
      return redacted(outcome, redact);
    },
  };
}
