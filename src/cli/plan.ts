/** `pleach plan`: splits the goal into units and prints them; changes nothing. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { oneLine } from "../core/text.ts";
import type { PlanPreview } from "../view/preview.ts";
import type { Doors, RunRequest } from "./doors.ts";
import { someText } from "./flag-value.ts";
import { planningLine } from "./planning-line.ts";
import { addPlanOptions, requestOf } from "./request.ts";
import { addGlobals, printDocument, resultLook, type Session, type Surface } from "./surface.ts";

export function definePlan(command: Command, session: Session): void {
  command.description("Splits a goal into units and prints them. Changes nothing.");
  addPlanOptions(command)
    .option("--out <file>", "save the plan for `run --plan`", someText)
    .option("--graph <file>", "draw the units and what goes across as SVG", someText)
    .option("-y, --yes", "ask nothing");
  addGlobals(command).action((goal: string | undefined) =>
    session.act(command, async (surface) => {
      const request = requestOf(command, goal, surface.where);
      const { out, graph } = command.opts<{ out?: string; graph?: string }>();
      const doors = await surface.world.openDoors();
      const preview = await doors.plan(request, (text) => tellPlanning(surface, text));
      if (out !== undefined) await saveTo(surface, doors, { out, request, preview });
      if (graph !== undefined) await drawTo(surface, doors, graph, preview);
      const code = await printPreview(surface, preview);
      const { mayAsk } = await import("./plan-menu.ts");
      if (out !== undefined || graph !== undefined || !mayAsk(surface, request)) return code;
      return offer(surface, doors, request, preview);
    }),
  );
}

/** A model that plans may take minutes. */
export function tellPlanning({ globals, world }: Surface, text: string): void {
  if (!globals.quiet) world.stderr.write(`${planningLine(text)}\n`);
}

async function saveTo(
  { world, where }: Surface,
  doors: Doors,
  { out, request, preview }: { out: string; request: RunRequest; preview: PlanPreview },
): Promise<void> {
  const file = path.resolve(where.dir, out);
  const replaced = existsSync(file) ? " (in place of what was there)" : "";
  await doors.savePlan(file, preview);
  world.stderr.write(`plan saved: ${oneLine(file)}${replaced}\n`);
  const again = notInPlan(request);
  if (again.length === 0) return;
  const warning = `the plan does not hold ${again.join(", ")}: give it again with \`pleach run --plan\``;
  world.stderr.write(`warning: ${warning}\n`);
}

async function drawTo(
  { world, where }: Surface,
  doors: Doors,
  graph: string,
  preview: PlanPreview,
): Promise<void> {
  const { planGraph } = await import("../view/plan-graph.ts");
  const file = path.resolve(where.dir, graph);
  const replaced = existsSync(file) ? " (in place of what was there)" : "";
  await doors.saveText(file, planGraph(preview));
  world.stderr.write(`graph saved: ${oneLine(file)}${replaced}\n`);
}

async function offer(
  surface: Surface,
  doors: Doors,
  request: RunRequest,
  preview: PlanPreview,
): Promise<number> {
  const { offerPlan } = await import("./plan-menu.ts");
  return offerPlan(
    surface,
    { request, preview },
    {
      save: (file, shown) => doors.savePlan(file, shown),
      show: async (asked) => {
        const shown = await doors.plan(asked, (text) => tellPlanning(surface, text));
        await printPreview(surface, shown);
        return shown;
      },
      run: async (asked) => {
        const { watchLoop } = await import("./end.ts");
        return watchLoop(surface, { ndjson: false }, (eyes) => doors.run(asked, eyes));
      },
      edit: async (file) => (await import("./edit-file.ts")).editFile(file, surface.world.env),
    },
  );
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
