/** What must be so whatever happened: judged on what lies in the world, never on what the program says of itself. */
import type { HandAction } from "../../src/core/action.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { integrationRef, type Sha, type UnitId } from "../../src/core/id.ts";
import { foldRun } from "../../src/core/reduce.ts";
import type { RunState } from "../../src/core/run.ts";
import { checkRounds, mayChange } from "./round-oracle.ts";
import { type Scenario, target } from "./scenario.ts";
import { type Commit, textOf, type World } from "./world.ts";

/** Asked at each action: is its beginning in the durable journal, and may it begin at all? */
export function checkOracle(world: World, action: HandAction): void {
  if (action.type !== "work") return;
  const begun = world.journal.some(
    ({ event }) =>
      event.type === "unit-started" &&
      event.unit === action.unit &&
      event.attempt === action.attempt,
  );
  if (!begun) world.complain(`${action.unit} works before its start is in the journal`);
}

/** Asked at each line that the program believes. */
export function checkState(world: World, state: RunState): void {
  const running = state.units.filter(({ at }) => at.phase === "running");
  const { concurrency } = state.settings.limits;
  if (running.length > concurrency) world.complain(`${running.length} units run at once`);
  const slots = running.map(({ at }) => (at.phase === "running" ? at.slot : 0));
  if (new Set(slots).size < slots.length) world.complain("two units share a slot");
  for (const { id, at } of running) {
    const planned = state.plan.units.find((unit) => unit.id === id);
    const base = at.phase === "running" ? at.base : state.plan.base;
    for (const before of planned?.after ?? []) {
      if (!mergedUnits(world, base, state.plan.base).includes(before)) {
        world.complain(`${id} runs before ${before} is merged`);
      }
    }
    const needs = (planned?.approval ?? state.settings.approval) === "required";
    if (needs && !wasApproved(world, id)) world.complain(`${id} runs without an approval`);
  }
}

function wasApproved(world: World, unit: UnitId): boolean {
  const asked = world.journal.flatMap(({ event }) =>
    event.type === "approval-asked" && event.unit === unit ? [event.id] : [],
  );
  return world.journal.some(
    ({ event }) =>
      event.type === "approval-answered" && event.answer === "approved" && asked.includes(event.id),
  );
}

/** Nothing begins once the run's budget is spent. */
function checkBudget(world: World): void {
  let isSpent = false;
  for (const { event } of world.journal) {
    if (event.type === "unit-started" && isSpent) world.complain(`${event.unit} begins unpaid`);
    if (event.type !== "unit-finished" || event.outcome.type !== "refused") continue;
    isSpent ||= event.outcome.reason.level === "run";
  }
}

/** Whoever ended with an open question does not go on from it: what is said to them afterwards comes first. */
function reopens(event: RunEvent): event is Extract<RunEvent, { type: "message-sent" }> {
  return event.type === "message-sent" && event.reopens === true;
}

/** Nobody goes on before what they asked is answered. */
function checkAnswers(world: World): void {
  const open = new Map<string, UnitId>();
  const parked = new Set<UnitId>();
  for (const { event } of world.journal) {
    if (event.type === "approval-asked") open.set(event.id, event.unit);
    if (event.type === "approval-answered") open.delete(event.id);
    if (event.type === "unit-finished" && event.outcome.type === "parked") parked.add(event.unit);
    if (reopens(event)) parked.delete(event.unit);
    if (event.type !== "unit-started" || !parked.delete(event.unit)) continue;
    if ([...open.values()].includes(event.unit)) world.complain(`${event.unit} goes on unanswered`);
  }
}

/** Asked when the run is over for good. */
export function checkEnd(world: World, scenario: Scenario, base: Sha): void {
  const state = foldRun(world.journal);
  if (state === undefined) {
    world.complain("the journal is empty");
    return;
  }
  checkBudget(world);
  checkAnswers(world);
  const line = mergeLine(world, world.ref(integrationRef(scenario.run)), base);
  checkVerified(world, state, line);
  checkMerges(world, state, line);
  checkTarget(world, state, base);
  checkKept(world);
  checkAttempts(world, state);
  checkOutcome(world, state);
  checkRounds(world, state);
}

function checkVerified(world: World, state: RunState, line: readonly Commit[]): void {
  for (const commit of line) {
    const passed = world.verified.get(textOf(commit.tree));
    const names = state.settings.checks.map(({ name }) => name);
    const all = commit.unit === undefined ? [...names, ...doneNames(state)] : names;
    const missed = all.filter((name) => !passed?.has(name));
    if (missed.length > 0) world.complain(`${commit.sha} was merged without ${missed.join(", ")}`);
  }
}

function doneNames(state: RunState): readonly string[] {
  return state.plan.doneWhen.map(({ name }) => name);
}

function checkMerges(world: World, state: RunState, line: readonly Commit[]): void {
  const merged = line.flatMap(({ unit }) => unit ?? []);
  for (const { id } of state.units) {
    const again = world.journal.filter(
      ({ event }) => event.type === "message-sent" && event.reopens === true && event.unit === id,
    ).length;
    if (merged.filter((other) => other === id).length > 1 + again) {
      world.complain("a unit was merged twice");
    }
  }
  for (const { id, at } of state.units) {
    if ((at.phase === "merged") !== merged.includes(id)) {
      world.complain(`${id} is said to be ${at.phase}, git says ${merged.join(" ")}`);
    }
  }
  for (const commit of line) {
    const before = commit.parents[0] === undefined ? {} : world.tree(commit.parents[0]);
    const paths = Object.keys(commit.tree).filter((path) => commit.tree[path] !== before[path]);
    const strays = paths.filter((path) => !mayChange(world, commit.unit, path));
    if (commit.unit !== undefined && strays.length > 0) {
      world.complain(`${commit.unit} landed ${strays.join(", ")}, which it does not own`);
    }
  }
}

function checkTarget(world: World, state: RunState, base: Sha): void {
  const tip = world.ref(target);
  for (const { sha, by } of world.commits.values()) {
    if (by === "rival" && !world.isAncestor(sha, tip)) world.complain(`${sha} of a rival is lost`);
  }
  const integration = world.ref(integrationRef(state.run));
  const landed = integration !== base && world.isAncestor(integration, tip);
  const { landing } = state;
  const saysLanded = landing.phase === "landed" && landing.new === integration;
  if (saysLanded !== landed && integration !== base) {
    world.complain(`the landing is said to be ${state.landing.phase}, git says ${landed}`);
  }
  const all = state.units.every(({ at }) => at.phase === "merged");
  const holds = holdsWhenDone(state);
  const { land } = state.settings;
  if (landed && (land === "never" || (land === "auto" && !(all && holds)))) {
    world.complain(`it landed though ${land} does not allow it`);
  }
  if (landed && state.cancelled !== undefined) world.complain("it landed though it was cancelled");
}

function checkKept(world: World): void {
  const kept = new Set<string>();
  for (const sha of world.reachable()) {
    for (const [path, content] of Object.entries(world.tree(sha))) kept.add(`${path}\0${content}`);
  }
  for (const { path, content } of world.written) {
    if (!kept.has(`${path}\0${content}`)) world.complain(`${path} (${content}) is lost`);
  }
  if (world.slots.size > 0) world.complain("a slot is left");
}

function checkAttempts(world: World, state: RunState): void {
  for (const { id } of state.units) {
    const refused = world.refused.get(id) ?? 0;
    const limit = state.settings.limits.attempts + world.crashes;
    if (refused > limit) world.complain(`${id} was refused ${refused} times`);
  }
  const told = world.journal.flatMap(({ event }, at) => {
    const unit = refusedUnit(event) ?? outOfTime(world, event, at);
    return unit === undefined || wasToldAgain(world, unit, at) ? [] : [unit];
  });
  for (const unit of new Set(told)) {
    const count = told.filter((other) => other === unit).length;
    if (count > state.settings.limits.attempts) world.complain(`${unit} was given ${count} tries`);
  }
}

function wasToldAgain(world: World, unit: UnitId, before: number): boolean {
  return world.journal
    .slice(0, before)
    .some(({ event }) => event.type === "message-sent" && event.reopens && event.unit === unit);
}

/** An attempt that was being stopped for its time has had its try, however it ended. */
function outOfTime(world: World, event: RunEvent, before: number): UnitId | undefined {
  const wasStopped =
    event.type === "unit-interrupted" ||
    (event.type === "unit-finished" && event.outcome.type === "stopped");
  if (!wasStopped) return undefined;
  const late = world.journal
    .slice(0, before)
    .some(
      ({ event: told }) =>
        told.type === "unit-stopping" &&
        told.why === "timed_out" &&
        told.unit === event.unit &&
        told.attempt === event.attempt,
    );
  return late ? event.unit : undefined;
}

function refusedUnit(event: RunEvent): UnitId | undefined {
  if (event.type === "unit-finished") {
    return event.outcome.type === "refused" ? event.unit : undefined;
  }
  if (event.type !== "merge-finished" || event.outcome.type === "merged") return undefined;
  return event.subject.type === "unit" ? event.subject.unit : undefined;
}

function checkOutcome(world: World, last: RunState): void {
  const end = world.journal.findLastIndex(({ event }) => event.type === "run-finished");
  // What a landing verifies later with the target's new commits does not change how the run ended.
  const state = foldRun(world.journal.slice(0, end + 1)) ?? last;
  if (state.at.phase !== "finished") {
    world.complain(`it ended as ${state.at.phase}`);
    return;
  }
  const merged = state.units.filter(({ at }) => at.phase === "merged").length;
  const holds = holdsWhenDone(state);
  const complete = merged === state.units.length && holds && state.cancelled === undefined;
  if ((state.at.outcome === "complete") !== complete) {
    world.complain(`it calls itself ${state.at.outcome}`);
  }
  if (state.cancelled !== undefined && lastMergeAfterCancel(world)) {
    world.complain("a merge was begun after the run was cancelled");
  }
}

function lastMergeAfterCancel(world: World): boolean {
  const cancelled = world.journal.findIndex(({ event }) => event.type === "run-cancelled");
  return world.journal.slice(cancelled).some(({ event }) => event.type === "merge-started");
}

/** The integration branch by first parents, newest first, without the base. */
function mergeLine(world: World, tip: Sha, base: Sha): readonly Commit[] {
  const line: Commit[] = [];
  for (let at: Sha | undefined = tip; at !== undefined && at !== base; ) {
    const commit = world.at(at);
    line.push(commit);
    at = commit.parents[0];
  }
  return line;
}

function mergedUnits(world: World, from: Sha, base: Sha): readonly UnitId[] {
  return mergeLine(world, from, base).flatMap(({ unit }) => unit ?? []);
}

/** What was not asked, or of another result, does not hold. */
function holdsWhenDone({ plan, completion, integration }: RunState): boolean {
  const results = completion?.commit === integration ? completion.results : [];
  const passed = results.filter((result) => result.passed);
  return passed.length === plan.doneWhen.length;
}
