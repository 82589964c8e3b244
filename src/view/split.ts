/** How files were split, in words: why so many units, what goes across, what is done about hubs. */
import type { HubUse, PlanTies, SplitReport } from "../core/split-report.ts";
import type { SurveyNote } from "../core/survey.ts";
import { oneLine } from "../core/text.ts";
import { sayList } from "./words.ts";

const hubsNamedMax = 4;
const filesNamedMax = 4;
const notesMax = 6;

export interface SplitFacts {
  readonly split?: SplitReport;
  readonly ties?: PlanTies;
  readonly notes?: readonly SurveyNote[];
}

export function splitLines({ split, ties, notes = [] }: SplitFacts): string[] {
  return [
    ...(split?.reasons ?? []).map((reason) => `Split: ${oneLine(reason)}`),
    ...(ties === undefined ? [] : [`Cut: ${sayCut(ties, split)}`]),
    ...(split?.coupling?.split ?? []).map(
      (files) =>
        `Circle: ${files.length} files import each other, more than one unit can hold, and are in several: ${sayList(files, filesNamedMax)}`,
    ),
    ...hubLines(split?.hubs ?? []),
    ...notes.slice(0, notesMax).map(({ message }) => `Note: ${oneLine(message)}`),
    ...(notes.length > notesMax ? [`Note: and ${notes.length - notesMax} more (--json)`] : []),
  ];
}

function sayCut({ imports, crossing }: PlanTies, split: SplitReport | undefined): string {
  if (imports === 0) return "the files import nothing of each other";
  const share = Math.round((crossing / imports) * 100);
  const said = `${crossing} of ${imports} imports go from one unit to another (${share} %)`;
  const coupling = split?.coupling;
  if (coupling === undefined) return said;
  const { cut, byFolder, balance } = coupling;
  // Hubs stand apart: what goes to and from them nobody could save.
  const beside = cut.imports === crossing ? "" : `; between units side by side ${cut.imports}`;
  return `${said}${beside}; by folder it would be ${byFolder.imports}; the largest unit is ${balance.toFixed(2)} of the mean`;
}

const treatments: Readonly<Record<HubUse["treatment"], string>> = {
  first: "first, in a unit of their own",
  last: "last, in a unit of their own",
  regenerate: "made anew at the end by their worker",
  refuse: "in no unit",
  with_others: "with the others",
};

function hubLines(hubs: readonly HubUse[]): string[] {
  const kinds = [...new Set(hubs.map(({ treatment, by }) => `${treatment} ${by}`))].sort();
  return kinds.flatMap((kind) => {
    const alike = hubs.filter(({ treatment, by }) => `${treatment} ${by}` === kind);
    const [one] = alike;
    if (one === undefined) return [];
    const names = alike.map(({ path, why }) => `${path} (${why})`);
    const by =
      one.by === "config" ? "as the config says" : "the default; `hubs` in the config changes it";
    return [`Hubs ${treatments[one.treatment]}, ${by}: ${sayList(names, hubsNamedMax)}`];
  });
}
