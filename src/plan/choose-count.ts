/** How many units are worth it: by time, and only where the files let go of each other. Nothing that one worker does in ten
 *  minutes is split. */
import { sayRoughly } from "../core/duration.ts";
import { type SizedFile, serialSeconds } from "../core/estimate.ts";
import type { UnitId } from "../core/id.ts";
import { makespan } from "../core/makespan.ts";
import type { Assumptions } from "../core/plan.ts";
import type { SplitCoupling } from "../core/split-report.ts";

/** Less than this, by one worker, is not split. */
export const splitSecondsMin = 600;
/** Of the imports that units made by chance would cut: with more cut, each unit would change what others rely on, and one worker
 *  sees it all. */
export const crossingMax = 0.75;
/** Of the time that one worker takes: with less gained it is not worth several. */
const gainMin = 0.1;
/** Smaller units cost more in worktrees and merges than working side by side gains. */
const unitFilesMin = 4;
/** Uneven units do not keep the others waiting if there are some for each slot. */
const unitsPerSlot = 3;

/** The files in so many units: the seconds of each, and what is cut, where that is known. */
export interface Cutting {
  readonly seconds: readonly number[];
  /** For each unit the places of those that it comes after. */
  readonly after: readonly (readonly number[])[];
  readonly coupling: SplitCoupling | undefined;
}

export interface Choice {
  readonly count: number;
  /** One line. */
  readonly reason: string;
}

export function chooseCount(
  files: readonly SizedFile[],
  by: Assumptions,
  unitsMax: number,
  cut: (count: number) => Cutting,
): Choice {
  const serial = serialSeconds(files, by);
  const most = Math.min(unitsMax, by.slots * unitsPerSlot, Math.ceil(files.length / unitFilesMin));
  const small = whyOne(serial, most);
  if (small !== undefined) return { count: 1, reason: small };
  const tried = countsToTry(by.slots, most).map((count) => {
    const cutting = cut(count);
    const { coupling } = cutting;
    const crossing = crossingOf(coupling, count);
    return { count, seconds: spanOf(cutting, by), crossing, coupling };
  });
  const loose = tried.filter(({ crossing }) => by.worker === "codemod" || crossing <= crossingMax);
  const [best] = loose.toSorted((a, b) => a.seconds - b.seconds || a.count - b.count);
  if (best === undefined) {
    const [least] = tried.toSorted((a, b) => a.crossing - b.crossing);
    const share = `${least?.coupling?.cut.imports} of ${least?.coupling?.imports} imports`;
    const reason = `one unit: even in ${least?.count} units ${share} would go across, hardly fewer than by chance, so one worker is better (--units splits all the same)`;
    return { count: 1, reason };
  }
  const times = `${sayRoughly(best.seconds)} in ${best.count} units, ${sayRoughly(serial)} by one worker`;
  if (best.seconds > serial * (1 - gainMin)) {
    const reason = `one unit: several would not be done sooner (${times}; --units splits all the same)`;
    return { count: 1, reason };
  }
  return { count: best.count, reason: `${best.count} units: ${times}` };
}

/** Whether it can come to more than one unit at all, so that it is worth knowing what ties the files. */
export function mayBeSplit(
  files: readonly SizedFile[],
  by: Assumptions,
  unitsMax: number,
): boolean {
  const most = Math.min(unitsMax, by.slots * unitsPerSlot, Math.ceil(files.length / unitFilesMin));
  return whyOne(serialSeconds(files, by), most) === undefined;
}

function whyOne(serial: number, most: number): string | undefined {
  if (serial < splitSecondsMin) {
    const minutes = splitSecondsMin / 60;
    return `one unit: one worker does it in ${sayRoughly(serial)}, and nothing under ${minutes} min is split (--units splits all the same)`;
  }
  return most < 2 ? "one unit: there is too little to split" : undefined;
}

function countsToTry(slots: number, most: number): readonly number[] {
  const wanted = [2, slots, 2 * slots, unitsPerSlot * slots, most];
  return [...new Set(wanted)].filter((count) => count > 1 && count <= most).sort((a, b) => a - b);
}

/** From 0, where nothing goes across, to 1, where chance would cut no more. */
function crossingOf(coupling: SplitCoupling | undefined, count: number): number {
  if (coupling === undefined || coupling.imports === 0 || count < 2) return 0;
  return coupling.cut.imports / coupling.imports / (1 - 1 / count);
}

/** As the run would do them. */
function spanOf({ seconds, after }: Cutting, by: Assumptions): number {
  const units = after.map((places, at) => ({
    id: String(at) as UnitId,
    after: places.map((place) => String(place) as UnitId),
  }));
  const waits = { slots: by.slots, mergeSeconds: by.checks * by.checkSeconds };
  return makespan({ units, estimate: { units: seconds } }, seconds, waits);
}
