/** What became of a unit's files, and how it is said in a summary. */
import { someOf } from "../core/text.ts";
import type { FileDone } from "./codemod-protocol.ts";
import { oneLine } from "./tail.ts";

export interface Tally {
  readonly looked: number;
  readonly changed: number;
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
  /** Files of which a part could not be parsed. */
  readonly unclean: readonly string[];
}

export const emptyTally: Tally = { looked: 0, changed: 0, skipped: [], unclean: [] };

const namesMax = 20;

/** A failed file is counted as looked at only: its failure is the attempt's. */
export function withFile(tally: Tally, file: string, done: FileDone): Tally {
  const skipped = done.state === "skipped" ? { file, why: done.why } : undefined;
  const unclean = "unclean" in done && done.unclean === true;
  return {
    looked: tally.looked + 1,
    changed: tally.changed + (done.state === "changed" ? 1 : 0),
    skipped: skipped ? [...tally.skipped, skipped] : tally.skipped,
    unclean: unclean ? [...tally.unclean, file] : tally.unclean,
  };
}

export function tallySummary(tally: Tally): string {
  const skipped = tally.skipped.map(({ file, why }) => `${file} ${why}`);
  return [
    `changed ${tally.changed} of ${count(tally.looked, "file")}`,
    ...listed("skipped", skipped),
    ...listed("could not be parsed as a whole", tally.unclean),
  ].join("\n");
}

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${count(names.length, "file")} ${what}: ${someOf(names.map(oneLine), namesMax)}`];
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
