/** Making a fresh worktree fit for work: files and folders that git does not hold come from the user's checkout, then the
 *  set-up commands run. It reads the user's checkout and writes only inside the worktree. */
import type { Redact } from "../agent/redaction.ts";
import type { RepoPath } from "../core/id.ts";
import type { Command } from "../core/plan.ts";
import type { Setup } from "../core/settings.ts";
import { git, zeroSeparated } from "../git/git.ts";
import { workerEnvironment } from "../host/environment.ts";
import type { Mark } from "../host/process-tree.ts";
import { runProcess } from "../host/run-process.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { unattended } from "./check.ts";
import { bringFromCheckout, wantedOf } from "./checkout-copy.ts";
import { outputBytesMax, outputEnd, sizeOf } from "./output-log.ts";
import { whatWentWrong } from "./process-end.ts";
import { oneLine } from "./tail.ts";

export interface SetupPlace {
  readonly worktree: string;
  /** The worktree's own folder in the repository, which is asked what set-up commands made. */
  readonly gitDir: string;
  /** The top level of the user's checkout. */
  readonly checkout: string;
  /** Where the output of the commands is added. */
  readonly logFile: string;
  /** Whose processes these are. */
  readonly mark: Mark;
  readonly sandbox?: Sandbox | undefined;
  /** Put over all that is kept of what is printed there. */
  readonly redact?: Redact | undefined;
  /** How long one command may take; ten minutes if absent. */
  readonly timeoutMs?: number | undefined;
}

export type SetupOutcome =
  | {
      readonly type: "ready";
      /** What set-up put there and no snapshot needs: what was copied and cloned, and what git ignores, by its topmost folder. */
      readonly made: readonly RepoPath[];
      /** What set-up commands changed or added that git does not ignore: it would pass for the worker's. */
      readonly changed: readonly RepoPath[];
    }
  | {
      readonly type: "failed";
      /** One line. */
      readonly message: string;
      /** Absolute path of the log. */
      readonly log: string;
      /** The last characters of the failed command's output, at most 5,000. */
      readonly tail: string;
    }
  | { readonly type: "stopped" };

const commandTimeoutMs = 600_000;

/** Throws a Failure where a path of `setup` is missing in the checkout or leads out of it. What the worktree has already
 *  is left as it is, so that doing it twice does no harm. */
export async function setUpWorktree(
  setup: Setup,
  place: SetupPlace,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  try {
    signal.throwIfAborted();
    return await setUp(setup, place, signal);
  } catch (error) {
    if (signal.aborted) return { type: "stopped" };
    throw error;
  }
}

async function setUp(setup: Setup, place: SetupPlace, signal: AbortSignal): Promise<SetupOutcome> {
  const brought: RepoPath[] = [];
  for (const wanted of wantedOf(setup)) {
    const made = await bringFromCheckout(wanted, place, signal);
    if (made !== undefined) brought.push(made);
  }
  for (const command of setup.run) {
    const failed = await runSetupCommand(command, place, signal);
    signal.throwIfAborted();
    if (failed !== undefined) return failed;
  }
  if (setup.run.length === 0) return { type: "ready", made: brought, changed: [] };
  return await whatCommandsMade(brought, place, signal);
}

/** Undefined where the command did what it should. */
async function runSetupCommand(
  command: Command,
  place: SetupPlace,
  signal: AbortSignal,
): Promise<SetupOutcome | undefined> {
  const before = await sizeOf(place.logFile);
  const timeoutMs = place.timeoutMs ?? commandTimeoutMs;
  const result = await runProcess({
    command,
    cwd: place.worktree,
    env: workerEnvironment(unattended),
    mark: place.mark,
    timeoutMs,
    signal,
    logFile: place.logFile,
    outputBytesMax,
    ...(place.sandbox === undefined ? {} : { sandbox: place.sandbox }),
    ...(place.redact === undefined ? {} : { redact: place.redact }),
  });
  const wrong = whatWentWrong(result, timeoutMs);
  if (wrong === undefined) return undefined;
  const said = typeof command === "string" ? command : command.join(" ");
  const message = `set-up: \`${oneLine(said).slice(0, 100)}\` ${wrong}`;
  const tail = await outputEnd(place.logFile, before, result);
  return { type: "failed", message, log: place.logFile, tail };
}

/** A fresh worktree holds nothing ignored and no change, so that all of these are the set-up's. */
async function whatCommandsMade(
  brought: readonly RepoPath[],
  place: SetupPlace,
  signal: AbortSignal,
): Promise<SetupOutcome> {
  const list = async (...args: readonly string[]) => {
    const where = { gitDir: place.gitDir, workTree: place.worktree };
    const shared = ["ls-files", "-z", "--others", "--exclude-standard"];
    const answer = await git(where, [...shared, ...args], { signal });
    return zeroSeparated(answer.stdout).map((each) => each.replace(/\/$/, "") as RepoPath);
  };
  const ignored = await list("--ignored", "--directory");
  const changed = await list("--modified");
  const made = new Set([...brought, ...ignored]);
  const within = (each: string) =>
    [...made].some((one) => each === one || each.startsWith(`${one}/`));
  return {
    type: "ready",
    made: [...made],
    changed: [...new Set(changed)].filter((each) => !within(each)).sort(),
  };
}
