/** How a command that ran a loop ends: the final document or the summary on stdout, what went wrong on stderr, the exit code. */
import type { RunState } from "../core/run.ts";
import { jsonText } from "../core/text.ts";
import { exitCodeOf, finalDocument } from "../view/document.ts";
import { statusLine, statusView } from "../view/status.ts";
import { makePaint } from "../view/words.ts";
import type { Eyes } from "./doors.ts";
import { openEyes } from "./eyes.ts";
import { failureText, type SaidFailure, understand } from "./failure.ts";
import { refusalFailure } from "./refusal-failure.ts";
import { hasColour, printDocument, type Surface, widthOf } from "./surface.ts";

export interface LoopOptions {
  readonly ndjson: boolean;
  /** The exit code of a state; that of the contract for a run if absent. */
  readonly exitCode?: (state: RunState) => number;
  /** What is said where the state was so before, and nothing had to be done. */
  readonly alreadySo?: (state: RunState) => string | undefined;
}

/** Runs a loop under the eyes, and prints its end. A run that began always has its final document. */
export async function watchLoop(
  surface: Surface,
  options: LoopOptions,
  loop: (eyes: Eyes) => Promise<RunState>,
): Promise<number> {
  const printLeft = (state: RunState) => {
    printEnd(surface, state, options);
    const next = `stopped at once: go on with \`pleach resume ${state.run}\``;
    surface.world.stderr.write(`${next}\n`);
  };
  const eyes = openEyes(surface, { ndjson: options.ndjson, printLeft });
  try {
    const state = await loop(eyes);
    if (eyes.hasLeft()) return await untilQuit();
    eyes.close();
    const already = eyes.lastState() === undefined ? options.alreadySo?.(state) : undefined;
    if (already !== undefined && !surface.globals.quiet) surface.world.stderr.write(`${already}\n`);
    printEnd(surface, state, options);
    const exitCode = (options.exitCode ?? exitCodeOf)(state);
    if (exitCode !== 0) sayQuietly(surface, state);
    return exitCode;
  } catch (thrown) {
    if (eyes.hasLeft()) return await untilQuit();
    eyes.close();
    const state = eyes.lastState();
    if (state === undefined) throw thrown;
    const failure = understand(thrown);
    printEnd(surface, state, { ...options, failure });
    surface.world.stderr.write(failureText(failure, surface.globals.verbose));
    return failure.exitCode;
  }
}

/** Who asked for no progress has not been told that the target did not move, which is an error all the same. */
function sayQuietly({ globals, world }: Surface, state: RunState): void {
  const failure = globals.quiet ? refusalFailure(state) : undefined;
  if (failure !== undefined) world.stderr.write(failureText(understand(failure), false));
}

/** Whoever left ends the process within seconds, once the workers are gone: no second end is said meanwhile. */
function untilQuit(): Promise<never> {
  return new Promise(() => undefined);
}

/** In one go, since after a second Ctrl-C there may be no later. */
function printEnd(
  surface: Surface,
  state: RunState,
  how: { readonly ndjson: boolean; readonly failure?: SaidFailure },
): void {
  const { globals, world } = surface;
  const error = how.failure?.error;
  const document = finalDocument(state, { error, alive: false });
  if (how.ndjson) world.stdout.write(`${jsonText(document)}\n`);
  else if (globals.json) printDocument(surface, document);
  else if (globals.quiet) world.stdout.write(`${statusLine(state, false)}\n`);
  else {
    const { stdout } = world;
    const look = { width: widthOf(stdout), paint: makePaint(hasColour(surface, stdout)) };
    const facts = { ...look, now: state.updatedAt, alive: false, error };
    world.stdout.write(statusView(state, facts));
  }
}
