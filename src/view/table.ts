/** Rows of cells as aligned columns on a terminal of any width. */
import { displayWidth, fitWidth, oneLine, padWidth } from "../core/text.ts";
import type { Colour, Paint } from "./words.ts";

export interface Cell {
  readonly text: string;
  /** How many levels below the first it stands. */
  readonly depth?: number;
  readonly colour?: Colour | undefined;
}

export interface TableLook {
  /** Cells of the terminal. */
  readonly width: number;
  readonly paint: Paint;
}

const gap = 2;
const lastColumnCellsMin = 20;
const columnCellsMax = 40;

/** The last column takes what is left of the width, and is left out of a window too narrow for it. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  look: TableLook,
): string {
  const head = header.map((text): Cell => ({ text, colour: "dim" }));
  const all = [head, ...rows].map((row) =>
    row.map((cell) => ({ ...cell, text: `${"  ".repeat(cell.depth ?? 0)}${oneLine(cell.text)}` })),
  );
  const widths = header.map((_, column) =>
    Math.min(columnCellsMax, Math.max(...all.map((row) => displayWidth(row[column]?.text ?? "")))),
  );
  const fixed = widths.slice(0, -1).reduce((sum, width) => sum + width + gap, 0);
  const last = look.width - fixed;
  const room = [...widths.slice(0, -1), last];
  const shown = last >= lastColumnCellsMin ? header.length : header.length - 1;
  return all.map((row) => renderRow(row.slice(0, shown), room, look)).join("\n");
}

function renderRow(row: readonly Cell[], room: readonly number[], look: TableLook): string {
  let line = "";
  let used = 0;
  row.forEach((cell, column) => {
    const cells = Math.min(room[column] ?? 0, look.width - used);
    if (cells <= 0) return;
    const text = fitWidth(cell.text, cells);
    const isLast = column === row.length - 1;
    const padded = isLast ? text : padWidth(text, Math.min(cells + gap, look.width - used));
    used += displayWidth(padded);
    line +=
      cell.colour === undefined || text === ""
        ? padded
        : padded.replace(text, () => look.paint(cell.colour ?? "dim", text));
  });
  return line.trimEnd();
}
