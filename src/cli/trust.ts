/** `pleach trust`: lets this repository's configuration run its commands. */
import type { Command } from "commander";
import { oneLine } from "../core/text.ts";
import { addGlobals, printDocument, type Session } from "./surface.ts";

export function defineTrust(command: Command, session: Session): void {
  command.description(
    "Trusts the commands that this repository's configuration runs, until they change.",
  );
  addGlobals(command).action(() =>
    session.act(command, async (surface) => {
      const doors = await surface.world.openDoors();
      const trusted = await doors.trust(surface.where);
      if (surface.globals.json) printDocument(surface, { version: 1, ...trusted });
      else {
        const head = trusted.already ? "Trusted before, unchanged." : "Trusted.";
        const runs = trusted.commands.map((text) => `  - ${oneLine(text)}`);
        const what = runs.length === 0 ? ["It runs nothing."] : ["It runs:", ...runs];
        surface.world.stdout.write(`${[head, ...what].join("\n")}\n`);
      }
      return 0;
    }),
  );
}
