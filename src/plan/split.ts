/** Which files go into which unit, and which unit waits for which: hubs by their policy, all else by what ties it together. It
 *  refuses to split what one worker does as well, and says why. It reads nothing. */
import { type Coupling, couplingOf, type Tie } from "../core/coupling.ts";
import { fileSeconds, type SizedFile } from "../core/estimate.ts";
import { Failure } from "../core/failure.ts";
import {
  compareByFolder,
  type FileGroup,
  groupOf,
  partitionByFolder,
  type WorkFile,
} from "../core/folder-partition.ts";
import { partition } from "../core/partition.ts";
import type { Assumptions } from "../core/plan.ts";
import { shown } from "../core/problem.ts";
import type { HubTreatment, SplitCoupling, SplitReport } from "../core/split-report.ts";
import type { Survey } from "../core/survey.ts";
import { someOf } from "../core/text.ts";
import { type Choice, type Cutting, chooseCount, mayBeSplit } from "./choose-count.ts";
import { decideHubs, type HubDecision, type HubRule } from "./hubs.ts";
import { orderUnits, type SplitUnit, type UnorderedUnit } from "./unit-order.ts";

export interface SplitRequest {
  readonly files: readonly SizedFile[];
  /** `--units`; chosen if absent. */
  readonly units: number | undefined;
  readonly unitsMax: number;
  readonly by: Assumptions;
  /** Absent where nothing is known of the files but their names. */
  readonly survey?: Pick<Survey, "imports" | "cochanges" | "hubs"> | undefined;
  readonly hubs?: readonly HubRule[];
}

export interface Split {
  readonly units: readonly SplitUnit[];
  readonly report: SplitReport;
}

/** Whether it matters what ties the files, and which of them are hubs: not for a codemod in one unit. */
export function needsSurvey({ files, units, unitsMax, by }: Omit<SplitRequest, "survey">): boolean {
  if (by.worker !== "codemod") return true;
  return units === undefined ? mayBeSplit(files, by, unitsMax) : units > 1;
}

const perSecond = 1000;
const namedMax = 3;

export function splitFiles(request: SplitRequest): Split {
  const { files, by, survey, hubs: rules = [] } = request;
  const paths = files.map(({ path }) => path).sort();
  const facts = { isCodemod: by.worker === "codemod", isCounted: request.units !== undefined };
  const decided = decideHubs(paths, survey?.hubs ?? [], rules, facts);
  const sorted = sortFiles(files, decided);
  const ties = tiesOf(survey);
  const regenerated = regenerateUnits(sorted.regenerate, decided, by);
  const said = new Set(decided.uses.flatMap((use) => (use.by === "config" ? [use.path] : [])));
  const cut = cutter({ sorted, said }, ties, by, regenerated);
  const choice = countOf(request, sorted, regenerated.length, cut);
  const { units, coupling, isWhole } = cut(choice.count);
  const asAny = isWhole ? new Set<HubTreatment>(["first", "last"]) : new Set<HubTreatment>();
  return {
    units,
    report: {
      reasons: [choice.reason],
      hubs: decided.uses.map((use) =>
        asAny.has(use.treatment) ? { ...use, treatment: "with_others" } : use,
      ),
      leftOut: sorted.refuse.map(({ path }) => path).sort(),
      ...(coupling === undefined ? {} : { coupling }),
    },
  };
}

type Sorted = Readonly<Record<HubTreatment, readonly SizedFile[]>>;

function sortFiles(files: readonly SizedFile[], { uses }: HubDecision): Sorted {
  const treatments = new Map(uses.map(({ path, treatment }) => [path, treatment]));
  const sorted: Record<HubTreatment, SizedFile[]> = {
    first: [],
    last: [],
    regenerate: [],
    refuse: [],
    with_others: [],
  };
  for (const file of files) sorted[treatments.get(file.path) ?? "with_others"].push(file);
  if (sorted.refuse.length < files.length) return sorted;
  const paths = someOf(files.map(({ path }) => shown(path)).sort(), namedMax);
  throw new Failure("usage", "only_hubs", `no file is left to be changed: ${paths}`, {
    advice:
      'they are made by programs, or hubs that the config refuses: say otherwise by "hubs" in .agentrc.json',
  });
}

function tiesOf(survey: SplitRequest["survey"]): readonly Tie[] | undefined {
  if (survey === undefined) return undefined;
  return [
    ...survey.imports.map(({ from, to }): Tie => ({ from, to, kind: "import" })),
    ...survey.cochanges.map(({ files: [from, to], share }): Tie => {
      return { from, to, kind: "together", share };
    }),
  ];
}

/** One for each worker that makes files anew. */
function regenerateUnits(
  files: readonly SizedFile[],
  { makers }: HubDecision,
  by: Assumptions,
): readonly UnorderedUnit[] {
  const workers = [...new Set(files.map(({ path }) => makers.get(path) ?? ""))].sort();
  return workers.map((worker) => {
    const own = files.filter(({ path }) => (makers.get(path) ?? "") === worker);
    return { ...folderOrdered(own, by), kind: "regenerate", worker };
  });
}

interface Made {
  readonly units: readonly SplitUnit[];
  readonly coupling: SplitCoupling | undefined;
  /** Hubs are among the others: there are too few units to set any apart. */
  readonly isWhole: boolean;
}

/** Makes so many units, those that are made anew besides; the same count is made once. */
function cutter(
  { sorted, said }: { readonly sorted: Sorted; readonly said: ReadonlySet<string> },
  ties: readonly Tie[] | undefined,
  by: Assumptions,
  regenerated: readonly UnorderedUnit[],
): (count: number) => Made {
  const { first, last, with_others: rest } = sorted;
  const apart = (first.length > 0 ? 1 : 0) + (last.length > 0 ? 1 : 0);
  const whole = parter([...first, ...last, ...rest], ties, by);
  const others = apart === 0 ? whole : parter(rest, ties, by);
  const known = new Map<number, Made>();
  const make = (count: number): Made => {
    const parts = count - apart;
    const isWhole = apart > 0 && (parts < 2 || rest.length < parts);
    const isSaid = last.some(({ path }) => said.has(path));
    const { groups, coupling } = isWhole ? whole(count) : others(parts);
    const hub = (files: readonly SizedFile[], kind: "first" | "last"): readonly UnorderedUnit[] =>
      isWhole || files.length === 0 ? [] : [{ ...folderOrdered(files, by), kind }];
    const units: readonly UnorderedUnit[] = [
      ...hub(first, "first"),
      ...groups.map((group) => ({ ...group, kind: "part" as const })),
      ...hub(last, "last").map((unit) => ({ ...unit, isSaid })),
      ...regenerated,
    ];
    return { units: orderUnits(units, ties), coupling, isWhole };
  };
  return (count) => {
    const made = known.get(count) ?? make(count);
    known.set(count, made);
    return made;
  };
}

interface Parts {
  readonly groups: readonly FileGroup[];
  readonly coupling: SplitCoupling | undefined;
}

/** By folder alone where nothing is known of ties; these are looked at only if there is something to split. */
function parter(
  files: readonly SizedFile[],
  ties: readonly Tie[] | undefined,
  by: Assumptions,
): (count: number) => Parts {
  const weighed = files.map((file) => weighedBy(file, by));
  if (ties === undefined) {
    return (count) => ({ groups: partitionByFolder(weighed, count), coupling: undefined });
  }
  let coupling: Coupling | undefined;
  return (count) => {
    coupling ??= couplingOf(weighed, ties);
    const { groups, ...told } = partition(coupling, count);
    return { groups, coupling: told };
  };
}

function weighedBy(file: SizedFile, by: Assumptions): WorkFile {
  const { path, bytes } = file;
  return { path, bytes, work: Math.max(1, Math.round(fileSeconds(file, by) * perSecond)) };
}

function folderOrdered(files: readonly SizedFile[], by: Assumptions): FileGroup {
  const weighed = files.map((file) => weighedBy(file, by));
  return groupOf(weighed.sort((a, b) => compareByFolder(a.path, b.path)));
}

function countOf(
  { files, units, unitsMax, by }: SplitRequest,
  sorted: Sorted,
  regenerated: number,
  cut: (count: number) => Made,
): Choice {
  const split = [...sorted.first, ...sorted.last, ...sorted.with_others];
  const room = (most: number) => Math.max(1, most - regenerated);
  if (units !== undefined) {
    const count = Math.min(room(units), split.length);
    const few = `only ${split.length === 1 ? "1 file" : `${split.length} files`} to split`;
    const reason =
      room(units) > split.length
        ? `${units} units were asked for, but there are ${few}`
        : `${units === 1 ? "1 unit" : `${units} units`}, as asked`;
    return { count, reason };
  }
  const bytes = new Map(files.map((file) => [file.path, file]));
  return chooseCount(split, by, room(unitsMax), (count): Cutting => {
    const made = cut(count);
    const seconds = made.units.map(({ files: own }) =>
      own.reduce(
        (sum, path) => sum + fileSeconds(bytes.get(path) ?? { bytes: 0 }, by),
        by.unitSeconds,
      ),
    );
    return { seconds, after: made.units.map(({ after }) => after), coupling: made.coupling };
  });
}
