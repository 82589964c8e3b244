/** One runner of one run: takes the lock, ends what a killed runner left, opens journal, inbox and worktrees, and drives the loop.
 *  Only one runs in a repository; whatever happens it lets go of the lock, and it leaves no process behind. */
import { mkdir } from "node:fs/promises";
import { decide, isSettled, nextDeadline, type Rules } from "../core/decide.ts";
import { type JournalLine, journalVersion, type RunEvent } from "../core/event.ts";
import { Failure, invariant } from "../core/failure.ts";
import { integrationRef, type RefName, type RunId } from "../core/id.ts";
import { reduce } from "../core/reduce.ts";
import type { RunState } from "../core/run.ts";
import { holdGarbage } from "../git/gc-hold.ts";
import { removeOwnLocks, removeRefLocks } from "../git/own-locks.ts";
import { readRef, updateRefs } from "../git/ref.ts";
import { removeSlots } from "../git/remove-slots.ts";
import type { Repository } from "../git/repository.ts";
import { runWorktrees, slotHome } from "../git/slot-home.ts";
import { StandingGits } from "../git/standing-git.ts";
import { closeSlotPool, openSlotPool, type SlotPool } from "../git/worktree.ts";
import { fileFailure } from "../host/file.ts";
import { acquireLock, type Lock, lockHeld, readLock } from "../host/lock.ts";
import { endSurvivors, markOf } from "../host/process-tree.ts";
import { selfFacts } from "../host/runner.ts";
import { type RunFolder, runFolder, runnerLock } from "./folder.ts";
import type { Clock, Hands } from "./hands.ts";
import { openInbox } from "./inbox.ts";
import { foldJournal, type Journal, openJournal, readJournal } from "./journal.ts";
import { type LoopEnd, runLoop } from "./loop.ts";
import { Mailbox } from "./mailbox.ts";
import { notBefore } from "./steady-clock.ts";
import { removeUnbegun } from "./unbegun.ts";

export interface RunnerParts {
  readonly repository: Repository;
  readonly stateHome: string;
  readonly run: RunId;
  readonly clock: Clock;
  readonly answerable: boolean;
  /** Made once the state is known and the worktrees are open; closed at the end. */
  readonly makeHands: (given: {
    readonly pool: SlotPool;
    readonly folder: RunFolder;
    readonly state: RunState;
    readonly mailbox: Mailbox;
  }) => Promise<{ readonly hands: Hands; close(): Promise<void> }>;
  readonly observe: (line: JournalLine, state: RunState) => void;
  readonly warn: (text: string) => void;
  /** Gives the way to interrupt: called once the loop runs; what it answers is called at the end. */
  readonly onInterrupt: (interrupt: (signal: "SIGINT" | "SIGTERM") => void) => () => void;
}

const rules: Rules = { reduce, decide, nextDeadline };

/** Takes the lock of the repository, or says who has it (exit 8). */
export async function lockRepository(repository: Repository, run?: RunId): Promise<Lock> {
  const lock = await acquireLock(runnerLock(repository), run === undefined ? {} : { run });
  if (lock.type === "held") throw lockHeld(lock);
  return lock;
}

/** A runner that was killed after its run's last fact has left its lock, and what keeps the user's gc away; nobody goes on with
 *  that run. */
export async function removeDeadLock(repository: Repository, run: RunId): Promise<void> {
  const file = runnerLock(repository);
  if ((await readLock(file))?.run !== run) return;
  const lock = await acquireLock(file, { run });
  if (lock.type !== "acquired") return;
  // It is taken over from the dead, as git itself does it, and let go.
  (await holdGarbage(repository.commonDir, { waitMs: 0 })).release();
  await lock.release();
}

/** Begins a run: its first line is in the journal before anything else of it exists. The caller holds the lock. */
export async function beginRun(
  parts: RunnerParts,
  started: Omit<Extract<RunEvent, { type: "run-started" }>, "run" | "runner">,
): Promise<LoopEnd> {
  const folder = runFolder(parts.repository, parts.stateHome, parts.run);
  await removeUnbegun(parts.repository);
  try {
    await mkdir(folder.root, { recursive: true });
  } catch (error) {
    throw fileFailure(error, `make ${folder.root}`);
  }
  return listening(parts, (mailbox) => begin(parts, folder, mailbox, started));
}

async function begin(
  parts: RunnerParts,
  folder: RunFolder,
  mailbox: Mailbox,
  started: Omit<Extract<RunEvent, { type: "run-started" }>, "run" | "runner">,
): Promise<LoopEnd> {
  const journal = await openJournal(folder.journal, 0);
  const event: RunEvent = { ...started, run: parts.run, runner: await selfFacts() };
  const line = { v: journalVersion, seq: 0, at: parts.clock.now(), event } as const;
  const state = reduce(undefined, line);
  try {
    await journal.append([line]);
    parts.observe(line, state);
    return await drive(parts, { folder, journal, mailbox }, state);
  } finally {
    await journal.close();
  }
}

/** Goes on with a run whose runner is gone; `asked` are facts of the person who wants something more of it. Answers without a
 *  line where there is nothing to do. The caller holds the lock, so no other runner lives. */
export async function continueRun(
  parts: RunnerParts,
  asked: (state: RunState) => readonly RunEvent[],
): Promise<LoopEnd> {
  const { repository, stateHome, run } = parts;
  const folder = runFolder(repository, stateHome, run);
  const text = await readJournal(folder.journal);
  invariant(text !== undefined, `the run ${run} has a journal`);
  const before = foldJournal(folder.journal, text.lines);
  const wanted = asked(before);
  if (wanted.length === 0 && before.at.phase === "finished" && isSettled(before)) {
    return { state: before };
  }
  const { wholeBytes } = text;
  const found = { folder, before, wanted, wholeBytes };
  const steady = { ...parts, clock: notBefore(parts.clock, before.updatedAt) };
  return listening(steady, (mailbox) => goOn(steady, { ...found, mailbox }));
}

interface Found {
  readonly folder: RunFolder;
  readonly before: RunState;
  readonly wanted: readonly RunEvent[];
  readonly wholeBytes: number;
  readonly mailbox: Mailbox;
}

async function goOn(parts: RunnerParts, found: Found): Promise<LoopEnd> {
  const { repository, stateHome, run } = parts;
  const { folder, before, wanted, mailbox } = found;
  await endSurvivors(markOf({ run }));
  const home = slotHome(stateHome, repository, run);
  await removeOwnLocks(home);
  if (isCleaning(before)) await removeRefLocks(home, before.updatedAt);
  const journal = await openJournal(folder.journal, found.wholeBytes);
  try {
    let state = before;
    for (const event of [{ type: "run-resumed", runner: await selfFacts() } as const, ...wanted]) {
      const at = Math.max(parts.clock.now(), state.updatedAt);
      const line: JournalLine = { v: journalVersion, seq: state.seq + 1, at, event };
      const next = reduce(state, line);
      await journal.append([line]);
      state = next;
      parts.observe(line, state);
    }
    return await drive(parts, { folder, journal, mailbox }, state);
  } finally {
    await journal.close();
  }
}

/** The one thing in flight, if anything was, is the clean-up, which deletes refs. */
function isCleaning(state: RunState): boolean {
  if (state.at.phase !== "finished") return false;
  const next = decide(state, { now: state.updatedAt, answerable: false });
  return next.some(({ type }) => type === "clean");
}

/** From before the first line on a signal is a request to wind down: a run that began is never without its end. */
async function listening(
  parts: RunnerParts,
  work: (mailbox: Mailbox) => Promise<LoopEnd>,
): Promise<LoopEnd> {
  const mailbox = new Mailbox();
  const dispose = parts.onInterrupt((signal) => {
    const request = { type: "interrupt", signal } as const;
    mailbox.post({ type: "request", request, acknowledge: () => Promise.resolve() });
  });
  try {
    return await work(mailbox);
  } finally {
    dispose();
  }
}

interface Opened {
  readonly folder: RunFolder;
  readonly journal: Journal;
  readonly mailbox: Mailbox;
}

async function drive(parts: RunnerParts, opened: Opened, state: RunState): Promise<LoopEnd> {
  const { commonDir } = parts.repository;
  const garbage = await holdGarbage(commonDir);
  const standing = new StandingGits(commonDir, opened.folder.commitDraft);
  try {
    const repository = { ...parts.repository, standing };
    return await driveLoop({ ...parts, repository }, opened, state);
  } finally {
    await standing.close();
    garbage.release();
  }
}

async function driveLoop(
  parts: RunnerParts,
  { folder, journal, mailbox }: Opened,
  state: RunState,
): Promise<LoopEnd> {
  const { repository, stateHome, run, clock, answerable, observe } = parts;
  await requireIntegration(repository, state);
  const pool = await openSlotPool(stateHome, repository, run);
  const made = await parts.makeHands({ pool, folder, state, mailbox });
  const inbox = await openInbox(folder.inbox, mailbox, parts.warn);
  try {
    await inbox.read();
    const { append } = journal;
    const { hands } = made;
    return await runLoop({ state, rules, append, hands, mailbox, clock, answerable, observe });
  } finally {
    inbox.close();
    await made.close();
    await closeSlotPool(pool);
    // A loop that only moved a branch has made the folder of the worktrees for nothing.
    if ((await runWorktrees(pool)).length === 0) await (await removeSlots(pool)).finish();
  }
}

/** The branch is made where it is not, and must otherwise be where the journal, or a merge that a crash cut off, left it. */
async function requireIntegration(repository: Repository, state: RunState): Promise<void> {
  if (state.at.phase === "finished" && state.landing.phase !== "asked") return;
  const ref: RefName = integrationRef(state.run);
  // Of a run that begins, only we know the name.
  const tip = state.seq === 0 ? undefined : await readRef(repository, ref);
  if (tip === state.integration || (tip !== undefined && tip === state.merge?.candidate?.commit)) {
    return;
  }
  if (tip === undefined) {
    const moved = await updateRefs(repository, [{ ref, new: state.integration, old: null }]);
    if (moved.type === "moved") return;
  }
  throw new Failure("repository", "ref_moved", `${ref} was moved by somebody else`, {
    advice: `keep what they put there (git branch mine ${ref}), then put it back: git update-ref ${ref} ${state.integration}`,
  });
}
