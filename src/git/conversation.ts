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

  /** What git says before `end`; undefined where it ends without having said that. */
  async hears(end: string): Promise<string | undefined> {
    const heard = new Promise<void>((resolve) => {
      this.#listener = () => {
        if (this.#heard.includes(end)) resolve();
      };
      this.#listener();
    });
    await Promise.race([heard, this.#ended]);
    this.#listener = undefined;
    const at = this.#heard.indexOf(end);
    if (at < 0) return undefined;
    const said = this.#heard.slice(0, at);
    this.#heard = this.#heard.slice(at + end.length);
    return said;
  }

  async ends(): Promise<number | null> {
    this.#child.stdin?.end();
    return this.#ended;
  }
}
