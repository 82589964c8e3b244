/** Saying something to a unit, and, where its run had finished, what came of that: the answer on stdout, then what was merged. */
import type { UnitId } from "../core/id.ts";
import type { RunState, UnitState } from "../core/run.ts";
import { oneLine } from "../core/text.ts";
import { unitOf } from "../core/unit-change.ts";
import { exitCodeOf } from "../view/document.ts";
import type { SaidToUnit } from "./doors.ts";
import { openEyes } from "./eyes.ts";
import { printHeard } from "./speak.ts";
import { printDocument, type Surface } from "./surface.ts";

export async function sayTo(
  surface: Surface,
  run: string | undefined,
  said: SaidToUnit,
): Promise<number> {
  const doors = await surface.world.openDoors();
  const eyes = openEyes(surface, { ndjson: false });
  const { state, ...heard } = await doors
    .message(surface.where, run, said, eyes)
    .finally(() => eyes.close());
  if (state === undefined) return printHeard(surface, said, heard);
  const unit = unitOf(state, said.unit as UnitId);
  if (surface.globals.json) {
    const { at, answer, changed } = unit;
    const status = at.phase === "waiting" ? "pending" : at.phase;
    const commit = at.phase === "merged" ? (at.commit ?? null) : null;
    const told = { answer: answer?.said ?? null, reason: answer?.refused ?? null };
    const { run: id, integration } = state;
    printDocument(surface, {
      ...{ version: 1, run: id, heard: "now", request: said },
      ...{ unit: unit.id, status, commit, changed, ...told, integration },
    });
  } else surface.world.stdout.write(answerText(state, unit));
  return exitCode(state, unit);
}

function exitCode(state: RunState, { answer }: UnitState): number {
  if (state.at.phase !== "finished") return exitCodeOf(state);
  if (answer?.refused === undefined) return 0;
  return answer.refused.type === "over_budget" ? 5 : 1;
}

function answerText(state: RunState, unit: UnitState): string {
  const { answer } = unit;
  const words = answer === undefined || answer.said.trim() === "" ? [] : [answer.said.trim()];
  return `${[...words, oneLine(outcomeText(state, unit))].join("\n\n")}\n`;
}

function outcomeText(state: RunState, { id, answer }: UnitState): string {
  const { run, landing, integration } = state;
  if (state.at.phase !== "finished" || answer === undefined) {
    return `Run ${run} is not through with it: go on with \`pleach resume ${run}\`.`;
  }
  if (answer.refused !== undefined) {
    return `Nothing of it was merged: ${answer.refused.message}. Unit ${id} stands as before.`;
  }
  const isThere =
    integration === state.plan.base || ("new" in landing && landing.new === integration);
  return isThere
    ? `Nothing was merged: unit ${id} stands as before.`
    : `The result of run ${run} is on its integration branch: \`pleach land ${run}\` moves the target to it.`;
}
