/** Saying something to a run from another terminal: the run hears it, or will when it is resumed. */
import { oneLine } from "../core/text.ts";
import type { Heard, Request } from "./doors.ts";
import { printDocument, type Surface } from "./surface.ts";

export async function speakTo(
  surface: Surface,
  run: string | undefined,
  request: Request,
): Promise<number> {
  const doors = await surface.world.openDoors();
  return printHeard(surface, request, await doors.speak(surface.where, run, request));
}

export function printHeard(surface: Surface, request: Request, answer: Heard): number {
  if (surface.globals.json) {
    printDocument(surface, { version: 1, ...answer, request });
    return 0;
  }
  const later = `it is not running now; \`pleach resume ${answer.run}\` will hear it`;
  const said = answer.heard === "now" ? "it was told" : later;
  surface.world.stdout.write(`${oneLine(`${what(request)}: run ${answer.run}, ${said}`)}\n`);
  return 0;
}

function what(request: Request): string {
  switch (request.type) {
    case "cancel":
      return request.unit === undefined ? "cancel" : `cancel ${request.unit}`;
    case "approve":
    case "deny":
      return `${request.type} ${request.id}`;
    case "message":
      return `message to ${request.unit}`;
    case "pause":
    case "continue":
      return request.type;
  }
}
