/** `pleach status --follow`: on a terminal the status redrawn in place, elsewhere one line for each new event. It only reads the
 *  journal, as any other process may. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reduce } from "../core/reduce.ts";
import type { RunState } from "../core/run.ts";
import { finalDocument } from "../view/document.ts";
import { progressLine } from "../view/progress.ts";
import { statusView } from "../view/status.ts";
import type { Doors, RunReading } from "./doors.ts";
import { isPlain, printDocument, resultLook, type Surface } from "./surface.ts";

const pollMs = 500;
const quietPollsMax = 6;

export async function followRun(surface: Surface, run: string | undefined): Promise<number> {
  const doors = await surface.world.openDoors();
  const draw =
    surface.globals.json || isPlain(surface, surface.world.stdout)
      ? printer(surface)
      : redrawer(surface);
  let reading = await doors.readRun(surface.where, run);
  await draw(reading);
  while (reading.alive) {
    await sleep(pollMs);
    reading = await readAgain(doors, surface, reading);
    await draw(reading);
  }
  if (surface.globals.json) printDocument(surface, finalDocument(reading.state, reading));
  return 0;
}

interface Seen {
  readonly size: number;
  readonly pollsSince: number;
}

const seen = new WeakMap<RunReading, Seen>();

/** The journal is read again only where it grew; every few seconds also to see whether somebody is still at work. */
async function readAgain(doors: Doors, surface: Surface, before: RunReading): Promise<RunReading> {
  const { size } = await stat(path.join(before.folder, "journal.jsonl"));
  const last = seen.get(before);
  if (last?.size === size && last.pollsSince < quietPollsMax) {
    seen.set(before, { size, pollsSince: last.pollsSince + 1 });
    return before;
  }
  const reading = await doors.readRun(surface.where, before.state.run);
  seen.set(reading, { size, pollsSince: 0 });
  return reading;
}

type Draw = (reading: RunReading) => Promise<void>;

/** Lines that were printed are not printed again; each is told with the state right after it, not with today's. */
function printer(surface: Surface): Draw {
  let printed = 0;
  let state: RunState | undefined;
  const { globals, world } = surface;
  return async ({ lines }) => {
    for (const line of lines.slice(printed)) {
      state = reduce(state, line);
      const said = globals.json ? undefined : progressLine(line, state, globals);
      if (said !== undefined) world.stdout.write(`${said}\n`);
    }
    printed = lines.length;
  };
}

/** Each redraw is one write, without wrapping and no taller than the window, so that going up again finds its first line. */
function redrawer(surface: Surface): Draw {
  const { stdout } = surface.world;
  let drawn = 0;
  return async ({ state, alive, folder }) => {
    const look = await resultLook(surface);
    const text = statusView(state, { ...look, now: Date.now(), alive, folder });
    const linesMax = alive ? (stdout.rows || 24) - 1 : Number.POSITIVE_INFINITY;
    const lines = text.trimEnd().split("\n").slice(0, linesMax);
    const up = drawn === 0 ? "" : `\x1b[${drawn}A\r`;
    const body = lines.map((line) => `${line}\x1b[K\n`).join("");
    stdout.write(`${up}\x1b[?7l${body}\x1b[?7h\x1b[J`);
    drawn = lines.length;
  };
}
