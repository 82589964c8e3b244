/** What must be read by nobody: the keys that any model of a run is asked with. */
import type { Redact } from "../agent/redaction.ts";
import type { Settings } from "../core/settings.ts";

/** Undefined where no worker of the configuration has a key. */
export async function redactOf({ workers }: Settings): Promise<Redact | undefined> {
  const keys = Object.values(workers).flatMap((worker) =>
    worker.type === "model" ? [process.env[worker.apiKeyEnv]] : [],
  );
  if (keys.length === 0) return undefined;
  const { redactor } = await import("../host/model-fault.ts");
  const redactors = [...new Set(keys)].map(redactor);
  return (text) => redactors.reduce((kept, redact) => redact(kept), text);
}
