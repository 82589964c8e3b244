/** How much of the tree an attempt's worktree holds. */
import type { Unit } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Assignment } from "../core/worker.ts";
import type { Checkout } from "../git/slot.ts";

export interface CheckoutFacts {
  readonly settings: Settings;
  readonly unit: Unit;
  readonly assignment: Assignment;
}

/** Sparse suits codemods that need only their files; whoever runs compilers or tests needs the tree. */
export function checkoutOf({ settings, unit, assignment }: CheckoutFacts): Checkout {
  const named = unit.worker ?? settings.worker;
  const codemod = settings.workers[named]?.type === "codemod";
  const { copy, clone, run } = settings.setup;
  const plain = [...assignment.checks, ...copy, ...clone, ...run].length === 0;
  const sparse =
    settings.checkout === "sparse" || (settings.checkout === "auto" && codemod && plain);
  return sparse ? { mode: "sparse", paths: assignment.files } : { mode: "full" };
}
