/** `pleach run`: plans, works, verifies, merges, lands. */
import { type Command, Option } from "commander";
import { addRunOptions, requestOf } from "./request.ts";
import { addGlobals, type Session } from "./surface.ts";

export function defineRun(command: Command, session: Session): void {
  command.description(
    "Splits a goal into units, has each worked on in its own worktree, verifies, merges and lands.",
  );
  addRunOptions(command)
    .addOption(
      new Option(
        "--ndjson",
        "print every journal event as a line, the final document last",
      ).conflicts(["json", "dryRun"]),
    )
    .option("--dry-run", "show what would be done, and do nothing");
  addGlobals(command).action((goal: string | undefined) =>
    session.act(command, async (surface) => {
      const request = requestOf(command, goal, surface.where);
      const doors = await surface.world.openDoors();
      const { dryRun, ndjson = false } = command.opts<{ dryRun?: boolean; ndjson?: boolean }>();
      if (dryRun === true) {
        const { printPreview, tellPlanning } = await import("./plan.ts");
        const tell = (text: string) => tellPlanning(surface, text);
        return printPreview(surface, await doors.plan(request, tell));
      }
      const { watchLoop } = await import("./end.ts");
      return watchLoop(surface, { ndjson }, (eyes) => doors.run(request, eyes));
    }),
  );
}
