/** The desk of one attempt over a run that is folded as in the program, but written to no disk: what is asked becomes a fact at
 *  once, in the order of the asking. */
import { Account, type AccountOptions } from "../../src/core/budget.ts";
import type { Activity, Desk } from "../../src/core/desk.ts";
import type { RunEvent } from "../../src/core/event.ts";
import type { UnitId } from "../../src/core/id.ts";
import type { Unit } from "../../src/core/plan.ts";
import { reduce } from "../../src/core/reduce.ts";
import type { RunState } from "../../src/core/run.ts";
import type { Settings } from "../../src/core/settings.ts";
import { Lookout, openDesk } from "../../src/run/desk.ts";
import { type RunRequest, rule } from "../../src/run/request.ts";
import { startRun, unit } from "./run-state.ts";

export interface DeskFacts {
  readonly units?: readonly Unit[];
  readonly settings?: Partial<Settings>;
  /** The unit at work, the first one if absent. */
  readonly unit?: string;
  /** What the run may spend. */
  readonly limit?: AccountOptions["limit"];
  readonly answerable?: boolean;
  readonly report?: (activity: Activity) => void;
}

export interface TestDesk extends Desk {
  /** Every fact since the attempt began. */
  readonly events: readonly RunEvent[];
  state(): RunState;
  /** As a person, or another unit, would say it. */
  request(asked: RunRequest): void;
}

export function makeDesk(facts: DeskFacts = {}): TestDesk {
  const units = facts.units ?? [unit("words")];
  const id = (facts.unit ?? units[0]?.id ?? "words") as UnitId;
  const more = facts.settings === undefined ? {} : { settings: facts.settings };
  const lookout = new Lookout(
    startRun({ units, ...more })
      .start(id)
      .state(),
  );
  const events: RunEvent[] = [];
  const happen = (event: RunEvent) => {
    const { state } = lookout;
    const at = state.updatedAt + 1000;
    events.push(event);
    lookout.see(reduce(state, { v: 1, seq: state.seq + 1, at, event }));
  };
  const request = (asked: RunRequest) => {
    const ruling = rule(lookout.state, asked, lookout.state.updatedAt);
    if (ruling !== undefined && ruling.type !== "refused") happen(ruling);
    return ruling;
  };
  const account = new Account({
    level: "run",
    name: "run",
    limit: facts.limit ?? {},
    warnAt: lookout.state.settings.budget.warnAt,
  }).child({ level: "unit", name: id, limit: {} });
  const desk = openDesk({
    unit: id,
    attempt: 1,
    account,
    lookout,
    mailbox: {
      post: (mail) => {
        if (mail.type === "request") void mail.acknowledge(request(mail.request));
      },
    },
    answerable: facts.answerable ?? false,
    report: facts.report ?? (() => undefined),
  });
  return { ...desk, events, state: () => lookout.state, request: (asked) => void request(asked) };
}
