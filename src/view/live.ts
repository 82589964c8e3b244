/** The live line of a run on a terminal: drawn over itself, at most ten times a second, below the lines of the story. It is one
 *  line narrower than the window so that it never wraps, and each change is one write so that it never flickers. */

import type { Activity } from "../core/desk.ts";
import type { RunState } from "../core/run.ts";
import { fitWidth, oneLine } from "../core/text.ts";
import { whatIsStuck } from "./stuck.ts";
import { countStatuses, sayCounts } from "./unit-status.ts";
import { type Paint, sayDuration } from "./words.ts";

const redrawMs = 100;
const idleRedrawMs = 1000;
const eraseLine = "\r\x1b[K";

/** Where the line is drawn: the terminal, the clock and its timer. */
export interface Screen {
  write(text: string): void;
  width(): number;
  now(): number;
  /** Calls back once after `ms`; the answer takes it back. Must not keep the process alive. */
  later(ms: number, call: () => void): () => void;
}

export interface LiveLine {
  show(state: RunState): void;
  /** What a worker says of itself; may be dropped. */
  activity(activity: Activity): void;
  /** Puts a lasting line above. */
  print(line: string): void;
  /** Stands in the place of the line until it is taken back: what is typed behind it stays in sight. */
  prompt(text: string | undefined): void;
  end(): void;
}

export function liveLine(screen: Screen, paint: Paint): LiveLine {
  let state: RunState | undefined;
  let lastActivity: Activity | undefined;
  let asked: string | undefined;
  let drawn = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  let stopTimer: (() => void) | undefined;

  const draw = () => {
    stopTimer?.();
    stopTimer = screen.later(idleRedrawMs, draw);
    if (!state || asked !== undefined) return;
    drawnAt = screen.now();
    const text = liveText(state, { now: drawnAt, width: screen.width(), activity: lastActivity });
    if (text === drawn) return;
    drawn = text;
    screen.write(`${eraseLine}${paint("dim", text)}`);
  };
  const soon = () => {
    const waitMs = drawnAt + redrawMs - screen.now();
    if (waitMs <= 0) return draw();
    stopTimer?.();
    stopTimer = screen.later(waitMs, draw);
  };
  return {
    show(next) {
      state = next;
      soon();
    },
    activity(next) {
      lastActivity = next;
      soon();
    },
    print(line) {
      const below = drawn === "" ? "" : (asked ?? paint("dim", drawn));
      screen.write(`${drawn === "" ? "" : eraseLine}${line}\n${below}`);
    },
    prompt(text) {
      asked = text;
      // Whoever typed an answer has ended the line of its question.
      drawn = text ?? "";
      if (text === undefined) soon();
      else screen.write(`${eraseLine}${text}`);
    },
    end() {
      stopTimer?.();
      if (drawn !== "") screen.write(eraseLine);
      drawn = "";
      asked = undefined;
      state = undefined;
    },
  };
}

export interface LiveFacts {
  readonly now: number;
  readonly width: number;
  readonly activity: Activity | undefined;
}

/** `3 merged · 2 running · 4 queued · 0:42 · operators: attempt 1 works for 31 s`, without colours, in one line. */
export function liveText(state: RunState, { now, width, activity }: LiveFacts): string {
  const ms = state.activeMs + Math.max(0, now - state.updatedAt);
  const first = whatIsStuck(state, now)[0];
  const stuck = first === undefined ? [] : [`${first.who}: ${first.why}`];
  const said =
    activity === undefined || first?.needsPerson === true
      ? []
      : [`${activity.unit}: ${activity.text}`];
  const parts = [sayCounts(countStatuses(state)), sayDuration(ms), ...stuck, ...said];
  return fitWidth(oneLine(parts.join(" · ")), Math.max(1, width - 1));
}
