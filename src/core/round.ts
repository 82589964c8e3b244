/** Rounds: where all units have ended and a rule of doneWhen still finds something, units are made for what is left over. Pure,
 *  like all that decides: what is left over came with the check's own fact. */
import type { RunEvent } from "./event.ts";
import { invariant } from "./failure.ts";
import { escapeGlob } from "./glob.ts";
import { type Glob, isUnitId, type RepoPath, type UnitId } from "./id.ts";
import {
  countPlaces,
  type FoundFile,
  matchName,
  sayPlaces,
  withoutPlaces,
  withPlaces,
} from "./match.ts";
import { literalPaths, ownershipOfUnits } from "./ownership.ts";
import { isMatchCheck, type Unit, unitPositions } from "./plan.ts";
import { hasEnded } from "./reopening.ts";
import type { RunState } from "./run.ts";
import { newUnit } from "./unit-change.ts";

type RoundStarted = Extract<RunEvent, { type: "round-started" }>;

/** Undefined where nothing is left over, where nobody may work on it, or where the last round was the last one allowed. */
export function nextRound(state: RunState): RoundStarted | undefined {
  // A run that had finished goes on for the one unit that was spoken to.
  if (state.cancelled !== undefined || state.timedOut || state.overBudget || state.revived) {
    return undefined;
  }
  const { rounds, units: unitsMax } = state.settings.limits;
  if (state.rounds >= rounds) return undefined;
  const round = state.rounds + 1;
  const used = new Set<string>(state.plan.units.map(({ id }) => id));
  const units = sharesOf(state)
    .slice(0, unitsMax)
    .map((share) => followUp(share, round, used));
  return units.length === 0 ? undefined : { type: "round-started", round, units };
}

/** The units of a round join the plan; what they own is from now on nobody else's. */
export function startRound(state: RunState, { round, units }: RoundStarted): RunState {
  invariant(round === state.rounds + 1, `round ${state.rounds + 1} is next`);
  invariant(
    state.units.every(({ at }) => hasEnded(at)),
    "a round begins once all units have ended",
  );
  const known = unitPositions(state.plan.units);
  invariant(
    units.every(({ id }) => !known.has(id)),
    "the units of a round are new",
  );
  const ownership = ownershipOfUnits(state.plan.units);
  const handed = new Map<UnitId, Glob[]>();
  for (const glob of units.flatMap(({ owns }) => owns)) {
    for (const owner of literalPaths([glob]).flatMap((path) => ownership.owners(path))) {
      const list = handed.get(owner);
      if (list) list.push(glob);
      else handed.set(owner, [glob]);
    }
  }
  const before = state.plan.units.map((unit) => withoutPaths(unit, handed.get(unit.id) ?? []));
  return {
    ...state,
    rounds: round,
    plan: { ...state.plan, units: [...before, ...units] },
    units: [...state.units, ...units.map(({ id }) => newUnit(id))],
  };
}

function withoutPaths(unit: Unit, paths: readonly Glob[]): Unit {
  if (paths.length === 0) return unit;
  return { ...unit, owns: [...unit.owns, ...paths.map((glob) => `!${glob}` as Glob)] };
}

/** What is left over of one unit, or of none. */
interface Share {
  readonly owner: UnitId | undefined;
  /** The unit whose instructions, worker and checks it goes on with. */
  readonly like: Unit;
  readonly rules: readonly string[];
  readonly files: readonly FoundFile[];
}

/** In plan order, and at last what no unit owns. What a unit owns that was not merged stays that unit's. */
function sharesOf(state: RunState): readonly Share[] {
  const { rules, files } = leftOver(state);
  const ownership = ownershipOfUnits(state.plan.units);
  const merged = new Set(state.units.flatMap(({ id, at }) => (at.phase === "merged" ? [id] : [])));
  const byOwner = new Map<UnitId | undefined, FoundFile[]>();
  for (const file of files) {
    const [owner, ...others] = ownership.owners(file.path);
    if (others.length > 0 || (owner !== undefined && !merged.has(owner))) continue;
    const list = byOwner.get(owner);
    if (list) list.push(file);
    else byOwner.set(owner, [file]);
  }
  const shares = state.plan.units.flatMap((like): readonly Share[] => {
    const own = byOwner.get(like.id);
    return own === undefined ? [] : [{ owner: like.id, like, rules, files: own }];
  });
  const first = state.plan.units.find(({ id, owns }) => merged.has(id) && owns.length > 0);
  const nobodys = byOwner.get(undefined);
  if (first === undefined || nobodys === undefined) return shares;
  return [...shares, { owner: undefined, like: first, rules, files: nobodys }];
}

/** What the rules of doneWhen found in the present result; a file that several of them found is there once. */
function leftOver(state: RunState): Pick<Share, "rules" | "files"> {
  const { completion, integration, plan } = state;
  const results = completion?.commit === integration ? completion.results : [];
  const rules: string[] = [];
  const files = new Map<RepoPath, FoundFile>();
  for (const [position, completed] of plan.doneWhen.entries()) {
    const left = results[position]?.left ?? [];
    if (!isMatchCheck(completed) || left.length === 0) continue;
    rules.push(matchName(completed.match));
    for (const file of left) files.set(file.path, joined(files.get(file.path), file));
  }
  return { rules, files: [...files.values()] };
}

function joined(one: FoundFile | undefined, other: FoundFile): FoundFile {
  if (one === undefined) return other;
  const places = [...one.places, ...other.places].sort((a, b) => a.line - b.line);
  return { ...one, count: one.count + other.count, places };
}

function followUp(share: Share, round: number, used: Set<string>): Unit {
  const { owner, like, rules, files } = share;
  const count = countPlaces(files);
  const id = followUpId(owner ?? "left", round, used);
  const before =
    owner === undefined
      ? "All units have ended, and in files that none of them owns"
      : `The unit ${owner} has ended, and in its files`;
  const told = `${before} something is left over that ${rules.join(" and ")} still finds. Change these places too, so that it finds nothing.`;
  // What is left over does not go away by itself, whatever its unit was allowed.
  const { approaches: _, after: __, mayChangeNothing: ___, ...rest } = like;
  return {
    ...rest,
    id,
    title: `Left over${owner === undefined ? "" : ` of ${owner}`} (${sayPlaces(count)})`,
    instructions: withPlaces(`${withoutPlaces(like.instructions)}\n\n${told}`, files),
    owns: files.map(({ path }) => escapeGlob(path) as Glob),
    after: [],
    round,
  };
}

const idCharsMax = 40;

/** `cart-r1`, and `cart-r2` for what is left over of that. */
function followUpId(stem: string, round: number, used: Set<string>): UnitId {
  const plain = stem.replace(/-r\d+$/, "");
  for (let number = 1; ; number++) {
    const ending = number === 1 ? `-r${round}` : `-${number}-r${round}`;
    const id = `${plain.slice(0, idCharsMax - ending.length)}${ending}`;
    if (used.has(id) || !isUnitId(id)) continue;
    used.add(id);
    return id;
  }
}
