/** `pleach undo`: takes a landing back. */
import type { Command } from "commander";
import type { RunState } from "../core/run.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineUndo(command: Command, session: Session): void {
  command
    .description("Moves the target back to where it was before a landing, or says why it cannot.")
    .argument("[run]", "the run; the newest that landed if absent");
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const { watchLoop } = await import("./end.ts");
      const doors = await surface.world.openDoors();
      return watchLoop(surface, { ndjson: false, exitCode: undone, alreadySo }, (eyes) =>
        doors.undo(surface.where, run, eyes),
      );
    }),
  );
}

function undone({ landing }: RunState): number {
  if (landing.phase === "undone") return 0;
  return landing.phase === "undo_refused" ? 3 : 130;
}

function alreadySo({ run, landing }: RunState): string | undefined {
  const isUndone = landing.phase === "undone";
  return isUndone ? `Run ${run} was already taken back: there is nothing to do.` : undefined;
}
