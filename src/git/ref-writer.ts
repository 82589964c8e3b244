/** One git that moves refs for as long as a run works: asking it costs a fiftieth of a process, and a unit moves four. It must
 *  never decide what a refusal means, for it cannot tell a stale ref from a full disk. */
import { Conversation } from "./conversation.ts";
import { startGit } from "./git.ts";

export class RefWriter {
  readonly #commonDir: string;
  #talk: Conversation | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commonDir: string) {
    this.#commonDir = commonDir;
  }

  /** Carries out the instructions of `update-ref --stdin -z` as one transaction. False where git refused, or is gone. */
  move(instructions: string): Promise<boolean> {
    const mine = this.#last.then(() => this.#ask(instructions));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Waits for what is under way, and for git to end. */
  async close(): Promise<void> {
    await this.#last;
    const talk = this.#talk;
    this.#talk = undefined;
    await talk?.ends();
  }

  async #ask(instructions: string): Promise<boolean> {
    this.#talk ??= new Conversation(
      startGit({ gitDir: this.#commonDir }, ["update-ref", "--stdin", "-z"], {
        conversation: true,
      }),
    );
    const talk = this.#talk;
    talk.say(`start\0${instructions}commit\0`);
    if (await talk.hears("commit: ok\n")) return true;
    // A git that refused has ended; the next one is asked afresh.
    this.#talk = undefined;
    await talk.ends();
    return false;
  }
}
