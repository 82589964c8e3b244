/** The ownership gate while an attempt still goes on, so that whoever strays can put it back. It judges as the gate at the end
 *  does, and what that says is what counts. */
import path from "node:path";
import type { Desk } from "../core/desk.ts";
import type { Ownership } from "../core/ownership.ts";
import type { Assignment, Place, Reason } from "../core/worker.ts";
import type { Change } from "../git/change.ts";
import { filterGuard } from "../git/filter-guard.ts";
import { glance } from "../git/glance.ts";
import { readTextIfThere } from "../host/file.ts";
import { type PlaceFile, placeFile } from "./attempt-place.ts";
import { gate } from "./gate.ts";

export interface Strays {
  readonly reason: Reason;
  /** Those of the reason's paths, in their order. */
  readonly changes: readonly Change[];
}

export interface EarlyGateParts {
  readonly commonDir: string;
  readonly ownership: Ownership;
  readonly isProtected: (path: string) => boolean;
}

/** What an attempt has changed and may not hand in; undefined where there is nothing of the kind, or nobody can tell yet. No
 *  process of the worker may be running. */
export type EarlyGate = (
  assignment: Assignment,
  place: Place,
  desk: Pick<Desk, "claimed">,
) => Promise<Strays | undefined>;

export function createEarlyGate({ commonDir, ownership, isProtected }: EarlyGateParts): EarlyGate {
  let config: Promise<readonly string[]> | undefined;
  return async ({ unit, base }, { record }, desk) => {
    const text = await readTextIfThere(path.join(record, placeFile));
    if (text === undefined) return undefined;
    const { slot, checkout, made: kept, since } = JSON.parse(text) as PlaceFile;
    config ??= filterGuard({ gitDir: commonDir });
    const seen = await glance({
      place: { ...slot.gitPlace, workTree: slot.path },
      ...{ commonDir, base, checkout, kept, since },
      leftFolder: path.join(record, "left"),
      config: await config,
    });
    if (seen === undefined) return undefined;
    const facts = { unit, ownership, isProtected, claimed: desk.claimed(), links: seen.links };
    const reason = gate(seen.changed, facts);
    if (reason?.type !== "strayed") return undefined;
    const strays = new Set(reason.paths);
    return { reason, changes: seen.changed.filter((change) => strays.has(change.path)) };
  };
}
