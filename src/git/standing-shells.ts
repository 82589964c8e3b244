/** Git commands that look at a worktree, which no git that stays can do, started by shells that stay. As many work at once as are
 *  asked at once. */
import { randomBytes } from "node:crypto";
import { startGitShell } from "./git.ts";
import type { WorktreeCommand } from "./standing.ts";
import { StandingTalk } from "./standing-talk.ts";

export class StandingShells {
  readonly #commonDir: string;
  /** By their settings. */
  readonly #shells = new Map<string, StandingTalk[]>();

  constructor(commonDir: string) {
    this.#commonDir = commonDir;
  }

  /** What the command printed, as latin1; undefined where it failed, or cannot be told to a shell line by line. */
  async run({ place, args, config, signal }: WorktreeCommand): Promise<string | undefined> {
    const { indexFile, gitDir, workTree } = place;
    const mark = `end-${randomBytes(12).toString("hex")}`;
    const lines = [indexFile, gitDir, workTree, mark, String(args.length), ...args];
    if (lines.some((line) => line.includes("\n"))) return undefined;
    const text = lines.map((line) => `${line}\n`).join("");
    return this.#idle(config).ask(() => ({ text, end: `${mark}\n` }), signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shells.values()].flat().map((shell) => shell.close()));
  }

  #idle(config: readonly string[]): StandingTalk {
    const key = config.join("\n");
    const alike = this.#shells.get(key) ?? [];
    const idle = alike.find((shell) => !shell.isBusy);
    if (idle !== undefined) return idle;
    const place = { gitDir: this.#commonDir };
    const shell = new StandingTalk(() => startGitShell(place, config));
    this.#shells.set(key, [...alike, shell]);
    return shell;
  }
}
