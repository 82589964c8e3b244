/** `pleach report`: what became of a run, to read or to keep. */
import { type Command, Option } from "commander";
import { addGlobals, printDocument, type Session } from "./surface.ts";

export function defineReport(command: Command, session: Session): void {
  command
    .description("Tells what became of a run: units, refusals, checks, landing, kept work.")
    .argument("[run]", "the run; the newest if absent")
    .addOption(
      new Option("--format <format>", "how it is written (default: md)").choices(["md", "json"]),
    );
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const { reportDocument, reportMarkdown } = await import("../view/report.ts");
      const doors = await surface.world.openDoors();
      const { state, lines, alive, folder } = await doors.readRun(surface.where, run);
      const asked = command.opts<{ format?: string }>().format;
      const format = asked ?? (surface.globals.json ? "json" : "md");
      if (format === "json")
        printDocument(surface, reportDocument(state, lines, { alive, folder }));
      else surface.world.stdout.write(reportMarkdown(state, lines, { alive, folder }));
      return 0;
    }),
  );
}
