/** What a person or a program sees of a run while it goes on: lines and a live counter on stderr, events on stdout with --ndjson.
 *  It also remembers the last state, so that a run that ends with an error still has its final document. */
import type { RunState } from "../core/run.ts";
import { jsonText, oneLine } from "../core/text.ts";
import { liveLine } from "../view/live.ts";
import { progressLine } from "../view/progress.ts";
import { makePaint } from "../view/words.ts";
import type { Eyes } from "./doors.ts";
import { planningLine } from "./planning-line.ts";
import { hasColour, isPlain, type Surface, widthOf } from "./surface.ts";

export interface OpenEyes extends Eyes {
  /** Undefined before anything began. */
  lastState(): RunState | undefined;
  /** The last word has been said: nothing may be printed any more, and the process is ending. */
  hasLeft(): boolean;
  /** Takes the live line away. */
  close(): void;
}

export interface EyesOptions {
  readonly ndjson: boolean;
  /** Prints the last word of a run that is left in the middle. */
  readonly printLeft?: (state: RunState) => void;
}

export function openEyes(surface: Surface, options: EyesOptions): OpenEyes {
  const { stdout } = surface.world;
  const show = progress(surface);
  let last: RunState | undefined;
  let left = false;
  return {
    event(line, state) {
      if (left) return;
      last = state;
      if (options.ndjson) stdout.write(`${jsonText(line)}\n`);
      const said = progressLine(line, state, surface.globals);
      if (said !== undefined) show.line(said);
      show.state(state);
    },
    activity: (activity) => {
      if (!left) show.activity(activity);
    },
    planning: (text) => {
      if (!left) show.line(planningLine(text));
    },
    warn: (text) => {
      if (!left) show.warn(`warning: ${oneLine(text)}`);
    },
    ask: (asked) => {
      if (!left) show.ask(asked);
    },
    leave: () => {
      if (left) return;
      left = true;
      show.close();
      if (last !== undefined) options.printLeft?.(last);
    },
    lastState: () => last,
    hasLeft: () => left,
    close: show.close,
  };
}

interface Progress {
  line(text: string): void;
  warn(text: string): void;
  state(state: RunState): void;
  ask: Eyes["ask"];
  activity: Eyes["activity"];
  close(): void;
}

function progress(surface: Surface): Progress {
  const { stderr } = surface.world;
  const nothing = () => undefined;
  const write = (text: string) => void stderr.write(`${text}\n`);
  const { quiet, verbose } = surface.globals;
  const ask: Eyes["ask"] = (asked) => {
    if (asked !== undefined) stderr.write(`${asked.text}\n${asked.prompt}`);
  };
  if (quiet)
    return { line: nothing, warn: write, state: nothing, ask, activity: nothing, close: nothing };
  if (isPlain(surface, stderr)) {
    const activity: Eyes["activity"] = ({ unit, text }) => write(oneLine(`${unit}: ${text}`));
    const noisy = verbose ? activity : nothing;
    return { line: write, warn: write, state: nothing, ask, activity: noisy, close: nothing };
  }
  const live = liveLine(
    {
      write: (text) => void stderr.write(text),
      width: () => widthOf(stderr),
      now: Date.now,
      later(ms, call) {
        const timer = setTimeout(call, ms).unref();
        return () => clearTimeout(timer);
      },
    },
    makePaint(hasColour(surface, stderr)),
  );
  const { print, show, activity, prompt, end } = live;
  const askAbove: Eyes["ask"] = (asked) => {
    if (asked !== undefined) print(asked.text);
    prompt(asked?.prompt);
  };
  return { line: print, warn: print, state: show, ask: askAbove, activity, close: end };
}
