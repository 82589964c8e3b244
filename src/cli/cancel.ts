/** `pleach cancel`: ends a run or one of its units; what was worked is kept. */
import type { Command } from "commander";
import { usage } from "./failure.ts";
import { runAndUnit } from "./run-and-unit.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineCancel(command: Command, session: Session): void {
  command
    .description(
      "Ends a run or one of its units. What was worked is kept; what is merged stays merged.",
    )
    .argument("[run/unit]", "the run, or the run and a unit; the active run if absent");
  addGlobals(command).action((name: string | undefined) =>
    session.act(command, async (surface) => {
      const { run, unit } =
        name === undefined ? { run: undefined, unit: undefined } : runAndUnit(name);
      if (unit !== undefined && run === undefined) {
        throw usage(
          "bad_name",
          `${unit} is no run`,
          `to cancel a unit type \`pleach cancel RUN/${unit}\``,
        );
      }
      const { speakTo } = await import("./speak.ts");
      return speakTo(surface, run, { type: "cancel", unit });
    }),
  );
}
