/** Driving a run: the lock, the workers, the sandbox and the lanes are made here and handed to the runner. */
import { randomInt } from "node:crypto";
import type { RunEvent } from "../core/event.ts";
import { integrationRef, makeRunId, type RepoPath, type RunId, type UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import { requireRoomFor } from "../git/ref.ts";
import { requireWritable } from "../git/repository.ts";
import { onInterrupt } from "../host/interrupt.ts";
import { endSurvivors, markOf } from "../host/process-tree.ts";
import type { Clock } from "../run/hands.ts";
import type { LoopEnd } from "../run/loop.ts";
import { beginRun, continueRun, lockRepository, type RunnerParts } from "../run/runner.ts";
import { steadyClock } from "../run/steady-clock.ts";
import { requireSources } from "../work/checkout-copy.ts";
import { openAnswering } from "./answering.ts";
import { chooseSandbox, type SandboxChoice } from "./choose-sandbox.ts";
import type { Driver } from "./driver.ts";
import { keepReport } from "./keep-report.ts";
import { makeHands } from "./make-hands.ts";
import { ownedFiles, type Prepared } from "./prepare.ts";
import { versionOfPackage } from "./version.ts";

/** Begins a run and drives it to its end. */
export async function driveNew(driver: Driver, prepared: Prepared): Promise<RunState> {
  const { plan, settings, files, planning } = prepared;
  await requireWritable(driver.repository);
  await requireSources(settings.setup, driver.repository.topLevel);
  const clock = steadyClock();
  const run = makeRunId(clock.now(), randomLetters(4));
  const room = requireRoomFor(driver.repository, integrationRef(run));
  // Asked meanwhile: what the machine lacks is told first.
  room.catch(() => undefined);
  const choice = await chooseSandbox(driver.repository, settings, plan);
  await room;
  const lock = await lockRepository(driver.repository, run);
  try {
    for (const warning of [...prepared.warnings, ...choice.warnings]) driver.eyes.warn(warning);
    const parts = runnerParts(driver, run, clock, () => Promise.resolve(files), choice);
    const version = versionOfPackage();
    const paid = planning === undefined ? {} : { planning };
    const started = { type: "run-started", version, plan, settings, ...paid } as const;
    return await stateOf(driver, run, await beginRun(parts, started));
  } finally {
    await lock.release();
  }
}

/** Goes on with a run that no process works on; `asked` adds what a person wants of it. */
export async function driveOn(
  driver: Driver,
  run: RunId,
  asked: (state: RunState) => readonly RunEvent[],
): Promise<RunState> {
  const lock = await lockRepository(driver.repository, run);
  try {
    const find = ({ plan }: RunState) => ownedFiles(driver.repository, plan);
    const parts = runnerParts(driver, run, steadyClock(), find, undefined);
    return await stateOf(driver, run, await continueRun(parts, asked));
  } finally {
    await lock.release();
  }
}

/** What a hand could not make a fact of is said after the run has wound down. */
async function stateOf(driver: Driver, run: RunId, end: LoopEnd): Promise<RunState> {
  if (end.state.at.phase === "finished") await keepReport(driver.repository, driver.stateHome, run);
  if (end.error !== undefined) throw end.error;
  return end.state;
}

function runnerParts(
  driver: Driver,
  run: RunId,
  clock: Clock,
  find: (state: RunState) => Promise<ReadonlyMap<UnitId, readonly RepoPath[]>>,
  chosen: SandboxChoice | undefined,
): RunnerParts {
  const { repository, stateHome, eyes } = driver;
  const mark = markOf({ run });
  const answering = openAnswering(eyes);
  return {
    repository,
    stateHome,
    run,
    clock,
    answerable: answering.answerable,
    makeHands: async (given) => {
      const files = await find(given.state);
      const made = await makeHands({ driver, run, mark, answering, files, chosen }, given);
      answering.connect((answer) => {
        const request = { type: "answer", ...answer } as const;
        given.mailbox.post({ type: "request", request, acknowledge: () => Promise.resolve() });
      });
      answering.see(given.state);
      return {
        hands: made.hands,
        close: async () => {
          answering.close();
          await made.close();
        },
      };
    },
    observe: (line, state) => {
      eyes.event(line, state);
      answering.see(state);
    },
    warn: (text) => eyes.warn(text),
    onInterrupt: (interrupt) => {
      const listening = onInterrupt({
        first: (signal) => interrupt(signal === "SIGINT" ? "SIGINT" : "SIGTERM"),
        second: (signal) => {
          const exitCode = signal === "SIGINT" ? 130 : 143;
          eyes.leave();
          const quit = () => driver.quit(exitCode);
          // They were asked to end at the first: nobody waits for those who do not listen.
          endSurvivors(mark, { graceMs: 0 }).then(quit, quit);
        },
      });
      return listening.dispose;
    },
  };
}

function randomLetters(count: number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from({ length: count }, () => letters[randomInt(letters.length)]).join("");
}
