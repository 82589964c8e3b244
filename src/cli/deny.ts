/** `pleach deny`: answers an approval that a run waits for. */
import type { Command } from "commander";
import { addGlobals, type Session } from "./surface.ts";

export function defineDeny(command: Command, session: Session): void {
  command
    .argument("<id>", "the approval's name, as `pleach status` shows it")
    .option("--run <run>", "the run, where several wait for an approval of this name");
  command.description("Refuses a unit that waits for approval.");
  addGlobals(command).action((id: string) =>
    session.act(command, async (surface) => {
      const { speakTo } = await import("./speak.ts");
      const { run } = command.opts<{ run?: string }>();
      return speakTo(surface, run, { type: "deny", id });
    }),
  );
}
