/** Turns of the event loop, shared out: of what takes a moment only so much begins in each, so that many at once never keep
 *  everybody else waiting. It never refuses anybody. */
export class LoopTurns {
  readonly #perTurn: number;
  /** Since the event loop was free the last time. */
  #begun = 0;
  #next: Promise<void> | undefined;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Settles when the caller may begin. */
  async take(): Promise<void> {
    while (this.#begun >= this.#perTurn) {
      this.#next ??= this.#turn();
      await this.#next;
    }
    this.#begun += 1;
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#begun = 0;
    this.#next = undefined;
  }
}
