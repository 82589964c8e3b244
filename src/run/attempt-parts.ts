/** What one attempt needs, from the run's state and what the hands have. */
import path from "node:path";
import type { Account } from "../core/budget.ts";
import type { Cut } from "../core/event.ts";
import { invariant } from "../core/failure.ts";
import type { Sha, UnitId } from "../core/id.ts";
import { isProtected, literalPaths } from "../core/ownership.ts";
import { type Unit, unitPositions } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import type { Assignment, Place } from "../core/worker.ts";
import type { AttemptParts } from "../work/attempt-parts.ts";
import { type Lookout, openDesk } from "./desk.ts";
import { recordOf } from "./folder.ts";
import type { HandsParts } from "./hands-parts.ts";

/** Which attempt, where. */
export interface AttemptPlace {
  readonly unit: UnitId;
  readonly attempt: number;
  readonly base: Sha;
  readonly slot: number;
  readonly cut?: Cut | undefined;
  /** One of several at the same time: the unit's branch is not its own. */
  readonly isApproach: boolean;
}

export function attemptParts(
  parts: HandsParts,
  at: AttemptPlace,
  run: { readonly state: RunState; readonly lookout: Lookout; readonly account: Account },
): AttemptParts {
  const { sandbox, redact, folder, pool, author, ownership, checkoutLane } = parts;
  const { filterConfig, plainContent } = parts;
  const { state, lookout, account } = run;
  const unit = plannedUnit(at.unit, state);
  const named = unit.worker ?? state.settings.worker;
  const worker = parts.workers.get(named);
  invariant(worker !== undefined, `there is a worker ${named}`);
  return {
    pool,
    author,
    ownership,
    checkoutLane,
    filterConfig,
    plainContent,
    slotNumber: at.slot,
    settings: state.settings,
    unit,
    assignment: assignmentOf(parts, at, unit, state),
    isProtected: isProtected(state.settings.protected),
    worker,
    redact,
    sandbox:
      sandbox === undefined
        ? undefined
        : ({ worktree, exchange }: Place) => sandbox([worktree, exchange]),
    runRoot: folder.root,
    record: recordOf(unit.id, at.attempt),
    exchange: exchangeFolder(parts, at),
    desk: openDesk({
      unit: unit.id,
      attempt: at.attempt,
      account,
      lookout,
      mailbox: parts.mailbox,
      answerable: parts.answerable || state.settings.yes,
      report: parts.report,
    }),
    cut: at.cut,
    reopened: state.units[unitPositions(state.plan.units).get(unit.id) ?? -1]?.reopened?.from,
    isApproach: at.isApproach,
  };
}

export function exchangeFolder(
  { folder }: HandsParts,
  { unit, attempt }: Pick<AttemptPlace, "unit" | "attempt">,
): string {
  return path.join(folder.exchange, unit, String(attempt));
}

export function plannedUnit(id: UnitId, { plan }: RunState): Unit {
  const unit = plan.units[unitPositions(plan.units).get(id) ?? -1];
  invariant(unit !== undefined, `the plan has a unit ${id}`);
  return unit;
}

function assignmentOf(
  { files }: HandsParts,
  { attempt, base, cut }: AttemptPlace,
  unit: Unit,
  state: RunState,
): Assignment {
  const { plan, settings } = state;
  const aggregate = unit.aggregate ?? plan.aggregate ?? settings.aggregate;
  const progress = state.units[unitPositions(plan.units).get(unit.id) ?? -1];
  const given = unit.after.flatMap((id) => {
    const before = state.units[unitPositions(plan.units).get(id) ?? -1];
    return before === undefined ? [] : [{ unit: id, summary: before.summary }];
  });
  return {
    run: state.run,
    unit: unit.id,
    attempt,
    base,
    title: unit.title,
    instructions: unit.instructions,
    goal: plan.goal,
    owns: unit.owns,
    // What a round is about may not have been there at the base.
    files: unit.round === undefined ? (files.get(unit.id) ?? []) : literalPaths(unit.owns),
    checks: [...settings.unitChecks, ...unit.checks],
    timeoutMs: settings.limits.unitTimeoutMs,
    context: [settings.context, plan.context].filter((part) => part !== undefined),
    given,
    agents: typeof unit.agent === "string" ? [unit.agent] : (unit.agent ?? []),
    approval: unit.approval ?? settings.approval,
    ...(aggregate === undefined ? {} : { aggregate }),
    ...(cut === undefined ? {} : { continues: cut.attempt }),
    ...(progress === undefined || progress.told.length === 0 ? {} : { told: progress.told }),
    ...(progress?.previous === undefined ? {} : { previous: progress.previous }),
  };
}
