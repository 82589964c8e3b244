/** The attempts of this runner: begun, stopped, taken up after a crash; several of one unit at once where it is worked on in
 *  several ways. What they answer is facts. */
import { rm } from "node:fs/promises";
import type { HandAction } from "../core/action.ts";
import { Account, stricter } from "../core/budget.ts";
import type { AgentId } from "../core/desk.ts";
import type { LeftBehind, RunEvent, UntoldSpend } from "../core/event.ts";
import type { UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import { runSpend } from "../core/run-spend.ts";
import { differenceOf, noSpend, type Spend, sumOf, tokensOf } from "../core/spend.ts";
import { chooseApproach } from "../work/approach.ts";
import { type AttemptEnd, attempt, recoverAttempt } from "../work/attempt.ts";
import { type AttemptPlace, attemptParts, exchangeFolder, plannedUnit } from "./attempt-parts.ts";
import type { Lookout } from "./desk.ts";
import type { HandsParts } from "./hands-parts.ts";

type Perform<T extends HandAction["type"]> = Extract<HandAction, { type: T }>;

export class Attempts {
  readonly #parts: HandsParts;
  readonly #lookout: Lookout;
  readonly #running = new Map<string, { stop: AbortController; ended: Promise<unknown> }>();
  readonly #account: Account;
  readonly #accounts = new Map<UnitId, Account>();

  constructor(parts: HandsParts, lookout: Lookout) {
    this.#parts = parts;
    this.#lookout = lookout;
    this.#account = runAccount(parts.inherited);
  }

  work(action: Perform<"work">, state: RunState): Promise<readonly RunEvent[]> {
    const stop = new AbortController();
    const answer = this.#work(action, state, stop.signal);
    const ended = answer.then(
      () => undefined,
      () => undefined,
    );
    this.#running.set(`${action.unit} ${action.attempt}`, { stop, ended });
    return answer;
  }

  async stop({ unit, attempt: number }: Perform<"stop-work">): Promise<readonly RunEvent[]> {
    const known = this.#running.get(`${unit} ${number}`);
    if (known === undefined) {
      const outcome = { type: "stopped" } as const;
      return [{ type: "unit-finished", unit, attempt: number, outcome, leavings: {} }];
    }
    known.stop.abort();
    await known.ended;
    return [];
  }

  async recover(action: Perform<"recover-work">, state: RunState): Promise<readonly RunEvent[]> {
    const { unit } = action;
    const spent: UntoldSpend[] = [];
    const left: LeftBehind[] = [];
    for (const place of placesOf(action)) {
      const recovered = await recoverAttempt(this.#attemptParts(place, state));
      await this.#clearExchange(place);
      spent.push(...untold(state, place, recovered.spends));
      left.push({ attempt: place.attempt, leavings: recovered.leavings });
    }
    const spend = spent.reduce((sum, one) => sumOf(sum, one.spend), noSpend);
    this.#accountOf(unit, state).add(spend);
    const [first, ...others] = left;
    return [
      {
        type: "unit-interrupted",
        unit,
        attempt: action.attempt,
        leavings: first?.leavings ?? {},
        ...(action.stopping === undefined ? {} : { stopping: action.stopping }),
        ...(spent.length === 0 ? {} : { spend, spent }),
        ...(others.length === 0 ? {} : { others }),
      },
    ];
  }

  /** What the run as a whole may spend. */
  get account(): Account {
    return this.#account;
  }

  abandon(): void {
    for (const { stop } of this.#running.values()) stop.abort();
  }

  async #work(action: Perform<"work">, state: RunState, signal: AbortSignal) {
    const { unit } = action;
    const places = placesOf(action);
    const ends = await Promise.all(places.map((place) => this.#attempt(place, state, signal)));
    const [only] = ends;
    const chosen = ends.length === 1 ? undefined : await this.#choose(action, state, ends, signal);
    const { outcome, leavings } = chosen?.end ??
      only ?? { outcome: { type: "stopped" }, leavings: {} };
    const others = chosen === undefined ? {} : { others: chosen.others };
    const { attempt: number } = action;
    return [
      { type: "unit-finished", unit, attempt: number, outcome, leavings, ...others } as const,
    ];
  }

  async #attempt(place: AttemptPlace, state: RunState, signal: AbortSignal): Promise<AttemptEnd> {
    const end = await attempt(this.#attemptParts(place, state), signal);
    await this.#clearExchange(place);
    return end;
  }

  async #choose(
    action: Perform<"work">,
    state: RunState,
    ends: readonly AttemptEnd[],
    signal: AbortSignal,
  ) {
    const places = placesOf(action);
    const [first] = places;
    const parts = this.#attemptParts(first ?? { ...action, isApproach: true }, state);
    const approaches = ends.map((end, at) => ({ ...end, attempt: places[at]?.attempt ?? 0 }));
    const end = await chooseApproach(parts, approaches, this.#parts.judge, signal);
    // The leavings of the attempt that gives the unit its number are told as its own.
    const [own, ...others] = approaches.map(({ attempt, leavings }) => ({ attempt, leavings }));
    return { end: { outcome: end, leavings: own?.leavings ?? {} }, others };
  }

  #accountOf(id: UnitId, state: RunState): Account {
    const known = this.#accounts.get(id);
    if (known !== undefined) return known;
    const spent = state.units.find((one) => one.id === id)?.spend ?? noSpend;
    const limit = stricter(plannedUnit(id, state).budget ?? {}, state.settings.budget.unit);
    const made = this.#account.child({ level: "unit", name: id, limit, spent });
    this.#accounts.set(id, made);
    return made;
  }

  /** What was in it has been recorded in the run's folder. */
  async #clearExchange(place: AttemptPlace): Promise<void> {
    await rm(exchangeFolder(this.#parts, place), { recursive: true, force: true });
  }

  #attemptParts(place: AttemptPlace, state: RunState) {
    const account = this.#accountOf(place.unit, state);
    return attemptParts(this.#parts, place, { state, lookout: this.#lookout, account });
  }
}

function placesOf(action: Perform<"work" | "recover-work">): readonly AttemptPlace[] {
  const { unit, attempt: number, base, slot, others } = action;
  const isApproach = others.length > 0;
  const cut = action.type === "work" ? action.continues : undefined;
  return [
    { unit, attempt: number, base, slot, cut, isApproach },
    ...others.map((other) => ({ unit, base, isApproach, ...other })),
  ];
}

/** What the transcripts of a killed runner say was spent, and the journal does not yet. */
function untold(
  state: RunState,
  { unit: id, attempt }: AttemptPlace,
  spends: ReadonlyMap<AgentId, Spend>,
): readonly UntoldSpend[] {
  const agents = state.units.find((one) => one.id === id)?.agents ?? [];
  return [...spends].flatMap(([agent, total]): readonly UntoldSpend[] => {
    const told = agents.find((one) => one.agent === agent && one.attempt === attempt);
    const spend = differenceOf(total, told?.spend ?? noSpend);
    return tokensOf(spend) > 0 || spend.usd > 0 ? [{ agent, attempt, spend }] : [];
  });
}

function runAccount(state: RunState): Account {
  const spent = runSpend(state);
  const { run: limit, warnAt } = state.settings.budget;
  return new Account({ level: "run", name: "run", limit, warnAt, spent });
}
