/** `pleach agents`: what agents there are, and where each comes from. */
import type { Command } from "commander";
import { addGlobals, printDocument, resultLook, type Session } from "./surface.ts";

export function defineAgents(command: Command, session: Session): void {
  command.description("Lists the agents that a plan or an agent may name, and where each is from.");
  addGlobals(command).action(() =>
    session.act(command, async (surface) => {
      const { rolesDocument, rolesTable } = await import("../view/roles.ts");
      const doors = await surface.world.openDoors();
      const { roles, warnings } = await doors.agents(surface.where);
      for (const warning of warnings) surface.world.stderr.write(`warning: ${warning}\n`);
      if (surface.globals.json) printDocument(surface, rolesDocument(roles));
      else surface.world.stdout.write(rolesTable(roles, await resultLook(surface)));
      return 0;
    }),
  );
}
