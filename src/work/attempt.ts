/** One attempt of one unit: a worktree at its base, the worker in it, everything that it left secured in a snapshot, then the gate,
 *  the unit's own checks, and a commit that we make. What the worker says of its success counts for nothing. */

import { existsSync } from "node:fs";
import path from "node:path";
import { transcriptSpends, transcriptsFolder } from "../agent/transcript.ts";
import type { AgentId } from "../core/desk.ts";
import type { AttemptOutcome, Leavings } from "../core/event.ts";
import { type RepoPath, snapshotRef, unitRef } from "../core/id.ts";
import type { Spend } from "../core/spend.ts";
import type { Place, Reason, WorkOutcome } from "../core/worker.ts";
import { differenceOf } from "../git/difference.ts";
import type { Slot } from "../git/slot.ts";
import { slotName } from "../git/slot-home.ts";
import { readmitSlot } from "../git/slot-rescue.ts";
import { type Snapshot, takeLooseSnapshot, takeSnapshot } from "../git/snapshot.ts";
import { notesOf } from "../git/worktree.ts";
import { readTextIfThere } from "../host/file.ts";
import { markOf } from "../host/process-tree.ts";
import type { AttemptParts } from "./attempt-parts.ts";
import { makePlace, type PlaceFile, placeFile, preparePlace, setupLog } from "./attempt-place.ts";
import { runCheck } from "./check.ts";
import { checkoutOf, isLeftAlone } from "./checkout-mode.ts";
import { outputLog } from "./command-worker.ts";
import { recordExchange } from "./exchange-record.ts";
import { gate } from "./gate.ts";
import { linkTargets } from "./link-target.ts";
import { commitOf, messageOf } from "./unit-commit.ts";

export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly leavings: Leavings;
}

/** Settles with `stopped` soon after the signal aborts; what was left is in the snapshot then as well. */
export async function attempt(parts: AttemptParts, signal: AbortSignal): Promise<AttemptEnd> {
  const place = makePlace(parts);
  const prepared = await preparePlace(parts, place, signal);
  if (prepared.type === "stopped") return { outcome: stopped(parts), leavings: {} };
  if (prepared.type === "refused") {
    return { outcome: refused(prepared.reason, [], ""), leavings: {} };
  }
  const { slot, made, since } = prepared;
  const worked = await parts.worker.work(parts.assignment, place, parts.desk, signal);
  recordExchange(parts.exchange, place.record, parts.redact);
  if (!existsSync(slot.path)) {
    return { outcome: withoutWorktree(parts, slot, worked), leavings: {} };
  }
  const summary = worked.type === "stopped" ? "" : worked.summary;
  const snapshot = await secure(parts, slot, made, { since, summary });
  const leavings = leavingsOf(snapshot);
  if (worked.type === "parked") return { outcome: worked, leavings };
  const outcome = await judge(parts, { slot, place, worked, snapshot }, signal);
  if (snapshot.unlike !== undefined && isLeftAlone(parts))
    notesOf(parts.pool, slotName(slot.number)).unlike = snapshot.unlike;
  if (outcome.type !== "stopped") return { outcome, leavings };
  return { outcome: { ...outcome, changed: pathsOf(snapshot) }, leavings };
}

/** Whoever deleted it has thrown the attempt's work away; the next attempt gets a worktree that is made anew. */
function withoutWorktree(parts: AttemptParts, slot: Slot, worked: WorkOutcome): AttemptOutcome {
  if (worked.type === "stopped") return stopped(parts);
  if (worked.type === "parked") return worked;
  const message = `its worktree ${slot.path} was deleted while it worked`;
  return refused({ type: "worker_failed", message, paths: [] }, [], worked.summary);
}

/** After a runner was killed: what its worker left is secured. The caller has proved that nothing of it still runs. */
export async function recoverAttempt(parts: AttemptParts): Promise<Recovered> {
  const record = path.join(parts.runRoot, parts.record);
  const spends = await transcriptSpends(path.join(record, transcriptsFolder));
  return { leavings: await recoverLeavings(parts), spends };
}

export interface Recovered {
  readonly leavings: Leavings;
  /** What each of its agents spent in all, as its transcript says. */
  readonly spends: ReadonlyMap<AgentId, Spend>;
}

async function recoverLeavings(parts: AttemptParts): Promise<Leavings> {
  const file = path.join(parts.runRoot, parts.record, placeFile);
  const text = await readTextIfThere(file);
  if (text === undefined) return {};
  const { slot, made, since } = JSON.parse(text) as PlaceFile;
  recordExchange(parts.exchange, path.join(parts.runRoot, parts.record), parts.redact);
  if (!existsSync(slot.path)) return {};
  return leavingsOf(await secure(parts, slot, made, { since, summary: "" }));
}

function leavingsOf({ commit, left }: Snapshot): Leavings {
  return {
    begun: true,
    ...(commit === undefined ? {} : { snapshot: commit }),
    ...(left.length === 0 ? {} : { left }),
  };
}

async function secure(
  parts: AttemptParts,
  left: Slot,
  made: readonly RepoPath[],
  attempted: { readonly since: number; readonly summary: string },
): Promise<Snapshot> {
  const { assignment, unit, pool } = parts;
  const { run, attempt: number, base } = assignment;
  const branch = parts.isApproach ? {} : { branch: unitRef(run, unit.id) };
  const content = { base, ...branch, checkout: checkoutOf(parts) };
  const notes = notesOf(pool, slotName(left.number));
  const request = (slot: Slot) => ({
    place: { ...slot.gitPlace, workTree: slot.path, standing: pool.repository.standing },
    commonDir: pool.repository.commonDir,
    base,
    checkout: content.checkout.mode,
    ref: snapshotRef(run, unit.id, number),
    author: parts.author,
    message: messageOf(parts, attempted.summary),
    kept: made,
    recordFolder: path.join(parts.runRoot, parts.record),
    since: attempted.since,
    config: parts.filterConfig,
    // Whoever looks into the worktree afterwards is to find an index that fits it.
    plainContent: parts.plainContent && isLeftAlone(parts),
    memory: notes.memory,
  });
  const { written } = notes;
  const quick = written && (await takeLooseSnapshot(request(left), written));
  return quick ?? takeSnapshot(request(await readmitSlot(pool, left, content)));
}

function pathsOf({ changed }: Snapshot): readonly RepoPath[] {
  return changed.map((change) => change.path);
}

interface Left {
  readonly slot: Slot;
  readonly place: Place;
  readonly worked: WorkOutcome;
  readonly snapshot: Snapshot;
}

async function judge(
  parts: AttemptParts,
  left: Left,
  signal: AbortSignal,
): Promise<AttemptOutcome> {
  const { worked, snapshot } = left;
  if (worked.type === "stopped" || worked.type === "parked") return stopped(parts);
  const changed = pathsOf(snapshot);
  const { summary } = worked;
  if (worked.type === "failed") {
    const log = worked.log === undefined ? {} : { log: `${parts.record}/${worked.log}` };
    const { message, reason: type = "worker_failed", level } = worked;
    const whose = level === undefined ? {} : { level };
    return refused({ type, message, paths: [], ...log, ...whose }, changed, summary);
  }
  if (await isAnswer(parts, worked, snapshot)) return { type: "answered", summary };
  const mayBeEmpty = parts.unit.owns.length === 0 || parts.unit.mayChangeNothing === true;
  const wordsOnly = mayBeEmpty && changed.length === 0;
  const facts = {
    unit: parts.unit.id,
    ownership: parts.ownership,
    claimed: parts.desk.claimed(),
    isProtected: parts.isProtected,
    links: await linkTargets(parts.pool.repository, snapshot.changed),
    ignored: snapshot.ignored,
  };
  const strayed = wordsOnly ? undefined : gate(snapshot.changed, facts);
  const reason = strayed ?? (await failedCheck(parts, left, signal));
  if (reason !== undefined) return refused(await withLog(parts, reason), changed, summary);
  if (signal.aborted) return stopped(parts);
  const head = wordsOnly ? parts.assignment.base : await commitOf(parts, snapshot, summary);
  const { artifacts } = worked;
  return { type: "completed", head, changed, summary, artifacts };
}

/** Whether a unit that was spoken to after its end has changed nothing of what was there. */
async function isAnswer(
  { reopened, pool, unit }: AttemptParts,
  worked: Extract<WorkOutcome, { type: "done" }>,
  { changed, commit }: Snapshot,
): Promise<boolean> {
  // Where nothing is owned, words are the work.
  if (reopened === undefined || unit.owns.length === 0) return false;
  if (reopened.snapshot === undefined || commit === undefined) return changed.length === 0;
  if (worked.answers !== true) return false;
  const { commonDir: gitDir, standing } = pool.repository;
  return (await differenceOf({ gitDir, standing }, reopened.snapshot, commit)).length === 0;
}

/** Tells what was printed last: by a check, by the worker, by the set-up. */
function stopped({ runRoot, record, assignment }: AttemptParts): AttemptOutcome {
  const checks = assignment.checks.map((_, position) => checkLog(position)).reverse();
  const log = [...checks, outputLog, setupLog]
    .map((name) => `${record}/${name}`)
    .find((name) => existsSync(path.join(runRoot, name)));
  return log === undefined ? { type: "stopped" } : { type: "stopped", log };
}

/** Where nothing else tells why, the worker's own words may. */
async function withLog(parts: AttemptParts, reason: Reason): Promise<Reason> {
  const log = `${parts.record}/${outputLog}`;
  if (reason.log !== undefined || !existsSync(path.join(parts.runRoot, log))) return reason;
  return { ...reason, log };
}

async function failedCheck(
  parts: AttemptParts,
  { slot, place }: Left,
  signal: AbortSignal,
): Promise<Reason | undefined> {
  const { run, unit, attempt: number, checks } = parts.assignment;
  for (const [position, check] of checks.entries()) {
    const log = checkLog(position);
    const result = await runCheck(
      check,
      {
        worktree: slot.path,
        logFile: path.join(place.record, log),
        log: `${parts.record}/${log}`,
        mark: markOf({ run, unit, attempt: number }),
        sandbox: parts.sandbox?.(place),
        redact: parts.redact,
      },
      signal,
    );
    if (signal.aborted) return undefined;
    if (!result.passed) {
      const message = result.message ?? `${check.name} failed`;
      const tail = result.tail === undefined ? {} : { tail: result.tail };
      return { type: "check_failed", message, paths: [], log: `${parts.record}/${log}`, ...tail };
    }
  }
  return undefined;
}

function checkLog(position: number): string {
  return `check-${position + 1}.log`;
}

function refused(reason: Reason, changed: readonly RepoPath[], summary: string): AttemptOutcome {
  return { type: "refused", reason, changed, summary };
}
