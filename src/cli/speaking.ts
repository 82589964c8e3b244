/** What people say to a run from outside: put into its inbox, where the loop, or the next one, hears it. */
import { Failure, unreachable } from "../core/failure.ts";
import { isUnitId, type UnitId } from "../core/id.ts";
import type { RunState } from "../core/run.ts";
import { dropRequest, type SpokenRequest } from "../run/inbox.ts";
import { openApprovals } from "../view/approvals.ts";
import type { Request, Where } from "./doors.ts";
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
    case "message": {
      const { agent, text } = request;
      requireListener(state, request.unit);
      if (text.trim() === "") {
        throw new Failure("usage", "empty_message", "the message is empty", {
          advice: "say something: pleach message RUN/UNIT TEXT",
        });
      }
      const to = agent === undefined ? {} : { agent };
      return {
        type: "message",
        from: "person",
        unit: requireUnit(state, request.unit),
        ...to,
        text,
      };
    }
    case "pause":
    case "continue":
      return { type: request.type };
    default:
      return unreachable(request);
  }
}

/** Nobody reads what is said to a unit that has ended. */
function requireListener(state: RunState, name: string): void {
  const unit = state.units.find(({ id }) => id === name);
  const ended = ["merged", "failed", "cancelled", "timed_out"];
  if (unit === undefined || !ended.includes(unit.at.phase)) return;
  throw new Failure("usage", "unit_ended", `the unit ${name} has ended: nobody hears a message`, {
    advice: `see what became of it: pleach logs ${state.run}/${name}`,
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
