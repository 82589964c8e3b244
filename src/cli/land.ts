/** `pleach land`: moves the target to a finished run's result. */
import type { Command } from "commander";
import type { RunState } from "../core/run.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineLand(command: Command, session: Session): void {
  command
    .description("Moves the target to a finished run's result, if nothing of yours would be lost.")
    .argument("[run]", "the run; the newest finished one if absent");
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const { watchLoop } = await import("./end.ts");
      const doors = await surface.world.openDoors();
      return watchLoop(surface, { ndjson: false, exitCode: landed, alreadySo }, (eyes) =>
        doors.land(surface.where, run, eyes),
      );
    }),
  );
}

function landed({ landing }: RunState): number {
  if (landing.phase === "landed" || landing.phase === "undo_refused") return 0;
  return landing.phase === "refused" ? 3 : 130;
}

function alreadySo({ run, landing }: RunState): string | undefined {
  const isLanded = landing.phase === "landed" || landing.phase === "undo_refused";
  return isLanded ? `Run ${run} has already landed: there is nothing to do.` : undefined;
}
