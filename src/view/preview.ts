/** What a run would do: the units of a plan, their files, and in which wave each could begin at the earliest. */
import type { RefName, RepoPath, Sha, UnitId } from "../core/id.ts";
import { type Json, type Plan, unitPositions } from "../core/plan.ts";
import { oneLine } from "../core/text.ts";
import { waves } from "../core/waves.ts";
import { shortName } from "./document.ts";
import { type Cell, renderTable, type TableLook } from "./table.ts";
import { sayCount, sayList, shortSha } from "./words.ts";

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
}

export interface UnitPreview {
  readonly id: UnitId;
  readonly worker: string;
  /** Files at the base that it owns. */
  readonly files: readonly RepoPath[];
}

const filesNamedMax = 3;

/** For each unit, in plan order, how many units must be merged one after the other before it can begin. */
export function wavesOf(plan: Plan): readonly number[] {
  const positions = unitPositions(plan.units);
  const numbers = new Array<number>(plan.units.length).fill(0);
  waves(plan.units).forEach((wave, number) => {
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

export function previewDocument(preview: PlanPreview): unknown {
  const waves = wavesOf(preview.plan);
  return {
    version: 1,
    plan: preview.file,
    target: shortName(preview.target),
    base: preview.base,
    checks: preview.checks,
    units: preview.units.map((unit, position) => ({ ...unit, wave: (waves[position] ?? 0) + 1 })),
    warnings: preview.warnings,
  };
}
