// How a row is measured: its variants take turns, so that whatever else the machine does meets all of them, and the median
// of each counts.
import { formatRatio, formatValue } from "./results.mjs";

/** A row has a `title`, a `unit` ("ms", "files/s", …), and `parts`: functions that answer with
 *  { label, unit?, repeats, coldStart?, variants: [{ name, role, measure }], ratios: [{ of, over?, least | most }], dispose? }.
 *  `measure` answers with one figure in the unit; `role` is "ours", "floor" or "rival". Without `over` the figure itself is
 *  judged; with `coldStart` there is no round that counts for nothing. */
export async function measureRow(name, row) {
  console.log(`\n${row.title}`);
  const parts = [];
  for (const makePart of row.parts) {
    const part = await makePart();
    try {
      parts.push(await measurePart(part, row.unit));
    } finally {
      await part.dispose?.();
    }
  }
  return { name, title: row.title, unit: row.unit, note: row.note, parts };
}

async function measurePart(part, rowUnit) {
  const { label, repeats, variants, ratios, coldStart = false, unit = rowUnit } = part;
  const figures = new Map(variants.map((variant) => [variant.name, []]));
  // The first round fills caches and counts for nothing.
  for (let round = coldStart ? 1 : 0; round <= repeats; round++) {
    for (const variant of turned(variants, round)) {
      const figure = await variant.measure();
      if (round > 0) figures.get(variant.name).push(figure);
    }
  }
  const medians = new Map([...figures].map(([name, list]) => [name, medianOf(list)]));
  const judged = ratios.map((ratio) => judge(ratio, medians));
  console.log(`  ${label}`);
  for (const { name, role } of variants) {
    console.log(`    ${name.padEnd(40)} ${formatValue(medians.get(name), unit)}  (${role})`);
  }
  for (const ratio of judged) console.log(`    ${formatRatio(ratio)}`);
  const lines = variants.map(({ name, role }) => ({ name, role, median: medians.get(name) }));
  return { label, unit, repeats, lines, ratios: judged };
}

function judge({ of, over, least, most }, medians) {
  const value = over === undefined ? medians.get(of) : medians.get(of) / medians.get(over);
  const met = (least === undefined || value >= least) && (most === undefined || value <= most);
  return { of, over, least, most, value, met };
}

/** Each round begins with another variant. */
function turned(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function medianOf(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds that some work took. */
export async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
