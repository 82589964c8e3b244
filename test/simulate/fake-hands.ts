/** Hands over the model world: the same steps in the same order as the real ones take, each of which may be the last before the
 *  plug is pulled. `plants` names what this pair of hands does wrong on purpose. */
import type { HandAction } from "../../src/core/action.ts";
import type { AttemptOutcome, RunEvent } from "../../src/core/event.ts";
import {
  candidateRef,
  integrationRef,
  type RepoPath,
  type Sha,
  snapshotRef,
  type UnitId,
  unitRef,
} from "../../src/core/id.ts";
import type { FoundFile } from "../../src/core/match.ts";
import { literalPaths, ownershipOfUnits } from "../../src/core/ownership.ts";
import { type Completion, isMatchCheck } from "../../src/core/plan.ts";
import type { RunState } from "../../src/core/run.ts";
import { noSpend } from "../../src/core/spend.ts";
import type { Reason } from "../../src/core/worker.ts";
import type { Hands } from "../../src/run/hands.ts";
import { checkOracle } from "./oracle.ts";
import type { Random } from "./random.ts";
import { type Behaviour, type Scenario, target } from "./scenario.ts";
import type { Timeline } from "./timeline.ts";
import {
  isConflict,
  isGreen,
  mergeTrees,
  type SlotState,
  type Tree,
  textOf,
  type World,
} from "./world.ts";

const question = { agent: "coder", kind: "tool", content: "write" } as const;

/** The newest of a unit: one that was refused asks anew. */
function questionOf(state: RunState, unit: UnitId) {
  const known = state.units.find(({ id }) => id === unit);
  const tries = (known?.refusals ?? 0) + (known?.told.length ?? 0);
  const asked = state.approvals.filter((one) => one.unit === unit && one.question !== undefined);
  return asked[tries];
}

type Perform<T extends HandAction["type"]> = Extract<HandAction, { type: T }>;

/** The outside cannot go on; there is nothing wrong with us. */
export class DiskFull extends Error {}

export class FakeHands implements Hands {
  readonly #world: World;
  readonly #time: Timeline;
  readonly #random: Random;
  readonly #scenario: Scenario;
  readonly #plants: ReadonlySet<string>;
  readonly #stops = new Map<string, () => void>();
  readonly #attempts = new Map<string, Promise<unknown>>();
  readonly #stopAsked = new Set<string>();
  #checkStop: (() => void) | undefined;
  readonly #checks = new Map<string, Promise<unknown>>();

  constructor(
    world: World,
    time: Timeline,
    random: Random,
    scenario: Scenario,
    plants: ReadonlySet<string>,
  ) {
    this.#world = world;
    this.#time = time;
    this.#random = random;
    this.#scenario = scenario;
    this.#plants = plants;
  }

  async perform(action: HandAction, state: RunState): Promise<readonly RunEvent[]> {
    checkOracle(this.#world, action);
    const stops = action.type === "stop-work" || action.type === "stop-check";
    if (!stops && this.#random.chance(this.#scenario.failShare)) {
      await this.#step();
      throw new DiskFull(action.type);
    }
    switch (action.type) {
      case "work": {
        const work = this.#work(action, state);
        this.#attempts.set(`${action.unit} ${action.attempt}`, work);
        return work;
      }
      case "stop-work":
        return this.#stop(action);
      case "recover-work":
        return this.#recover(action, state);
      case "merge":
        return this.#merge(action, state);
      case "check": {
        const check = this.#verify(action, state);
        this.#checks.set(`${action.commit} ${action.position}`, check);
        return check;
      }
      case "stop-check":
        return this.#stopCheck(action);
      case "advance":
        return this.#advance(action, state);
      case "look-at-target":
        return [this.#see(action.integration)];
      case "land":
        return this.#land(action, state);
      case "undo":
        return [];
      case "summarise":
        await this.#step();
        return [{ type: "run-summarised", text: "summed up", spend: noSpend }];
      case "clean":
        return this.#clean(state);
    }
  }

  see(): void {
    // Its workers ask the run nothing.
  }

  abandon(): void {
    for (const stop of this.#stops.values()) stop();
    this.#checkStop?.();
  }

  async #stop({ unit, attempt }: Perform<"stop-work">): Promise<readonly RunEvent[]> {
    const work = this.#attempts.get(`${unit} ${attempt}`);
    if (work === undefined) {
      const outcome = { type: "stopped" } as const;
      return [{ type: "unit-finished", unit, attempt, outcome, leavings: {} }];
    }
    this.#stopAsked.add(`${unit} ${attempt}`);
    this.#stops.get(unit)?.();
    await work;
    return [];
  }

  async #stopCheck(action: Perform<"stop-check">): Promise<readonly RunEvent[]> {
    const check = this.#checks.get(`${action.commit} ${action.position}`);
    if (check === undefined) return [{ type: "check-interrupted", commit: action.commit }];
    this.#checkStop?.();
    await check;
    return [];
  }

  #step(): Promise<void> {
    return this.#time.wait(1 + this.#random.below(50));
  }

  async #work(action: Perform<"work">, state: RunState): Promise<readonly RunEvent[]> {
    const { unit, attempt, base } = action;
    await this.#step();
    const slot = this.#prepare(action);
    if (slot === undefined) return new Promise(() => undefined);
    const again = this.#toldAgain(action, state, slot);
    const tries = this.#plants.has("behave by attempt")
      ? attempt - 1
      : this.#tries(state, unit) + again;
    const behaviour = this.#behaviourOf(unit, tries);
    const asked = questionOf(state, unit);
    const waits = behaviour === "ask" && asked?.answer === undefined;
    const paths = pathsOf(unit, state);
    const stopped = await this.#behave(action, slot, { behaviour, waits, paths });
    await this.#step();
    const changed = Object.keys(slot.tree).filter(
      (path) => slot.tree[path] !== this.#world.tree(base)[path],
    ) as RepoPath[];
    const leavings = await this.#snapshot(action, slot, changed);
    slot.dirty = false;
    await this.#step();
    if (waits && !stopped) {
      this.#stops.delete(unit);
      const id = `${unit}-${attempt}.1`;
      const outcome = { type: "parked", summary: "asks" } as const;
      const parked = { type: "unit-finished", unit, attempt, outcome, leavings } as const;
      // A crash may have come between the question and the parking: it is not asked twice.
      if (asked !== undefined) return [parked];
      return [{ type: "approval-asked", id, unit, question }, parked];
    }
    const outcome: AttemptOutcome = stopped
      ? { type: "stopped" }
      : again > 0 && behaviour === "nothing"
        ? { type: "answered", summary: "an answer" }
        : await this.#gate(action, slot, changed, { behaviour, state });
    if (outcome.type === "refused" && again === 0) {
      this.#world.refused.set(unit, (this.#world.refused.get(unit) ?? 0) + 1);
    }
    this.#stops.delete(unit);
    return [{ type: "unit-finished", unit, attempt, outcome, leavings }];
  }

  /** What is made for a round behaves as the unit behind it, one further on. */
  #behaviourOf(unit: UnitId, tries: number): Behaviour {
    const [stem = "", round = "0"] = unit.split("-r");
    const known = this.#scenario.behaviours.get(stem as UnitId);
    return known?.[(tries + Number(round)) % 4] ?? "good";
  }

  #tries(state: RunState, unit: UnitId): number {
    return state.units.find(({ id }) => id === unit)?.refusals ?? 0;
  }

  /** How often it was spoken to after its end; what it had done by then must be there. */
  #toldAgain({ unit }: Perform<"work">, state: RunState, slot: SlotState): number {
    const spoken = state.units.find(({ id }) => id === unit);
    const from = spoken?.reopened?.from;
    if (spoken === undefined || from === undefined) return 0;
    const before = this.#world.tree(from.snapshot ?? from.base);
    const lost = Object.keys(before).filter((path) => slot.tree[path] === undefined);
    if (lost.length > 0) this.#world.complain(`${unit} goes on without ${lost.join(", ")}`);
    return spoken.told.length;
  }

  #prepare({ unit, attempt, base, slot, continues }: Perform<"work">): SlotState | undefined {
    const before = this.#world.slots.get(slot);
    if (before?.dirty) {
      this.#world.complain(`slot ${slot} of ${before.unit} is re-used before a snapshot`);
    }
    const begun = continues?.snapshot ?? base;
    const prepared = { unit, attempt, base, tree: { ...this.#world.tree(begun) }, dirty: false };
    this.#world.slots.set(slot, prepared);
    this.#world.refs.set(unitRef(this.#scenario.run, unit), base);
    return prepared;
  }

  /** True if the worker was stopped before it was through. */
  async #behave(
    { unit, attempt }: Perform<"work">,
    slot: SlotState,
    how: {
      readonly behaviour: Behaviour;
      readonly waits: boolean;
      readonly paths: readonly string[];
    },
  ): Promise<boolean> {
    const { behaviour, waits, paths } = how;
    const [half = "", ...rest] = paths;
    let killed = false;
    const stop = new Promise<boolean>((resolve) => {
      this.#stops.set(unit, () => {
        killed = true;
        resolve(true);
      });
    });
    const write = (path: string, content: string) => {
      if (killed) return;
      slot.tree[path] = content;
      slot.dirty = true;
      this.#world.written.push({ path, content });
    };
    const act = async () => {
      await this.#step();
      if (behaviour === "nothing") return false;
      // Whoever goes on after an answer did this before.
      if (behaviour !== "ask" || waits) {
        write(half, `${unit} ${attempt} ${behaviour.toUpperCase()}`);
      } else this.#requireHalf(unit, slot.tree[half]);
      if (waits) return false;
      await this.#time.wait(behaviour === "slow" ? 300_000 : 1000);
      if (behaviour === "hang") await new Promise(() => undefined);
      for (const stray of behaviour === "stray" ? ["u0/stray", "elsewhere"] : []) {
        write(stray, `${unit} ${attempt} ${stray}`);
      }
      for (const path of rest) write(path, `${unit} ${attempt}`);
      return false;
    };
    if (this.#stopAsked.has(`${unit} ${attempt}`)) return true;
    return Promise.race([stop, act()]);
  }

  #requireHalf(unit: UnitId, half: string | undefined): void {
    if (half?.endsWith("ASK") === true) return;
    this.#world.complain(`what ${unit} did before it asked is lost`);
  }

  async #snapshot(
    { unit, attempt, base }: Perform<"work" | "recover-work">,
    slot: SlotState,
    changed: readonly RepoPath[],
  ) {
    const begun = true as const;
    if (changed.length === 0 || this.#plants.has("no snapshot")) return { begun };
    const commit = { tree: { ...slot.tree }, parents: [base], by: "snapshot", unit } as const;
    const snapshot = this.#world.commit(commit);
    this.#world.refs.set(snapshotRef(this.#scenario.run, unit, attempt), snapshot);
    await this.#step();
    return { begun, snapshot };
  }

  async #gate(
    { unit, base }: Perform<"work">,
    slot: SlotState,
    changed: readonly RepoPath[],
    { behaviour, state }: { readonly behaviour: Behaviour; readonly state: RunState },
  ): Promise<AttemptOutcome> {
    const strays = ownershipOfUnits(state.plan.units).strays(unit, changed);
    const refuse = (type: Reason["type"], paths: readonly RepoPath[]): AttemptOutcome => ({
      type: "refused",
      reason: { type, message: type, paths },
      changed,
      summary: behaviour,
    });
    if (behaviour === "fail") return refuse("worker_failed", []);
    if (behaviour === "broke") {
      const reason = { type: "over_budget", level: "run", message: "broke", paths: [] } as const;
      return { type: "refused", reason, changed, summary: behaviour };
    }
    if (changed.length === 0) return refuse("no_change", []);
    if (strays.length > 0 && !this.#plants.has("skip the ownership gate")) {
      return refuse("strayed", strays);
    }
    const tree = { ...slot.tree };
    const head = this.#world.commit({ tree, parents: [base], by: "unit", unit });
    this.#world.refs.set(unitRef(this.#scenario.run, unit), head);
    await this.#step();
    return { type: "completed", head, changed, summary: behaviour, artifacts: [] };
  }

  async #recover(action: Perform<"recover-work">, state: RunState): Promise<readonly RunEvent[]> {
    const { unit, attempt, base } = action;
    const slot = this.#world.slots.get(action.slot);
    const why = action.stopping === undefined ? {} : { stopping: action.stopping };
    const event = { type: "unit-interrupted", unit, attempt, ...why } as const;
    if (slot?.unit !== unit || slot.attempt !== attempt) return [{ ...event, leavings: {} }];
    const changed = Object.keys(slot.tree).filter(
      (path) => slot.tree[path] !== this.#world.tree(base)[path],
    ) as RepoPath[];
    if (this.#plants.has("remove before the snapshot")) this.#world.slots.delete(action.slot);
    await this.#step();
    const leavings = this.#plants.has("remove before the snapshot")
      ? {}
      : await this.#snapshot(action, slot, changed);
    slot.dirty = false;
    if (state.settings.keep) await this.#step();
    return [{ ...event, leavings }];
  }

  async #merge(action: Perform<"merge">, state: RunState): Promise<readonly RunEvent[]> {
    const { subject, onto, head } = action;
    const tree = this.#merged(onto, head);
    await this.#step();
    if ("conflict" in tree) {
      const outcome = { type: "conflict", paths: tree.conflict, message: "conflict" } as const;
      if (subject.type === "unit") this.#count(subject.unit, state);
      return [{ type: "merge-finished", subject, outcome }];
    }
    const by = { parents: [onto, head], by: "merge" } as const;
    const unit = subject.type === "unit" ? { unit: subject.unit } : {};
    const commit = this.#world.commit({ tree: tree.tree, ...by, ...unit });
    this.#world.refs.set(candidateRef(state.run), commit);
    await this.#step();
    return [{ type: "candidate-made", subject, commit, tree: commit }];
  }

  #merged(onto: Sha, head: Sha): { readonly tree: Tree } | { conflict: RepoPath[] } {
    const base = this.#mergeBase(onto, head);
    const merged = mergeTrees(base, this.#world.tree(onto), this.#world.tree(head));
    return isConflict(merged) ? merged : { tree: merged };
  }

  #mergeBase(onto: Sha, head: Sha): Tree {
    for (let at: Sha | undefined = head; at !== undefined; at = this.#world.at(at).parents[0]) {
      if (this.#world.isAncestor(at, onto)) return this.#world.tree(at);
    }
    return {};
  }

  /** What is done when it is spoken to again counts against no limit. */
  #count(unit: UnitId, state: RunState): void {
    if (state.units.find(({ id }) => id === unit)?.reopened !== undefined) return;
    this.#world.refused.set(unit, (this.#world.refused.get(unit) ?? 0) + 1);
  }

  async #verify(action: Perform<"check">, state: RunState): Promise<readonly RunEvent[]> {
    const { commit, check } = action;
    const stop = new Promise<"stopped">((resolve) => {
      this.#checkStop = () => resolve("stopped");
    });
    const ended = await Promise.race([stop, this.#time.wait(2000).then(() => "ended" as const)]);
    if (ended === "stopped") return [{ type: "check-interrupted", commit }];
    const at = this.#world.at(commit);
    const branch = this.#plants.has("verify the branch") ? at.parents[1] : undefined;
    const tree = this.#world.tree(branch ?? commit);
    const killed = this.#random.chance(this.#scenario.checkKilledShare);
    const open = killed && this.#plants.has("a killed check passes");
    const passed = open || (!killed && passes(check, tree));
    if (passed && !killed) this.#note(check.name, tree);
    const unit = state.merge?.subject.type === "unit" ? state.merge.subject.unit : undefined;
    if (!passed && unit !== undefined) this.#count(unit, state);
    const over = isMatchCheck(check) && !passed && !killed ? { left: leftIn(tree) } : {};
    const result = { name: check.name, passed, seconds: 2, ...over };
    return [{ type: "check-finished", commit, result }];
  }

  #note(check: string, tree: Tree): void {
    const text = textOf(tree);
    const known = this.#world.verified.get(text) ?? new Set();
    this.#world.verified.set(text, known.add(check));
  }

  async #advance(action: Perform<"advance">, state: RunState): Promise<readonly RunEvent[]> {
    const { subject, onto, commit } = action;
    const ref = integrationRef(state.run);
    const finished: RunEvent = {
      type: "merge-finished",
      subject,
      outcome: { type: "merged", commit },
    };
    if (this.#world.refs.get(ref) === commit && !this.#plants.has("merge twice")) return [finished];
    await this.#step();
    if (this.#plants.has("merge twice") && this.#world.refs.get(ref) === commit) {
      const { tree, parents, unit } = this.#world.at(commit);
      const again = { tree, parents: [commit, ...parents.slice(1)], by: "merge" } as const;
      const twice = this.#world.commit({ ...again, ...(unit === undefined ? {} : { unit }) });
      this.#world.refs.set(ref, twice);
    } else if (!this.#world.move(ref, onto, commit)) {
      this.#world.complain("the integration branch was moved by somebody else");
    }
    await this.#step();
    return [finished];
  }

  #see(integration: Sha): RunEvent {
    const tip = this.#world.refs.get(target) ?? null;
    const contained = tip !== null && this.#world.isAncestor(tip, integration);
    return { type: "target-seen", tip, contained };
  }

  async #land(action: Perform<"land">, state: RunState): Promise<readonly RunEvent[]> {
    const { old } = action;
    const move = { target: action.target, old, new: action.new };
    const edits = this.#world.userEdits;
    const touched =
      edits !== undefined && this.#world.tree(old)[edits] !== this.#world.tree(action.new)[edits];
    if (this.#world.refs.get(target) === action.new && old !== action.new) {
      return [{ type: "landed", ...move }];
    }
    if (touched && !this.#plants.has("land over local edits")) {
      const paths = [edits];
      const refusal = { type: "local_edits", message: "local edits", paths } as const;
      return [{ type: "land-refused", refusal }];
    }
    await this.#step();
    if (this.#plants.has("land without compare-and-swap")) {
      this.#world.refs.set(target, action.new);
    } else if (!this.#world.move(target, old, action.new)) {
      return [this.#see(state.integration)];
    }
    if (touched) this.#world.complain("a local edit was overwritten");
    await this.#step();
    return [{ type: "landed", ...move }];
  }

  async #clean(state: RunState): Promise<readonly RunEvent[]> {
    await this.#step();
    for (const [number, slot] of this.#world.slots) {
      if (slot.dirty) this.#world.complain(`slot ${number} is removed before a snapshot`);
      this.#world.slots.delete(number);
    }
    this.#world.refs.delete(candidateRef(state.run));
    for (const { id, at } of state.units) {
      const lost = this.#plants.has("clean what did not land");
      if (at.phase === "merged" || lost) this.#world.refs.delete(unitRef(state.run, id));
      for (let attempt = 1; lost && attempt < 9; attempt++) {
        this.#world.refs.delete(snapshotRef(state.run, id, attempt));
      }
    }
    return [{ type: "cleaned", removed: [], kept: [] }];
  }
}

function passes(check: Completion, tree: Tree): boolean {
  if (isMatchCheck(check)) return leftIn(tree).length === 0;
  if (check.name === "done") return leftIn(tree).length === 0;
  return isGreen(tree);
}

/** What a rule still finds there. */
function leftIn(tree: Tree): readonly FoundFile[] {
  return Object.entries(tree).flatMap(([path, text]) =>
    text.includes("LEFT")
      ? [{ path: path as RepoPath, count: 1, places: [{ line: 1, text }] }]
      : [],
  );
}

/** What a unit of this scenario writes: the first half, then the rest. */
function pathsOf(unit: UnitId, { plan }: RunState): readonly string[] {
  const planned = plan.units.find(({ id }) => id === unit);
  if (planned?.round === undefined) return [`${unit}/a`, `${unit}/b`];
  return literalPaths(planned.owns);
}
