/** `pleach plan`: splits the goal into units and prints them; changes nothing. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { oneLine } from "../core/text.ts";
import type { PlanPreview } from "../view/preview.ts";
import type { RunRequest } from "./doors.ts";
import { someText } from "./flag-value.ts";
import { planningLine } from "./planning-line.ts";
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
      const preview = await doors.plan(request, (text) => tellPlanning(surface, text));
      if (out !== undefined) {
        const file = path.resolve(surface.where.dir, out);
        const replaced = existsSync(file) ? " (in place of what was there)" : "";
        await doors.savePlan(file, preview);
        surface.world.stderr.write(`plan saved: ${oneLine(file)}${replaced}\n`);
        const again = notInPlan(request);
        if (again.length > 0) {
          const warning = `the plan does not hold ${again.join(", ")}: give it again with \`pleach run --plan\``;
          surface.world.stderr.write(`warning: ${warning}\n`);
        }
      }
      return printPreview(surface, preview);
    }),
  );
}

/** A model that plans may take minutes. */
export function tellPlanning({ globals, world }: Surface, text: string): void {
  if (!globals.quiet) world.stderr.write(`${planningLine(text)}\n`);
}

/** The flags that say how to work, not what. */
function notInPlan(request: RunRequest): readonly string[] {
  const { worker, command, codemod, checks, unitChecks, target, base } = request;
  const given: readonly (readonly [string, boolean])[] = [
    ["--worker", worker !== undefined],
    ["--command", command !== undefined],
    ["--codemod", codemod !== undefined],
    ["--check", checks.length > 0],
    ["--unit-check", unitChecks.length > 0],
    ["--target", target !== undefined],
    ["--base", base !== undefined],
  ];
  return given.flatMap(([flag, is]) => (is ? [flag] : []));
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
