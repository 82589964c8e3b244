/** Mistakes that a merger of agents' work can make, planted one at a time. Each must be found; the list is itself a test. */
import type { Action } from "../../src/core/action.ts";
import type { Rules } from "../../src/core/decide.ts";
import { isVerified } from "../../src/core/decide-merge.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { hasEnded } from "../../src/core/reopening.ts";
import { nextRound, startRound } from "../../src/core/round.ts";
import type { RunState, UnitState } from "../../src/core/run.ts";
import type { Plant } from "./simulate.ts";

export const plants: Readonly<Record<string, Plant>> = {
  "the target is moved without compare-and-swap": { hands: "land without compare-and-swap" },
  "a fact is believed before it is in the journal": { append: "believe before it is durable" },
  "the end of a batch of facts is lost": { append: "lose the end of a batch" },
  "a merge is made again after a crash": { hands: "merge twice" },
  "the branch is verified instead of the merged tree": { hands: "verify the branch" },
  "a worktree is removed before its snapshot": { hands: "remove before the snapshot" },
  "no snapshot is made": { hands: "no snapshot" },
  "the ownership gate is skipped": { hands: "skip the ownership gate" },
  "an attempt that goes on begins with nothing": {
    rules: reducing((state, event) =>
      event.type === "unit-finished" ? eachUnit(state, withoutSnapshot) : state,
    ),
  },
  "an attempt goes on before anybody has answered": {
    rules: reducing((state, event) =>
      event.type === "unit-finished" && event.outcome.type === "parked"
        ? eachUnit(state, (unit) =>
            unit.id === event.unit ? { ...unit, at: { phase: "waiting" } } : unit,
          )
        : state,
    ),
  },
  "units begin though the budget of the run is spent": {
    rules: (rules) => ({
      ...rules,
      reduce: (state, line) => {
        const { event } = line;
        if (event.type !== "unit-finished" || event.outcome.type !== "refused") {
          return rules.reduce(state, line);
        }
        const { level: _, ...reason } = event.outcome.reason;
        const outcome = { ...event.outcome, reason };
        return rules.reduce(state, { ...line, event: { ...event, outcome } });
      },
    }),
  },
  "rounds go on without a limit": {
    rules: deciding((state, actions, rules, now) =>
      actions.some(isFinish)
        ? rules.decide(withRounds(state, 99), { now, answerable: true })
        : actions,
    ),
  },
  "a round begins without being in the journal": {
    rules: reducing((state) => {
      const round = state.at.phase === "working" && isIdle(state) ? nextRound(state) : undefined;
      return round === undefined ? state : startRound(state, round);
    }),
  },
  "a round takes what a unit owns that was not merged": {
    rules: deciding((state, actions) => {
      const merged = { phase: "merged" } as const;
      const pretended = eachUnit(state, (unit) => ({ ...unit, at: merged }));
      const round = actions.some(isFinish) ? nextRound(pretended) : undefined;
      return round === undefined ? actions : [{ type: "record", event: round }];
    }),
  },
  "what is left over is left to nobody": {
    rules: deciding((state, actions, rules, now) =>
      actions.some((action) => action.type === "record" && action.event.type === "round-started")
        ? rules.decide(withRounds(state, 0), { now, answerable: true })
        : actions,
    ),
  },
  "a check that was killed passes": { hands: "a killed check passes" },
  "a local edit is overwritten by the landing": { hands: "land over local edits" },
  "cleaning takes what did not land": { hands: "clean what did not land" },
  "refusals are forgotten on resume": {
    rules: reducing((state, event) =>
      event.type === "run-resumed" ? eachUnit(state, (unit) => ({ ...unit, refusals: 0 })) : state,
    ),
  },
  "what an attempt was being stopped for is forgotten by a crash": {
    rules: reducing((state, event) =>
      event.type === "run-resumed" ? eachUnit(state, notStopping) : state,
    ),
  },
  "a killed runner's attempts are taken for running": {
    rules: reducing((state, event) =>
      event.type === "run-resumed" ? eachUnit(state, notLost) : state,
    ),
  },
  "units start before those they come after are merged": {
    rules: deciding((state, actions, rules, now) => {
      const pretended = eachUnit(state, (unit) =>
        unit.at.phase === "completed" ? { ...unit, at: { phase: "merged" } } : unit,
      );
      const more = rules.decide(pretended, { now, answerable: true }).filter(isStart);
      return [...actions.filter((action) => !isStart(action)), ...more];
    }),
  },
  "more units run than may": {
    rules: deciding((state, actions, rules, now) => {
      const { settings } = state;
      const limits = { ...settings.limits, concurrency: settings.limits.concurrency + 1 };
      const wider = { ...state, settings: { ...settings, limits } };
      return actions.some(isStart) ? rules.decide(wider, { now, answerable: true }) : actions;
    }),
  },
  "the last check is left out": {
    rules: deciding((state, actions, rules, now) => {
      const { settings } = state;
      const fewer = { ...state, settings: { ...settings, checks: settings.checks.slice(0, -1) } };
      return state.merge === undefined ? actions : rules.decide(fewer, { now, answerable: true });
    }),
  },
  "a red check counts as green": {
    rules: reducing((state, event) =>
      event.type === "check-finished" && state.merge !== undefined
        ? {
            ...state,
            merge: {
              ...state.merge,
              results: state.merge.results.map((result) => ({ ...result, passed: true })),
            },
          }
        : state,
    ),
  },
  "a hung worker is never stopped": {
    rules: (rules) => ({
      ...rules,
      decide: (state, circumstances) => rules.decide(state, { ...circumstances, now: 0 }),
      nextDeadline: () => undefined,
    }),
  },
  "it lands though units failed": {
    rules: reducing((state, event) =>
      event.type === "run-finished" && event.outcome === "partial" && state.landing.phase === "idle"
        ? { ...state, landing: { phase: "asked", target: state.settings.target } }
        : state,
    ),
  },
  "a target that moved is landed on without verifying again": {
    rules: deciding((state, actions) =>
      state.merge?.subject.type === "target" && state.merge.candidate !== undefined
        ? [
            {
              type: "advance",
              subject: state.merge.subject,
              onto: state.merge.onto,
              commit: state.merge.candidate.commit,
            },
          ]
        : actions,
    ),
  },
  "a cancelled run goes on merging": {
    rules: reducing((state, event) => {
      if (event.type !== "run-cancelled") return state;
      const { cancelled: _, ...rest } = state;
      return rest;
    }),
  },
  "a unit starts without its approval": {
    rules: deciding((state, _, rules, now) => {
      const approved = eachUnit(state, (unit) => ({ ...unit, approved: true }));
      return rules.decide(approved, { now, answerable: true });
    }),
  },
};

type Decide = (
  state: RunState,
  actions: readonly Action[],
  rules: Rules,
  now: number,
) => readonly Action[];

function deciding(wrong: Decide): (rules: Rules) => Rules {
  return (rules) => ({
    ...rules,
    decide: (state, circumstances) =>
      wrong(state, rules.decide(state, circumstances), rules, circumstances.now),
  });
}

function reducing(wrong: (state: RunState, event: RunEvent) => RunState): (rules: Rules) => Rules {
  return (rules) => ({
    ...rules,
    reduce: (state, line) => wrong(rules.reduce(state, line), line.event),
  });
}

function eachUnit(state: RunState, change: (unit: UnitState) => UnitState): RunState {
  return { ...state, units: state.units.map(change) };
}

function withoutSnapshot(unit: UnitState): UnitState {
  if (unit.cut === undefined) return unit;
  const { attempt, base } = unit.cut;
  return { ...unit, cut: { attempt, base } };
}

function notLost(unit: UnitState): UnitState {
  return unit.at.phase === "running" ? { ...unit, at: { ...unit.at, lost: false } } : unit;
}

function notStopping(unit: UnitState): UnitState {
  if (unit.at.phase !== "running") return unit;
  const { stopping: _, ...at } = unit.at;
  return { ...unit, at };
}

function withRounds(state: RunState, rounds: number): RunState {
  return {
    ...state,
    settings: { ...state.settings, limits: { ...state.settings.limits, rounds } },
  };
}

function isIdle(state: RunState): boolean {
  return state.units.every(({ at }) => hasEnded(at)) && isVerified(state);
}

function isFinish(action: Action): boolean {
  return action.type === "record" && action.event.type === "run-finished";
}

function isStart(action: Action): boolean {
  return action.type === "record" && action.event.type === "unit-started";
}
