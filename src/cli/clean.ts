/** `pleach clean`: removes what runs left. */
import type { Command } from "commander";
import { oneLine } from "../core/text.ts";
import type { Cleaned } from "./doors.ts";
import { addGlobals, printDocument, type Session } from "./surface.ts";

export function defineClean(command: Command, session: Session): void {
  command
    .description(
      "Removes what finished runs left. What never landed goes only with --discard, and is named first.",
    )
    .argument("[run...]", "the runs")
    .option(
      "--discard",
      "also throw away work that never landed, what no commit could hold, and large logs",
    );
  addGlobals(command).action((runs: string[]) =>
    session.act(command, async (surface) => {
      const { discard = false } = command.opts<{ discard?: boolean }>();
      const { openEyes } = await import("./eyes.ts");
      const eyes = openEyes(surface, { ndjson: false });
      try {
        const doors = await surface.world.openDoors();
        const cleaned = await doors.clean(surface.where, runs, { discard }, eyes);
        eyes.close();
        if (surface.globals.json) printDocument(surface, { version: 1, runs: cleaned });
        else
          surface.world.stdout.write(
            cleanedText(cleaned, { discard, all: discard || surface.globals.verbose }),
          );
        return 0;
      } finally {
        eyes.close();
      }
    }),
  );
}

function cleanedText(
  runs: readonly Cleaned[],
  { discard, all }: { readonly discard: boolean; readonly all: boolean },
): string {
  if (runs.length === 0) return "Nothing to clean.\n";
  const lines = runs.flatMap(({ run, removed, kept }) => [
    oneLine(`${run}: ${removed.length} removed, ${kept.length} kept`),
    ...(all ? removed.map((item) => `  removed ${oneLine(item)}`) : []),
    ...kept.map((item) => `  kept ${oneLine(item)}`),
  ]);
  const someKept = !discard && runs.some(({ kept }) => kept.length > 0);
  const advice = someKept ? ["Next:", "  pleach clean --discard  throws away what was kept"] : [];
  return `${[...lines, ...advice].join("\n")}\n`;
}
