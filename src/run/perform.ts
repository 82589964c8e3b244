/** The real hands: each action becomes worktrees, workers, merges and refs. They answer with facts, and never write the journal. */
import type { HandAction } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import { unreachable } from "../core/failure.ts";
import type { RunState } from "../core/run.ts";
import { advance, makeCandidate } from "../merge/candidate.ts";
import { land, lookAtTarget, undo } from "../merge/land.ts";
import { type CheckTools, Verifier } from "../merge/verify.ts";
import { Attempts } from "./attempts.ts";
import { checkTools } from "./check-tools.ts";
import { cleanUp } from "./cleanup.ts";
import { Lookout } from "./desk.ts";
import type { Hands } from "./hands.ts";
import type { HandsParts } from "./hands-parts.ts";
import { summarise } from "./summarise.ts";

export class RealHands implements Hands {
  readonly #parts: HandsParts;
  readonly #verifier: Verifier;
  readonly #attempts: Attempts;
  readonly #lookout: Lookout;
  #inherits: boolean;

  constructor(parts: HandsParts) {
    this.#parts = parts;
    const { landing } = parts.inherited;
    const tools: CheckTools = checkTools(parts, parts.inherited);
    this.#verifier = new Verifier(parts.pool, tools, parts.checkoutLane);
    this.#lookout = new Lookout(parts.inherited);
    this.#attempts = new Attempts(parts, this.#lookout);
    this.#inherits = landing.phase === "moving" || landing.phase === "undoing";
  }

  async perform(action: HandAction, state: RunState): Promise<readonly RunEvent[]> {
    const { pool, author } = this.#parts;
    const { repository } = pool;
    switch (action.type) {
      case "work":
        return this.#attempts.work(action, state);
      case "stop-work":
        return this.#attempts.stop(action);
      case "recover-work":
        return this.#attempts.recover(action, state);
      case "merge":
        return [await makeCandidate(repository, author, state, action)];
      case "check":
        return [await this.#verifier.check(action)];
      case "stop-check":
        return this.#verifier.stop(action);
      case "advance":
        return [await advance(repository, state, action)];
      case "look-at-target":
        return [await lookAtTarget(repository, action.target, action.integration)];
      case "land":
        return [await land(repository, state, action, this.#takeInheritance())];
      case "undo":
        return [await undo(repository, state, action, this.#takeInheritance())];
      case "summarise":
        return [await summarise(this.#parts, this.#attempts.account, this.#lookout)];
      case "clean":
        return [await cleanUp(pool, this.#parts.folder, state, action.depth)];
      default:
        return unreachable(action);
    }
  }

  see(state: RunState): void {
    this.#parts.ownership.see(state.plan);
    this.#lookout.see(state);
  }

  abandon(): void {
    this.#attempts.abandon();
    this.#verifier.abandon();
  }

  /** True once: the first move of the target may have been cut off in the middle by the end of another runner. */
  #takeInheritance(): boolean {
    const inherits = this.#inherits;
    this.#inherits = false;
    return inherits;
  }
}
