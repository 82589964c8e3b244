// How long a plan of 200 units takes on 8 slots, by the loop's own reduce and decide on a clock that is only counted, beside the
// least that it could take and beside waves with a barrier. What the units really take is off the estimate by up to two.
import { decide } from "../../../build/core/decide.js";
import { reduce } from "../../../build/core/reduce.js";
import { seededRandom } from "../../../build/core/seeded-random.js";
import { waves } from "../../../build/core/waves.js";

const units = 200;
const slots = 8;

export const row = {
  title: "The time of a plan over the least that it could take",
  unit: "×",
  note: `${units} units, ${slots} slots, chains among them; each round is another plan.`,
  parts: [scheduling],
};

function scheduling() {
  const rounds = { ours: 0, waves: 0 };
  return {
    label: "units start by decide, their estimates off by up to two",
    repeats: 31,
    coldStart: true,
    variants: [
      { name: "lower bound", role: "floor", measure: () => 1 },
      {
        name: "decide",
        role: "ours",
        measure: () => over(madePlan(++rounds.ours), decided),
      },
      {
        name: "waves with a barrier",
        role: "rival",
        measure: () => over(madePlan(++rounds.waves), waved),
      },
    ],
    ratios: [
      { of: "decide", over: "lower bound", most: 1.05 },
      { of: "waves with a barrier", over: "decide", least: 1.5 },
    ],
  };
}

function over(made, way) {
  return way(made) / lowerBound(made);
}

/** Whichever is more: the longest chain, or all the work over all slots. */
function lowerBound({ plan, seconds }) {
  const ends = new Map();
  plan.units.forEach((unit, at) => {
    const ready = Math.max(0, ...unit.after.map((id) => ends.get(id)));
    ends.set(unit.id, ready + seconds[at]);
  });
  return Math.max(...ends.values(), seconds.reduce((a, b) => a + b, 0) / slots);
}

function madePlan(seed) {
  const random = seededRandom(seed);
  const estimates = Array.from({ length: units }, () => Math.round(10 * 30 ** random()));
  const made = estimates.map((_, at) => {
    const behind = at > 8 && random() < 0.85 ? 1 + Math.floor(random() * 2) : 0;
    const after = Array.from({ length: behind }, () => {
      return `u${at - 1 - Math.floor(random() * Math.min(at, 24))}`;
    });
    return {
      id: `u${at}`,
      title: "",
      instructions: "",
      owns: [],
      after: [...new Set(after)],
      checks: [],
    };
  });
  const plan = {
    goal: "",
    base: sha(0),
    units: made,
    doneWhen: [],
    estimate: { units: estimates },
  };
  return { plan, seconds: estimates.map((guess) => guess * 2 ** (2 * random() - 1)) };
}

/** The loop, with hands that take exactly as long as they are told. */
function decided({ plan, seconds }) {
  const places = new Map(plan.units.map(({ id }, at) => [id, at]));
  const limits = { concurrency: slots, attempts: 1, unitTimeoutMs: 1e12, runTimeoutMs: 1e12 };
  const settings = {
    target: "refs/heads/main",
    checks: [],
    limits,
    budget: { run: {} },
    approval: "auto",
    keep: false,
    land: "never",
  };
  let now = 0;
  let state;
  let seq = 0;
  let commits = 0;
  const append = (event) => {
    state = reduce(state, { v: 1, seq: seq++, at: now, event });
  };
  append({ type: "run-started", run: "r", version: "", plan, settings, runner: {} });
  const inFlight = new Map();
  while (state.units.some(({ at }) => at.phase !== "merged")) {
    const actions = decide(state, { now, answerable: false });
    const facts = actions.filter(({ type }) => type === "record");
    if (facts.length > 0) {
      for (const { event } of facts) append(event);
      continue;
    }
    for (const action of actions) {
      const key = `${action.type} ${action.unit ?? action.head ?? action.commit}`;
      if (!inFlight.has(key)) inFlight.set(key, answerOf(action, key));
    }
    const [key, { at, event }] = [...inFlight].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    inFlight.delete(key);
    now = at;
    append(event);
  }
  return now;

  function answerOf(action) {
    const { type, subject, commit } = action;
    if (type === "work") {
      const { unit, attempt } = action;
      const outcome = {
        type: "completed",
        head: sha(++commits),
        changed: [],
        summary: "",
        artifacts: [],
      };
      const event = { type: "unit-finished", unit, attempt, outcome, leavings: {} };
      return { at: now + seconds[places.get(unit)], event };
    }
    if (type === "merge") {
      return {
        at: now,
        event: { type: "candidate-made", subject, commit: sha(++commits), tree: sha(++commits) },
      };
    }
    if (type !== "advance") throw new Error(`nobody expected ${type}`);
    return {
      at: now,
      event: { type: "merge-finished", subject, outcome: { type: "merged", commit } },
    };
  }
}

/** Each wave's units on the slots as they come free, and the next wave when all are done. */
function waved({ plan, seconds }) {
  const places = new Map(plan.units.map(({ id }, at) => [id, at]));
  return waves(plan.units).reduce((began, wave) => {
    const free = new Array(slots).fill(began);
    for (const id of wave) {
      const slot = free.indexOf(Math.min(...free));
      free[slot] += seconds[places.get(id)];
    }
    return Math.max(...free);
  }, 0);
}

function sha(number) {
  return number.toString(16).padStart(40, "0");
}
