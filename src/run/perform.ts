/** The real hands: each action becomes worktrees, workers, merges and refs. They answer with facts, and never write the journal. */
import { rm } from "node:fs/promises";
import path from "node:path";
import type { HandAction } from "../core/action.ts";
import { Account, differenceOf, stricter, sumOf, tokensOf } from "../core/budget.ts";
import type { RunEvent } from "../core/event.ts";
import { invariant, unreachable } from "../core/failure.ts";
import type { RepoPath, UnitId } from "../core/id.ts";
import { isProtected, type Ownership } from "../core/ownership.ts";
import { type Unit, unitPositions } from "../core/plan.ts";
import type { Cut, RunState } from "../core/run.ts";
import {
  type Activity,
  type Assignment,
  noSpend,
  type Place,
  type Spend,
  type Worker,
} from "../core/worker.ts";
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
import { Lookout, openDesk } from "./desk.ts";
import { type RunFolder, recordOf } from "./folder.ts";
import type { Hands } from "./hands.ts";
import type { Mailbox } from "./mailbox.ts";

export interface HandsParts {
  readonly pool: SlotPool;
  readonly folder: RunFolder;
  readonly author: Identity;
  readonly ownership: Ownership;
  /** The files at the plan's base that each unit owns: only the unit itself ever changes them. */
  readonly files: ReadonlyMap<UnitId, readonly RepoPath[]>;
  readonly workers: ReadonlyMap<string, Worker>;
  readonly sandbox: ((writable: readonly string[]) => Sandbox) | undefined;
  /** How many worktrees may be filled at once. */
  /** What keeps our git from running the filters of others. */
  readonly filterConfig: readonly string[];
  readonly checkoutLane: <T>(work: () => Promise<T>) => Promise<T>;
  readonly report: (activity: Activity) => void;
  /** Where the requests of workers go. */
  readonly mailbox: Mailbox;
  /** A person can answer while the run goes on. */
  readonly answerable: boolean;
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
  readonly #lookout: Lookout;
  readonly #account: Account;
  readonly #accounts = new Map<UnitId, Account>();
  #inherits: boolean;

  constructor(parts: HandsParts) {
    this.#parts = parts;
    const { settings, landing } = parts.inherited;
    const tools: CheckTools = checkTools(parts, settings);
    this.#verifier = new Verifier(parts.pool, tools, parts.checkoutLane);
    this.#isProtected = isProtected(settings.protected);
    this.#lookout = new Lookout(parts.inherited);
    this.#account = runAccount(parts.inherited);
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

  see(state: RunState): void {
    this.#lookout.see(state);
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
    const recovered = await recoverAttempt(this.#attemptParts(action, state));
    await this.#clearExchange(action);
    const spend = this.#found(action, recovered.spend, state);
    const told = spend === undefined ? {} : { spend };
    const { leavings } = recovered;
    return [{ type: "unit-interrupted", unit, attempt: number, leavings, ...told }];
  }

  /** What the transcripts of a killed runner say was spent, and the journal does not yet. */
  #found(
    { unit: id, attempt: number }: Perform<"recover-work">,
    total: Spend,
    state: RunState,
  ): Spend | undefined {
    const unit = state.units.find((one) => one.id === id);
    if (unit === undefined) return undefined;
    const known = unit.agents.filter((agent) => agent.attempt === number);
    const spend = differenceOf(
      total,
      known.reduce((sum, agent) => sumOf(sum, agent.spend), noSpend),
    );
    if (tokensOf(spend) <= 0 && spend.usd <= 0) return undefined;
    this.#accountOf(id, state).add(spend);
    return spend;
  }

  #accountOf(id: UnitId, state: RunState): Account {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    const unit = state.units[unitPositions(state.plan.units).get(id) ?? -1];
    const planned = this.#plannedUnit(id, state);
    const limit = stricter(planned.budget ?? {}, state.settings.budget.unit);
    const spent = unit?.spend ?? noSpend;
    const made = this.#account.child({ level: "unit", name: id, limit, spent });
    this.#accounts.set(id, made);
    return made;
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
      desk: openDesk({
        unit: unit.id,
        attempt: action.attempt,
        account: this.#accountOf(unit.id, state),
        lookout: this.#lookout,
        mailbox: this.#parts.mailbox,
        answerable: this.#parts.answerable || state.settings.yes,
        report: this.#parts.report,
      }),
      cut: continuesOf(action),
    };
  }

  #assignment(action: Perform<"work" | "recover-work">, unit: Unit, state: RunState): Assignment {
    const { attempt: number, base } = action;
    const { plan, settings } = state;
    const cut = continuesOf(action);
    const aggregate = unit.aggregate ?? plan.aggregate ?? settings.aggregate;
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
      agents: typeof unit.agent === "string" ? [unit.agent] : (unit.agent ?? []),
      ...(aggregate === undefined ? {} : { aggregate }),
      ...(cut === undefined ? {} : { continues: cut.attempt }),
      ...(progress?.previous === undefined ? {} : { previous: progress.previous }),
    };
  }

  #plannedUnit(id: UnitId, { plan }: RunState): Unit {
    const unit = plan.units[unitPositions(plan.units).get(id) ?? -1];
    invariant(unit !== undefined, `the plan has a unit ${id}`);
    return unit;
  }
}

function continuesOf(action: Perform<"work" | "recover-work">): Cut | undefined {
  return action.type === "work" ? action.continues : undefined;
}

function runAccount({ settings, units }: RunState): Account {
  const spent = units.reduce((sum, unit) => sumOf(sum, unit.spend), noSpend);
  const { run: limit, warnAt } = settings.budget;
  return new Account({ level: "run", name: "run", limit, warnAt, spent });
}
