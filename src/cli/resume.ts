/** `pleach resume`: goes on with an interrupted run, or lets a paused one go on. */
import { type Command, Option } from "commander";
import { oneLine } from "../core/text.ts";
import { addGlobals, printDocument, type Session } from "./surface.ts";

export function defineResume(command: Command, session: Session): void {
  command
    .description(
      "Goes on with a run: the newest unfinished one, else the newest. Needs no flag again.",
    )
    .argument("[run]", "the run")
    .addOption(
      new Option(
        "--ndjson",
        "print every journal event as a line, the final document last",
      ).conflicts("json"),
    );
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const doors = await surface.world.openDoors();
      const reading = await doors.readRun(surface.where, run);
      if (reading.alive && reading.state.at.phase === "paused") {
        const heard = await doors.speak(surface.where, reading.state.run, { type: "continue" });
        if (surface.globals.json) printDocument(surface, { version: 1, ...heard });
        else surface.world.stdout.write(`${oneLine(heard.run)} goes on\n`);
        return 0;
      }
      const { watchLoop } = await import("./end.ts");
      const { ndjson = false } = command.opts<{ ndjson?: boolean }>();
      return watchLoop(surface, { ndjson }, async (eyes) => {
        const { state } = await doors.resume(surface.where, run, eyes);
        return state;
      });
    }),
  );
}
