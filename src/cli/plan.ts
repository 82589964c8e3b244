/** `pleach plan`: splits the goal into units and prints them; changes nothing. */
import path from "node:path";
import type { Command } from "commander";
import { oneLine } from "../core/text.ts";
import type { PlanPreview } from "../view/preview.ts";
import { someText } from "./flag-value.ts";
import { addPlanOptions, requestOf } from "./request.ts";
import { addGlobals, printDocument, resultLook, type Session, type Surface } from "./surface.ts";

export function definePlan(command: Command, session: Session): void {
  command.description("Splits a goal into units and prints them. Changes nothing.");
  addPlanOptions(command).option("--out <file>", "save the plan for `run --plan`", someText);
  addGlobals(command).action((goal: string | undefined) =>
    session.act(command, async (surface) => {
      const request = requestOf(command, goal, surface.where);
      const { out } = command.opts<{ out?: string }>();
      const doors = await surface.world.openDoors();
      const preview = await doors.plan(request);
      if (out !== undefined) {
        const file = path.resolve(surface.where.dir, out);
        await doors.savePlan(file, preview);
        surface.world.stderr.write(`plan saved: ${oneLine(file)}\n`);
      }
      return printPreview(surface, preview);
    }),
  );
}

export async function printPreview(surface: Surface, preview: PlanPreview): Promise<number> {
  const { previewDocument, previewView } = await import("../view/preview.ts");
  for (const warning of preview.warnings) {
    surface.world.stderr.write(`warning: ${oneLine(warning)}\n`);
  }
  if (surface.globals.json) printDocument(surface, previewDocument(preview));
  else surface.world.stdout.write(previewView(preview, await resultLook(surface)));
  return 0;
}
