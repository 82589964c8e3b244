/** An assignment of which a test says only what it is about. */
import type { RunId, Sha, UnitId } from "../../src/core/id.ts";
import type { Assignment } from "../../src/core/worker.ts";

export function makeAssignment(facts: Partial<Assignment> = {}): Assignment {
  return {
    run: "20261120-1430-k3f9" as RunId,
    unit: "words" as UnitId,
    attempt: 1,
    base: "0123456789012345678901234567890123456789" as Sha,
    title: "Words",
    instructions: "Rename oldName to newName.",
    goal: "Better names",
    owns: [],
    files: [],
    checks: [],
    timeoutMs: 60_000,
    context: [],
    given: [],
    agents: [],
    ...facts,
  };
}
