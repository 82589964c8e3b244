/** How much of the tree an attempt's worktree holds. */
import type { Cut } from "../core/event.ts";
import type { Unit } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Assignment } from "../core/worker.ts";
import type { Checkout } from "../git/slot.ts";

export interface CheckoutFacts {
  readonly settings: Settings;
  readonly unit: Unit;
  readonly assignment: Assignment;
  /** What the attempt goes on from. */
  readonly cut?: Cut | undefined;
  readonly plainContent: boolean;
}

/** Sparse suits codemods that need only their files; whoever runs compilers or tests needs the tree. */
export function checkoutOf(facts: CheckoutFacts): Checkout {
  const { settings, unit, assignment } = facts;
  const worker = settings.workers[unit.worker ?? settings.worker];
  const codemod = worker?.type === "codemod";
  const { copy, clone, run } = settings.setup;
  const plain = [...assignment.checks, ...copy, ...clone, ...run].length === 0;
  const sparse =
    settings.checkout === "sparse" || (settings.checkout === "auto" && codemod && plain);
  if (!sparse) return { mode: "full" };
  // Rules are carried out by children of ours, which open the unit's files and nothing else.
  const closed = codemod && worker.codemod.type === "rule" && plain && facts.cut === undefined;
  const loose = closed && facts.plainContent && isLeftAlone(facts);
  return { mode: "sparse", paths: assignment.files, ...(loose ? { loose } : {}) };
}

/** Whether nobody looks into the worktree once its worker has ended: no check, and no person. */
export function isLeftAlone({
  settings,
  assignment,
}: Pick<CheckoutFacts, "settings" | "assignment">): boolean {
  return assignment.checks.length === 0 && !settings.keep;
}
