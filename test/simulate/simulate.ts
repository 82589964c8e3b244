/** One seed: the real loop over fake hands in virtual time, with the plug pulled again and again, until the run is over. */
import { decide, isSettled, nextDeadline, type Rules } from "../../src/core/decide.ts";
import { type JournalLine, journalVersion, type Runner } from "../../src/core/event.ts";
import { integrationRef, type Sha } from "../../src/core/id.ts";
import { foldRun, reduce } from "../../src/core/reduce.ts";
import type { RunState } from "../../src/core/run.ts";
import { runLoop } from "../../src/run/loop.ts";
import { Mailbox } from "../../src/run/mailbox.ts";
import type { RunRequest } from "../../src/run/request.ts";
import { ruleOnWorker } from "../../src/run/worker-request.ts";
import { DiskFull, FakeHands } from "./fake-hands.ts";
import { checkEnd, checkState } from "./oracle.ts";
import { type Random, seeded } from "./random.ts";
import { makeScenario, type Scenario, target } from "./scenario.ts";
import { Timeline } from "./timeline.ts";
import { World } from "./world.ts";

/** A deliberate mistake, in the rules, in how the journal is written, or (by name) in the fake hands. */
export interface Plant {
  readonly hands?: string;
  readonly rules?: (rules: Rules) => Rules;
  readonly append?: "believe before it is durable" | "lose the end of a batch";
}

export interface Verdict {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly journal: readonly JournalLine[];
  readonly crashes: number;
}

const rules: Rules = { reduce, decide, nextDeadline };
const runner: Runner = { pid: 1, startTime: "1", boot: "simulated" };
const stepsMax = 5000;

export async function simulate(seed: number, plant: Plant = {}): Promise<Verdict> {
  const random = seeded(seed);
  const scenario = makeScenario(random);
  const world = new World();
  const base = world.commit({ tree: scenario.files, parents: [], by: "user" });
  world.refs.set(target, base);
  world.refs.set(integrationRef(scenario.run), base);
  if (scenario.userEdits) world.userEdits = "u0/a";
  try {
    const ended = await live(world, scenario, random, base, plant);
    if (!ended) world.complain("it is stuck");
    else checkEnd(world, scenario, base);
  } catch (error) {
    world.complain(`it broke: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { violations, journal, crashes } = world;
  return { seed, violations, journal, crashes };
}

/** Lives and dies until a life ends by itself with the run settled for good. */
async function live(
  world: World,
  scenario: Scenario,
  random: Random,
  base: Sha,
  plant: Plant,
): Promise<boolean> {
  const budget = { steps: stepsMax };
  let revivals = 0;
  for (let life = 0; life < 200 && budget.steps > 0; life++) {
    const time = new Timeline();
    const { plan, settings, run } = scenario;
    const event =
      life === 0 || world.journal.length === 0
        ? ({ type: "run-started", run, version: "0", plan: plan(base), settings, runner } as const)
        : ({ type: "run-resumed", runner } as const);
    const at = Math.max(time.now(), world.journal.at(-1)?.at ?? 0);
    world.journal.push({ v: journalVersion, seq: world.journal.length, at, event });
    const ended = await oneLife({ world, scenario, random, plant, time, budget });
    if (ended === "crashed") {
      world.crashes++;
      continue;
    }
    if (ended === "stuck") return false;
    const state = foldRun(world.journal);
    if (state?.at.phase !== "finished" || !isSettled(state)) continue;
    if (!askAgain({ scenario, random, world }, state, revivals++)) return true;
  }
  return false;
}

const revivalsMax = 2;

/** A person may speak to a unit of a finished run; whether it goes on for that. */
function askAgain(
  { scenario, random, world }: Pick<Life, "scenario" | "random" | "world">,
  state: RunState,
  revivals: number,
): boolean {
  if (revivals >= revivalsMax || scenario.againShare === 0 || !random.chance(0.5)) return false;
  const { id: unit } = random.pick(state.units);
  const event = ruleOnWorker(state, { type: "message", from: "person", unit, text: "again" }, 0);
  if (event?.type !== "message-sent") return false;
  world.journal.push({ v: journalVersion, seq: world.journal.length, at: state.updatedAt, event });
  return true;
}

interface Life {
  readonly world: World;
  readonly scenario: Scenario;
  readonly random: Random;
  readonly plant: Plant;
  readonly time: Timeline;
  readonly budget: { steps: number };
}

async function oneLife(life: Life): Promise<"over" | "crashed" | "stuck"> {
  const { world, scenario, random, plant, time, budget } = life;
  const mailbox = new Mailbox();
  const mind = plant.rules?.(rules) ?? rules;
  const watched = { state: stateOf(world, mind) };
  const ending = begin(life, mind, mailbox, watched);
  while (budget.steps-- > 0) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (ending.error instanceof DiskFull) return "over";
    if (ending.error !== undefined) throw ending.error;
    if (ending.over) return "over";
    if (random.chance(scenario.crashShare)) {
      time.forget();
      return "crashed";
    }
    beside(life, mailbox, watched.state);
    // What was just said is heard before anybody concludes that nothing moves.
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!time.advance() && !answer(random, mailbox, watched.state)) return "stuck";
  }
  return "stuck";
}

interface Ending {
  over: boolean;
  error?: unknown;
}

function begin(life: Life, mind: Rules, mailbox: Mailbox, watched: { state: RunState }): Ending {
  const { world, scenario, random, plant, time } = life;
  const ending: Ending = { over: false };
  // A clock never goes back within one runner: this one starts where the journal ends.
  const start = Math.max(0, watched.state.updatedAt - time.now());
  const plants = new Set(plant.hands === undefined ? [] : [plant.hands]);
  runLoop({
    state: watched.state,
    rules: mind,
    hands: new FakeHands(world, time, random, scenario, plants),
    mailbox,
    clock: { now: () => time.now() + start, after: time.after.bind(time) },
    answerable: scenario.answerable,
    append: (lines) => append(life, lines),
    observe: (_, next) => {
      watched.state = next;
      checkState(world, next);
    },
  }).then(
    (end) => {
      ending.over = true;
      ending.error = end.error;
    },
    (error: unknown) => {
      ending.error = error;
    },
  );
  return ending;
}

/** Nothing moves by itself any more: somebody must say something, or it is stuck. */
function answer(random: Random, mailbox: Mailbox, state: RunState): boolean {
  if (state.at.phase === "paused") {
    mailbox.post(request({ type: "continue" }));
    return true;
  }
  const asked = state.units.find(({ at }) => at.phase === "awaiting_approval");
  if (asked?.at.phase !== "awaiting_approval") return false;
  const said = random.chance(0.8) ? "approved" : "denied";
  mailbox.post(request({ type: "answer", id: asked.at.request, answer: said }));
  return true;
}

function stateOf(world: World, mind: Rules): RunState {
  const state = mind.reduce === reduce ? foldRun(world.journal) : refold(world, mind);
  if (state === undefined) throw new Error("a life begins with a journal");
  return state;
}

function refold(world: World, mind: Rules) {
  const [first, ...rest] = world.journal;
  let state = foldRun(first === undefined ? [] : [first]);
  for (const line of rest) state = state === undefined ? state : mind.reduce(state, line);
  return state;
}

async function append({ world, time, random, plant }: Life, lines: readonly JournalLine[]) {
  const write = async () => {
    for (const line of lines) {
      if (lines.length > 1) await time.wait(0);
      world.journal.push(line);
    }
  };
  await time.wait(random.below(2));
  if (plant.append === "believe before it is durable") {
    void time.wait(20).then(write);
    return;
  }
  if (plant.append === "lose the end of a batch" && lines.length > 1) {
    world.journal.push(...lines.slice(0, -1));
    return;
  }
  await write();
  await time.wait(random.below(2));
}

/** What people do beside us: commit to the target, cancel, pause, press Ctrl-C. */
function beside({ world, scenario, random }: Life, mailbox: Mailbox, state: RunState): void {
  // Long before a deadline that is hours away.
  const waits = state.units.some(({ at }) => at.phase === "awaiting_approval");
  if (waits && random.chance(0.2)) answer(random, mailbox, state);
  if (random.chance(scenario.rivalShare)) {
    const tip = world.ref(target);
    const path = random.chance(0.2) ? `u${random.below(scenario.behaviours.size)}/a` : "rival";
    const content = `rival ${world.commits.size}${random.chance(0.1) ? " SEMANTIC" : ""}`;
    const tree = { ...world.tree(tip), [path]: content };
    world.refs.set(target, world.commit({ tree, parents: [tip], by: "rival" }));
  }
  if (!random.chance(scenario.speakShare)) return;
  const said = random.below(10);
  if (said === 0) mailbox.post(request({ type: "cancel" }));
  else if (said < 3) mailbox.post(request({ type: "cancel", unit: random.pick(state.units).id }));
  else if (said < 6) mailbox.post(request({ type: "pause" }));
  else mailbox.post(request({ type: "interrupt", signal: "SIGINT" }));
}

function request(what: RunRequest) {
  return { type: "request", request: what, acknowledge: () => Promise.resolve() } as const;
}
