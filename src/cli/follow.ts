/** `pleach status --follow`: on a terminal the status redrawn in place, elsewhere one line for each new event. It only reads the
 *  journal, as any other process may. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jsonText } from "../core/text.ts";
import { finalDocument } from "../view/document.ts";
import { progressLine } from "../view/progress.ts";
import { statusView } from "../view/status.ts";
import type { Doors, RunReading } from "./doors.ts";
import { isPlain, printDocument, resultLook, type Surface } from "./surface.ts";

const pollMs = 500;

export async function followRun(surface: Surface, run: string | undefined): Promise<number> {
  const doors = await surface.world.openDoors();
  const first = await doors.readRun(surface.where, run);
  const draw = isPlain(surface, surface.world.stdout) ? printer(surface) : await redrawer(surface);
  let reading = first;
  await draw(reading);
  while (reading.alive) {
    await sleep(pollMs);
    reading = await readAgain(doors, surface, reading);
    await draw(reading);
  }
  if (surface.globals.json) printDocument(surface, finalDocument(reading.state));
  return 0;
}

const sizes = new WeakMap<RunReading, number>();

/** The journal is read again only where it grew; whether somebody is at work is asked with it, and every few seconds. */
async function readAgain(doors: Doors, surface: Surface, before: RunReading): Promise<RunReading> {
  const { size } = await stat(path.join(before.folder, "journal.jsonl"));
  const quietSince = quiet.get(before) ?? 0;
  if (size === sizes.get(before) && quietSince < quietPollsMax) {
    quiet.set(before, quietSince + 1);
    return before;
  }
  const reading = await doors.readRun(surface.where, before.state.run);
  sizes.set(reading, size);
  return reading;
}

const quiet = new WeakMap<RunReading, number>();
const quietPollsMax = 6;

type Draw = (reading: RunReading) => Promise<void>;

/** Lines that were printed are not printed again. */
function printer(surface: Surface): Draw {
  let printed = 0;
  const { globals, world } = surface;
  return async ({ lines, state }) => {
    for (const line of lines.slice(printed)) {
      const said = globals.json ? jsonText(line) : progressLine(line, state, globals);
      if (said !== undefined) world.stdout.write(`${said}\n`);
    }
    printed = lines.length;
  };
}

async function redrawer(surface: Surface): Promise<Draw> {
  const { stdout } = surface.world;
  let drawn = 0;
  return async ({ state, alive, folder }) => {
    const look = await resultLook(surface);
    const text = statusView(state, { ...look, now: Date.now(), alive, folder });
    const up = drawn === 0 ? "" : `\x1b[${drawn}A\r`;
    stdout.write(`${up}${text.replaceAll("\n", "\x1b[K\n")}\x1b[J`);
    drawn = text.split("\n").length - 1;
  };
}
