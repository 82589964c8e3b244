/** `pleach cancel`: ends a run or one of its units; what was worked is kept. */
import type { Command } from "commander";
import { runAndUnit } from "./run-and-unit.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineCancel(command: Command, session: Session): void {
  command
    .description(
      "Ends a run or one of its units. What was worked is kept; what is merged stays merged.",
    )
    .argument("[run/unit]", "the run, the run and a unit, or a unit of the active run");
  addGlobals(command).action((name: string | undefined) =>
    session.act(command, async (surface) => {
      const { run, unit } =
        name === undefined ? { run: undefined, unit: undefined } : runAndUnit(name);
      const { speakTo } = await import("./speak.ts");
      return speakTo(surface, run, { type: "cancel", unit });
    }),
  );
}
