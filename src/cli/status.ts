/** `pleach status`: shows a run, follows it until nobody works on it any more, or lists all runs. */
import type { Command } from "commander";
import { Option } from "commander";
import { addGlobals, printDocument, resultLook, type Session, type Surface } from "./surface.ts";

export function defineStatus(command: Command, session: Session): void {
  command
    .description("Shows who does what in a run, what is stuck and why, and what to type next.")
    .argument("[run]", "the run; the newest if absent")
    .addOption(new Option("--follow", "redraw until the run ends").conflicts("all"))
    .option("--all", "list the runs of this repository")
    .option("--context", "show what the agents of the run share");
  addGlobals(command).action((run: string | undefined) =>
    session.act(command, async (surface) => {
      const { all, follow, context = false } = command.opts<StatusFlags>();
      if (all) return listAll(surface);
      if (follow) {
        const { followRun } = await import("./follow.ts");
        return followRun(surface, run);
      }
      return showOnce(surface, run, { context });
    }),
  );
}

interface StatusFlags {
  readonly all?: boolean;
  readonly follow?: boolean;
  readonly context?: boolean;
}

async function listAll(surface: Surface): Promise<number> {
  const { runsDocument, runsTable } = await import("../view/runs.ts");
  const doors = await surface.world.openDoors();
  const listings = await doors.listRuns(surface.where);
  if (surface.globals.json) printDocument(surface, runsDocument(listings));
  else surface.world.stdout.write(runsTable(listings, await resultLook(surface)));
  return 0;
}

async function showOnce(
  surface: Surface,
  run: string | undefined,
  { context }: { readonly context: boolean },
): Promise<number> {
  const { finalDocument } = await import("../view/document.ts");
  const { statusLine, statusView } = await import("../view/status.ts");
  const doors = await surface.world.openDoors();
  const { state, alive, folder } = await doors.readRun(surface.where, run);
  const { globals, world } = surface;
  if (globals.json)
    printDocument(surface, {
      ...finalDocument(state, { alive }),
      alive,
      folder,
      ...(context ? { context: state.context } : {}),
    });
  else if (globals.quiet) world.stdout.write(`${statusLine(state, alive)}\n`);
  else {
    const look = await resultLook(surface);
    world.stdout.write(statusView(state, { ...look, now: Date.now(), alive, folder, context }));
  }
  return 0;
}
