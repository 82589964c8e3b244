/** Finished stories of runs, and doors that live through them. */
import type { Doors, RunReading } from "../../src/cli/doors.ts";
import { foldRun } from "../../src/core/reduce.ts";
import { type Story, startRun, unit } from "./run-state.ts";

export const landed = () =>
  startRun({ units: [unit("a")] })
    .complete("a")
    .finish("complete")
    .land();

/** Lives through the story under the eyes, then answers with its end or throws. */
export function living(story: Story, thrown?: unknown): Doors["run"] {
  return async (_, eyes) => {
    story.lines().forEach((line, position, lines) => {
      const state = foldRun(lines.slice(0, position + 1));
      if (state) eyes.event(line, state);
    });
    if (thrown !== undefined) throw thrown;
    return story.state();
  };
}

export function reading(story: Story, more: Partial<RunReading> = {}): RunReading {
  return { state: story.state(), lines: story.lines(), folder: "/f", alive: false, ...more };
}
