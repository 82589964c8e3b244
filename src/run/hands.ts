/** What the loop hands out: the one port between deciding and doing. The real hands and the simulation's fit it. */
import type { HandAction } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import type { RunState } from "../core/run.ts";

/** Contract: `perform` answers with the facts that came of the action, in order; a domain outcome is a fact, never an exception.
 *  It rejects with a Failure where the outside cannot go on (disk full, git gone): the run is then interrupted and may be
 *  resumed. Asked again after a crash it first looks at what git says was already done. */
export interface Hands {
  perform(action: HandAction, state: RunState): Promise<readonly RunEvent[]>;
  /** What is so now: told after every fact, and before the first action. */
  see(state: RunState): void;
  /** Ends every worker and check at once; nothing is recorded any more. */
  abandon(): void;
}

export interface Clock {
  /** Milliseconds since the epoch; never goes back while the process lives. */
  now(): number;
  /** Calls back once after `ms` unless the signal aborts first. */
  after(ms: number, call: () => void): { cancel(): void };
}
