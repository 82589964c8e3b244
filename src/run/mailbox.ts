/** Where answers of the hands and requests from outside wait for the loop, in the order in which they came. */
import type { HandAction } from "../core/action.ts";
import type { RunEvent } from "../core/event.ts";
import type { Clock } from "./hands.ts";
import type { RunRequest } from "./request.ts";
import type { Ruling } from "./ruling.ts";

export type Mail =
  | { readonly type: "answer"; readonly action: HandAction; readonly events: readonly RunEvent[] }
  | { readonly type: "failed"; readonly action: HandAction; readonly error: unknown }
  /** `acknowledge` is called once the fact that the request became is in the journal, or the request was found to be void. */
  | {
      readonly type: "request";
      readonly request: RunRequest;
      readonly acknowledge: (ruling: Ruling) => Promise<void>;
    };

export class Mailbox {
  #waiting: Mail[] = [];
  #wake: (() => void) | undefined;

  post(mail: Mail): void {
    this.#waiting.push(mail);
    this.#wake?.();
  }

  /** Everything that waits now. */
  takeAll(): readonly Mail[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  /** Settles when there is mail, or at `deadline` (milliseconds since the epoch). */
  async untilMail(clock: Clock, deadline: number | undefined): Promise<void> {
    if (this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      const timer =
        deadline === undefined
          ? undefined
          : clock.after(Math.max(0, deadline - clock.now()), resolve);
      this.#wake = () => {
        timer?.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
