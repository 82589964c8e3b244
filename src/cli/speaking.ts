/** What people say to a run from outside: put into its inbox, where the loop, or the next one, hears it. */
import type { RunEvent } from "../core/event.ts";
import { Failure, unreachable } from "../core/failure.ts";
import { isUnitId, type UnitId } from "../core/id.ts";
import { hasEnded, whyNobodyListens, whyNotReopened } from "../core/reopening.ts";
import type { RunState } from "../core/run.ts";
import { unitOf } from "../core/unit-change.ts";
import { dropRequest, type SpokenRequest } from "../run/inbox.ts";
import { messageCharsMax } from "../run/worker-request.ts";
import { openApprovals } from "../view/approvals.ts";
import type { Request, SaidToUnit, Where } from "./doors.ts";
import { anyRun, isUnfinished, openStoredRuns, type StoredRuns } from "./stored-runs.ts";

export async function speak(where: Where, named: string | undefined, request: Request) {
  const stored = await openStoredRuns(where.dir);
  const unit = request.type === "cancel" ? request.unit : undefined;
  const run = named ?? (unit === undefined ? undefined : await runWithUnit(stored, unit));
  const { state, alive } = await stored.pick(run, [isUnfinished, anyRun]);
  if (!isUnfinished(state)) {
    throw new Failure("repository", "run_finished", `run ${state.run} is finished`, {
      advice: `see how: pleach status ${state.run}`,
    });
  }
  await dropRequest(stored.folder(state.run).inbox, spoken(state, request));
  return { run: state.run, heard: alive ? ("now" as const) : ("later" as const) };
}

/** The run that a unit's name alone can mean: one that goes on, else the only one that can. */
async function runWithUnit(stored: StoredRuns, unit: string): Promise<string> {
  const runs = await stored.list();
  const open = runs.flatMap((one) => (one.type === "run" && isUnfinished(one.state) ? [one] : []));
  const having = open.filter(({ state }) => state.units.some(({ id }) => id === unit));
  const found = having.find(({ alive }) => alive) ?? having[0];
  if (found !== undefined && (found.alive || having.length === 1)) return found.state.run;
  const names = having.map(({ state }) => `${state.run}/${unit}`);
  if (names.length > 1) {
    throw new Failure("usage", "ambiguous_unit", `several unfinished runs have a unit ${unit}`, {
      advice: `name one: ${names.slice(0, 5).join(", ")}`,
    });
  }
  throw new Failure("usage", "unknown_unit", `no unfinished run here has a unit ${unit}`, {
    advice: "see what there is: pleach status --all",
  });
}

function spoken(state: RunState, request: Request): SpokenRequest {
  switch (request.type) {
    case "cancel": {
      const { unit } = request;
      return unit === undefined
        ? { type: "cancel" }
        : { type: "cancel", unit: requireUnit(state, unit) };
    }
    case "approve":
    case "deny": {
      const answer = request.type === "approve" ? "approved" : "denied";
      const text = request.text === undefined ? {} : { text: request.text };
      return { type: "answer", id: requireAsked(state, request.id), answer, ...text };
    }
    case "message":
      return { type: "message", ...messageOf(state, request) };
    case "pause":
    case "continue":
      return { type: request.type };
    default:
      return unreachable(request);
  }
}

/** What makes a finished run go on: its unit hears this as the next thing that is said to it. */
export function askedToHear(state: RunState, said: SaidToUnit): readonly RunEvent[] {
  if (isUnfinished(state)) {
    throw new Failure("repository", "run_unfinished", `run ${state.run} is not finished`, {
      advice: `go on with it first: pleach resume ${state.run}`,
    });
  }
  return [{ type: "message-sent", ...messageOf(state, said), reopens: true }];
}

function messageOf(state: RunState, { unit: name, agent, text }: SaidToUnit) {
  const unit = requireUnit(state, name);
  requireListener(state, unit, agent);
  if (text.trim() === "" || text.length > messageCharsMax) {
    const what = text.trim() === "" ? "empty" : `longer than ${messageCharsMax} characters`;
    throw new Failure("usage", "bad_message", `the message is ${what}`, {
      advice: "say something short: pleach message RUN/UNIT TEXT",
    });
  }
  return { from: "person", unit, ...(agent === undefined ? {} : { agent }), text } as const;
}

/** Before anything is begun: nobody is told that a message was heard which nobody can hear. */
function requireListener(state: RunState, id: UnitId, agent: string | undefined): void {
  if (state.at.phase === "finished" && isUnfinished(state)) {
    throw new Failure("repository", "run_landing", `run ${state.run} is landing or cleaning up`, {
      advice: `let it end first (pleach resume ${state.run}), then say it again`,
    });
  }
  const unit = unitOf(state, id);
  const ended = hasEnded(unit.at);
  const why = ended ? whyNotReopened(state, unit, agent) : whyNobodyListens(unit);
  if (why === undefined) return;
  throw new Failure("usage", ended ? "unit_ended" : "unit_merging", why, {
    advice: ended
      ? `see what became of it (pleach logs ${state.run}/${id}), and begin a new run for more`
      : `follow it: pleach status ${state.run} --follow`,
  });
}

function requireUnit(state: RunState, unit: string): UnitId {
  if (isUnitId(unit) && state.units.some(({ id }) => id === unit)) return unit;
  throw new Failure("usage", "unknown_unit", `run ${state.run} has no unit ${unit}`, {
    advice: `see its units: pleach status ${state.run}`,
  });
}

function requireAsked(state: RunState, id: string): string {
  const asked = openApprovals(state).map((open) => open.id);
  if (asked.includes(id)) return id;
  const open = asked.length === 0 ? "nothing waits for an approval" : asked.join(", ");
  throw new Failure("usage", "unknown_approval", `run ${state.run} does not ask for ${id}`, {
    advice: `open now: ${open}`,
  });
}
