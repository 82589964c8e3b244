/** `pleach pause`: what runs goes on, nothing new begins until `pleach resume`. */
import type { Command } from "commander";
import { addGlobals, type Session } from "./surface.ts";

export function definePause(command: Command, session: Session): void {
  command
    .description(
      "Lets nothing new begin in a run until `pleach resume`; what is being worked on goes on.",
    )
    .argument("[run]", "the run; the active one if absent");
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const { speakTo } = await import("./speak.ts");
      return speakTo(surface, run, { type: "pause" });
    }),
  );
}
