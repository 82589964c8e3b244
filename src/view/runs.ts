/** The list of a repository's runs. */
import type { RunState } from "../core/run.ts";
import { finalDocument, landedCommit, outcomeOf, shortName } from "./document.ts";
import { whereItStands } from "./status.ts";
import { type Cell, renderTable, type TableLook } from "./table.ts";
import { countStatuses } from "./unit-status.ts";
import { sayDuration, sayMoment, shortSha } from "./words.ts";

/** A run as it is found on the disk: a journal that cannot be read is named, never passed over. */
export type RunListing =
  | { readonly type: "run"; readonly state: RunState; readonly alive: boolean }
  | { readonly type: "unreadable"; readonly run: string; readonly message: string };

export function runsTable(listings: readonly RunListing[], look: TableLook): string {
  if (listings.length === 0) return "No runs here yet.\n";
  const header = ["run", "stands", "merged", "time", "began", "landed", "goal"];
  return `${renderTable(header, listings.map(rowOf), look)}\n`;
}

export function runsDocument(listings: readonly RunListing[]): unknown {
  return {
    version: 1,
    runs: listings.map((listing) => {
      if (listing.type === "unreadable") return { run: listing.run, error: listing.message };
      const { state, alive } = listing;
      const { run, goal, target, landed, seconds } = finalDocument(state);
      const outcome = alive && state.at.phase !== "finished" ? null : outcomeOf(state);
      const { merged } = countStatuses(state);
      const units = state.units.length;
      return {
        run,
        alive,
        outcome,
        goal,
        target,
        units,
        merged,
        landed,
        startedAt: state.startedAt,
        seconds,
      };
    }),
  };
}

function rowOf(listing: RunListing): Cell[] {
  if (listing.type === "unreadable") {
    const blank = ["", "", "", ""].map((text): Cell => ({ text }));
    return [
      { text: listing.run },
      { text: "unreadable", colour: "red" },
      ...blank,
      { text: listing.message },
    ];
  }
  const { state, alive } = listing;
  const landed = landedCommit(state);
  return [
    { text: state.run },
    { text: whereItStands(state, alive), colour: alive ? "cyan" : undefined },
    { text: `${countStatuses(state).merged}/${state.units.length}` },
    { text: sayDuration(state.activeMs) },
    { text: sayMoment(state.startedAt) },
    { text: landed === null ? "" : `${shortName(state.settings.target)} ${shortSha(landed)}` },
    { text: state.plan.goal },
  ];
}
