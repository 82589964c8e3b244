/** `pleach doctor`: what is here, what is missing, what to do about it. */
import type { Command } from "commander";
import { exitCodes } from "../core/failure.ts";
import { oneLine } from "../core/text.ts";
import type { Colour, Paint } from "../view/words.ts";
import type { Finding } from "./doors.ts";
import { addGlobals, printDocument, resultLook, type Session } from "./surface.ts";

export function defineDoctor(command: Command, session: Session): void {
  command.description(
    "Looks at git, the sandbox, the state directory, the configuration and the runs of this repository.",
  );
  addGlobals(command).action(() =>
    session.act(command, async (surface) => {
      const doors = await surface.world.openDoors();
      const findings = await doors.doctor(surface.where);
      if (surface.globals.json) printDocument(surface, { version: 1, findings });
      else {
        const { paint } = await resultLook(surface);
        surface.world.stdout.write(findings.map((finding) => findingText(finding, paint)).join(""));
      }
      const wrong = findings.find(({ state }) => state === "wrong");
      return wrong === undefined ? 0 : (wrong.exitCode ?? exitCodes.environment);
    }),
  );
}

const colours: Readonly<Record<Finding["state"], Colour>> = {
  fine: "green",
  warning: "yellow",
  wrong: "red",
};

function findingText({ name, state, message, advice }: Finding, paint: Paint): string {
  const line = `${paint(colours[state], state.padEnd(7))}  ${oneLine(name)}: ${oneLine(message)}\n`;
  return advice === undefined ? line : `${line}         next: ${oneLine(advice)}\n`;
}
