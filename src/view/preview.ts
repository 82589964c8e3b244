/** What a run would do: the units of a plan, their files, and in which wave each could begin at the earliest. */
import { sayRoughly } from "../core/duration.ts";
import type { RefName, RepoPath, Sha, UnitId } from "../core/id.ts";
import { criticalPath } from "../core/order.ts";
import { type Json, type Plan, unitPositions } from "../core/plan.ts";
import type { Spend } from "../core/spend.ts";
import type { PlanTies, SplitReport } from "../core/split-report.ts";
import type { SurveyNote } from "../core/survey.ts";
import { oneLine } from "../core/text.ts";
import { waves as unitWaves } from "../core/waves.ts";
import { shortName } from "./document.ts";
import { sayAssumptions, sayEstimate } from "./estimate.ts";
import { splitLines } from "./split.ts";
import { type Cell, renderTable, type TableLook } from "./table.ts";
import { sayCount, sayList, saySpend, shortSha } from "./words.ts";

export interface PlanPreview {
  readonly plan: Plan;
  /** The plan in the form of a plan file: what `--out` writes and `run --plan` reads. */
  readonly file: Json;
  readonly target: RefName;
  readonly base: Sha;
  readonly units: readonly UnitPreview[];
  /** Names of the checks of every merged tree. */
  readonly checks: readonly string[];
  readonly warnings: readonly string[];
  /** What the model cost that made the plan. */
  readonly planning?: Spend;
  /** Bytes, of the files that were weighed by something else than their size. */
  readonly weights?: ReadonlyMap<string, number>;
  /** Of a plan that was made of files. */
  readonly split?: SplitReport;
  /** What goes from one unit to another, where imports are known. */
  readonly ties?: PlanTies;
  /** What the survey says that no other value does. */
  readonly notes?: readonly SurveyNote[];
}

export interface UnitPreview {
  readonly id: UnitId;
  readonly worker: string;
  /** Files at the base that it owns. */
  readonly files: readonly RepoPath[];
}

const filesNamedMax = 3;
const wayNamedMax = 6;

/** For each unit, in plan order, how many units must be merged one after the other before it can begin. */
export function wavesOf(plan: Plan): readonly number[] {
  const positions = unitPositions(plan.units);
  const numbers = new Array<number>(plan.units.length).fill(0);
  unitWaves(plan.units).forEach((wave, number) => {
    for (const id of wave) numbers[positions.get(id) ?? 0] = number;
  });
  return numbers;
}

export function previewView(preview: PlanPreview, look: TableLook): string {
  const { plan, units } = preview;
  const waves = wavesOf(plan);
  const rows = plan.units.map((unit, position): Cell[] => {
    const files = units[position]?.files ?? [];
    return [
      { text: unit.id },
      { text: String((waves[position] ?? 0) + 1) },
      { text: String(files.length) },
      { text: units[position]?.worker ?? "" },
      { text: unit.after.length === 0 ? "" : sayList(unit.after, filesNamedMax) },
      {
        text:
          unit.title === unit.id || unit.title === "" ? sayList(files, filesNamedMax) : unit.title,
      },
    ];
  });
  const count = sayCount(plan.units.length, "unit");
  const waveCount = sayCount(Math.max(0, ...waves) + 1, "wave");
  return [
    oneLine(plan.goal),
    `${count} in ${waveCount}, for ${oneLine(shortName(preview.target))}, from ${shortSha(preview.base)}`,
    "",
    renderTable(["unit", "wave", "files", "worker", "after", "what"], rows, look),
    "",
    ...(preview.planning === undefined
      ? []
      : [`Planned by a model: ${saySpend(preview.planning)}`]),
    ...splitLines(preview),
    ...criticalLine(plan),
    ...(plan.estimate === undefined
      ? []
      : [
          `Estimate: ${sayEstimate(plan.estimate)}`,
          `  ${sayAssumptions(plan.estimate.assumptions)}`,
        ]),
    `Checks of every merged tree: ${preview.checks.length === 0 ? "none" : sayList(preview.checks, 20)}`,
    ...(plan.doneWhen.length === 0
      ? []
      : [
          `Done when: ${sayList(
            plan.doneWhen.map(({ name }) => name),
            20,
          )}`,
        ]),
    "",
  ].join("\n");
}

/** Only where somebody waits for somebody. */
function criticalLine(plan: Plan): string[] {
  const { units, length } = criticalPath(plan.units, plan.estimate?.units);
  if (units.length < 2) return [];
  const way = units.slice(0, wayNamedMax).join(" → ");
  const more = units.length > wayNamedMax ? ` → … (${units.length} units)` : "";
  const time = plan.estimate === undefined ? "" : `, ${sayRoughly(length)} of work`;
  return [`Critical path: ${way}${more}${time}`];
}

export function previewDocument(preview: PlanPreview): unknown {
  const waves = wavesOf(preview.plan);
  const { plan, split, ties } = preview;
  const critical = criticalPath(plan.units, plan.estimate?.units);
  return {
    version: 1,
    plan: preview.file,
    target: shortName(preview.target),
    base: preview.base,
    checks: preview.checks,
    units: preview.units.map((unit, position) => ({ ...unit, wave: (waves[position] ?? 0) + 1 })),
    waves: unitWaves(plan.units),
    criticalPath: critical.units,
    estimate: plan.estimate ?? null,
    planning: preview.planning ?? null,
    split: split ?? null,
    cut: ties === undefined ? null : cutDocument(ties),
    notes: preview.notes ?? [],
    warnings: preview.warnings,
  };
}

function cutDocument({ imports, crossing, between }: PlanTies): unknown {
  return { imports, crossing, between };
}
