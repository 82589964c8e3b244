/** `pleach logs`: what an attempt was told, said and printed, and what its checks said. */
import type { Command } from "commander";
import { usage } from "./failure.ts";
import { positiveInteger } from "./flag-value.ts";
import { runAndUnit } from "./run-and-unit.ts";
import { addGlobals, printDocument, resultLook, type Session } from "./surface.ts";

export function defineLogs(command: Command, session: Session): void {
  command
    .description(
      "Shows what an attempt of a unit was told, said and printed, and what its checks said.",
    )
    .argument(
      "<run/unit>",
      "the unit, such as 20261120-1430-k3f9/core; without a run, of the newest",
    )
    .option("--attempt <n>", "which attempt; the last if absent", positiveInteger);
  addGlobals(command).action((name: string) =>
    session.act(command, async (surface) => {
      const { run, unit } = runAndUnit(name);
      if (unit === undefined) {
        throw usage("missing_unit", `${name} names no unit`, "type `pleach logs RUN/UNIT`");
      }
      const { readAttempt } = await import("./attempt-files.ts");
      const { attemptStory } = await import("../view/story.ts");
      const doors = await surface.world.openDoors();
      const reading = await doors.readRun(surface.where, run);
      const { attempt } = command.opts<{ attempt?: number }>();
      const found = await readAttempt(reading, unit, { attempt, all: surface.globals.verbose });
      if (surface.globals.json) {
        printDocument(surface, { version: 1, run: reading.state.run, unit, ...found });
      } else {
        const { paint } = await resultLook(surface);
        surface.world.stdout.write(attemptStory(found.story, found.files, paint));
      }
      return 0;
    }),
  );
}
