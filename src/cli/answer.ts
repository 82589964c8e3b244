/** `pleach approve` and `pleach deny`: answer what a run waits for. */
import type { Command } from "commander";
import { addGlobals, type Session } from "./surface.ts";

export function defineApprove(command: Command, session: Session): void {
  command.description(
    "Lets a unit or an agent begin, or an agent's tool run, that waits for approval.",
  );
  defineAnswer(command, session, "approve");
}

export function defineDeny(command: Command, session: Session): void {
  command.description(
    "Refuses a unit or an agent, or an agent's use of a tool, that waits for approval.",
  );
  defineAnswer(command, session, "deny");
}

function defineAnswer(command: Command, session: Session, type: "approve" | "deny"): void {
  command
    .argument("<id>", "the approval's name, as `pleach status` shows it")
    .argument("[text...]", "what to tell the agent that asks")
    .option("--run <run>", "the run, where several wait for an approval of this name");
  addGlobals(command).action((id: string, words: readonly string[]) =>
    session.act(command, async (surface) => {
      const { speakTo } = await import("./speak.ts");
      const { run } = command.opts<{ run?: string }>();
      const text = words.length === 0 ? undefined : words.join(" ");
      return speakTo(surface, run, { type, id, text });
    }),
  );
}
