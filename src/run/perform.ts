/** The real hands: each action becomes worktrees, workers, merges and refs. They answer with facts, and never write the journal. */
import { rm } from "node:fs/promises";
import path from "node:path";
import type { HandAction } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import { invariant, unreachable } from "../core/failure.ts";
import type { RepoPath, UnitId } from "../core/id.ts";
import { isProtected, type Ownership } from "../core/ownership.ts";
import { type Unit, unitPositions } from "../core/plan.ts";
import type { RunState } from "../core/run.ts";
import type { Activity, Assignment, Place, Worker } from "../core/worker.ts";
import type { Identity } from "../git/commit.ts";
import type { SlotPool } from "../git/worktree.ts";
import type { Mark } from "../host/process-tree.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { advance, makeCandidate } from "../merge/candidate.ts";
import { land, lookAtTarget, undo } from "../merge/land.ts";
import { type CheckTools, Verifier } from "../merge/verify.ts";
import { attempt, recoverAttempt } from "../work/attempt.ts";
import { checkTools } from "./check-tools.ts";
import { cleanUp } from "./cleanup.ts";
import { type RunFolder, recordOf } from "./folder.ts";
import type { Hands } from "./hands.ts";

export interface HandsParts {
  readonly pool: SlotPool;
  readonly folder: RunFolder;
  readonly author: Identity;
  readonly ownership: Ownership;
  /** The files at the plan's base that each unit owns: only the unit itself ever changes them. */
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  readonly workers: ReadonlyMap<string, Worker>;
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  /** What keeps our git from running the filters of others. */
  readonly filterConfig: readonly string[];
  /** How many worktrees may be filled at once. */
  readonly checkoutLane: <T>(work: () => Promise<T>) => Promise<T>;
  readonly report: (activity: Activity) => void;
  /** The state that this runner began with: what it says was begun was begun by another. */
  readonly inherited: RunState;
  readonly mark: Mark;
}

type Perform<T extends HandAction["type"]> = Extract<HandAction, { type: T }>;

export class RealHands implements Hands {
  readonly #parts: HandsParts;
  readonly #verifier: Verifier;
  readonly #attempts = new Map<string, { stop: AbortController; ended: Promise<unknown> }>();
  readonly #isProtected: (path: string) => boolean;
  #inherits: boolean;

  constructor(parts: HandsParts) {
    this.#parts = parts;
    const { settings, landing } = parts.inherited;
    const tools: CheckTools = checkTools(parts, settings);
    this.#verifier = new Verifier(parts.pool, tools, parts.checkoutLane);
    this.#isProtected = isProtected(settings.protected);
    this.#inherits = landing.phase === "moving" || landing.phase === "undoing";
  }

  async perform(action: HandAction, state: RunState): Promise<readonly RunEvent[]> {
    const { pool, author } = this.#parts;
    const { repository } = pool;
    switch (action.type) {
      case "work":
        return this.#work(action, state);
      case "stop-work":
        return this.#stop(action);
      case "recover-work":
        return this.#recover(action, state);
      case "merge":
        return [await makeCandidate(repository, author, state, action)];
      case "check":
        return [await this.#verifier.check(action)];
      case "stop-check":
        return this.#verifier.stop(action);
      case "advance":
        return [await advance(repository, state, action)];
      case "look-at-target":
        return [await lookAtTarget(repository, action.target, action.integration)];
      case "land":
        return [await land(repository, state, action, this.#takeInheritance())];
      case "undo":
        return [await undo(repository, state, action, this.#takeInheritance())];
      case "clean":
        return [await cleanUp(pool, this.#parts.folder, state, action.depth)];
      default:
        return unreachable(action);
    }
  }

  abandon(): void {
    for (const { stop } of this.#attempts.values()) stop.abort();
    this.#verifier.abandon();
  }

  /** True once: the first move of the target may have been cut off in the middle by the end of another runner. */
  #takeInheritance(): boolean {
    const inherits = this.#inherits;
    this.#inherits = false;
    return inherits;
  }

  #work(action: Perform<"work">, state: RunState): Promise<readonly RunEvent[]> {
    const stop = new AbortController();
    const answer = this.#attempt(action, state, stop.signal);
    const ended = answer.then(
      () => undefined,
      () => undefined,
    );
    this.#attempts.set(`${action.unit} ${action.attempt}`, { stop, ended });
    return answer;
  }

  async #attempt(action: Perform<"work">, state: RunState, signal: AbortSignal) {
    const { unit, attempt: number } = action;
    const { outcome, leavings } = await attempt(this.#attemptParts(action, state), signal);
    await this.#clearExchange(action);
    return [{ type: "unit-finished", unit, attempt: number, outcome, leavings } as const];
  }

  async #stop({ unit, attempt: number }: Perform<"stop-work">): Promise<readonly RunEvent[]> {
    const known = this.#attempts.get(`${unit} ${number}`);
    if (known === undefined) {
      const outcome = { type: "stopped" } as const;
      return [{ type: "unit-finished", unit, attempt: number, outcome, leavings: {} }];
    }
    known.stop.abort();
    await known.ended;
    return [];
  }

  async #recover(action: Perform<"recover-work">, state: RunState): Promise<readonly RunEvent[]> {
    const { unit, attempt: number } = action;
    const leavings = await recoverAttempt(this.#attemptParts(action, state));
    await this.#clearExchange(action);
    return [{ type: "unit-interrupted", unit, attempt: number, leavings }];
  }

  /** What was in it has been recorded in the run's folder. */
  async #clearExchange({ unit, attempt: number }: Perform<"work" | "recover-work">) {
    await rm(this.#exchange(unit, number), { recursive: true, force: true });
  }

  #exchange(unit: UnitId, number: number): string {
    return path.join(this.#parts.folder.exchange, unit, String(number));
  }

  #attemptParts(action: Perform<"work" | "recover-work">, state: RunState) {
    const { sandbox, folder, pool, author, ownership, checkoutLane, filterConfig } = this.#parts;
    const unit = this.#plannedUnit(action.unit, state);
    const named = unit.worker ?? state.settings.worker;
    const worker = this.#parts.workers.get(named);
    invariant(worker !== undefined, `there is a worker ${named}`);
    return {
      pool,
      author,
      ownership,
      checkoutLane,
      filterConfig,
      slotNumber: action.slot,
      settings: state.settings,
      unit,
      assignment: this.#assignment(action, unit, state),
      isProtected: this.#isProtected,
      worker,
      sandbox:
        sandbox === undefined
          ? undefined
          : ({ worktree, exchange }: Place) => sandbox([worktree, exchange]),
      runRoot: folder.root,
      record: recordOf(unit.id, action.attempt),
      exchange: this.#exchange(unit.id, action.attempt),
      desk: { report: this.#parts.report },
    };
  }

  #assignment(
    { attempt: number, base }: Perform<"work" | "recover-work">,
    unit: Unit,
    state: RunState,
  ): Assignment {
    const { plan, settings } = state;
    const progress = state.units[unitPositions(plan.units).get(unit.id) ?? -1];
    const given = unit.after.flatMap((id) => {
      const before = state.units[unitPositions(plan.units).get(id) ?? -1];
      return before === undefined ? [] : [{ unit: id, summary: before.summary }];
    });
    return {
      run: state.run,
      unit: unit.id,
      attempt: number,
      base,
      title: unit.title,
      instructions: unit.instructions,
      goal: plan.goal,
      owns: unit.owns,
      files: this.#parts.files.get(unit.id) ?? [],
      checks: [...settings.unitChecks, ...unit.checks],
      timeoutMs: settings.limits.unitTimeoutMs,
      context: [settings.context, plan.context].filter((part) => part !== undefined),
      given,
      ...(progress?.previous === undefined ? {} : { previous: progress.previous }),
    };
  }

  #plannedUnit(id: UnitId, { plan }: RunState): Unit {
    const unit = plan.units[unitPositions(plan.units).get(id) ?? -1];
    invariant(unit !== undefined, `the plan has a unit ${id}`);
    return unit;
  }
}
