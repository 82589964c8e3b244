/** Talking to a git that stays: lines to it and from it. It ends when its input does, so also when we do. */
import type { GitChild } from "./git.ts";

export class Conversation {
  readonly #child: GitChild;
  readonly #ended: Promise<number | null>;
  #heard = "";
  #said = "";
  #listener: (() => void) | undefined;

  constructor(child: GitChild) {
    this.#child = child;
    child.stdout?.on("data", (chunk: Buffer) => {
      this.#heard += chunk.toString("latin1");
      this.#listener?.();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#said += chunk.toString("utf8");
    });
    // A git that has ended says so by its exit code, not by a pipe that breaks.
    child.stdin?.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      // Where none could be started, the next question to git tells why.
      child.once("error", () => resolve(null));
      child.once("close", resolve);
    });
  }

  get complaint(): string {
    return this.#said.replace(/^fatal: (?:prepare: )?/, "");
  }

  say(text: string): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(text);
  }

  /** False where git ends without having said it; what was said up to it is forgotten. */
  async hears(line: string): Promise<boolean> {
    const heard = new Promise<boolean>((resolve) => {
      this.#listener = () => {
        if (this.#heard.includes(line)) resolve(true);
      };
      this.#listener();
    });
    const found = await Promise.race([heard, this.#ended.then(() => this.#heard.includes(line))]);
    if (found) this.#heard = this.#heard.slice(this.#heard.indexOf(line) + line.length);
    this.#listener = undefined;
    return found;
  }

  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#ended;
  }
}
