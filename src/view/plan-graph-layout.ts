/** Where everything of a plan's graph stands: waves from top to bottom, the boxes of a wave in rows, files in a grid in their box.
 *  Whole numbers, and the same for the same plan. */

export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly path: string;
  /** The place of its box. */
  readonly box: number;
}

export interface Box {
  readonly place: number;
  readonly id: string;
  readonly files: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: string;
  readonly dots: readonly Dot[];
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly bands: readonly { readonly top: number }[];
  /** In plan order. */
  readonly boxes: readonly Box[];
  readonly dots: ReadonlyMap<string, Dot>;
}

interface DrawnUnit {
  readonly id: string;
  readonly files: readonly string[];
}

const margin = 24;
const headHeight = 96;
const gap = { x: 90, y: 70 };
const labelHeight = 44;
const widthMin = 172;
/** Between dots: wide where there are few, narrow where there are thousands. */
const spacing = { most: 16, least: 5 };
/** Room for what stands above. */
const rowWidthMin = 760;
const golden = 137.508;

/** `waves` gives each unit its wave, from 0. */
export function layOut(
  units: readonly DrawnUnit[],
  waves: readonly number[],
  edges: readonly (readonly [string, string])[],
): GraphLayout {
  const most = Math.max(1, ...units.map(({ files }) => files.length));
  const step = Math.max(spacing.least, Math.min(spacing.most, Math.floor(520 / Math.sqrt(most))));
  const sizes = units.map(({ files }) => sizeOf(files.length, step));
  const rowWidth = Math.max(
    rowWidthMin,
    ...waveNumbers(waves).map((wave) => idealWidth(sizes, waves, wave)),
  );
  const corners: { x: number; y: number }[] = [];
  const bands: { top: number }[] = [];
  let top = headHeight + 20;
  let width = rowWidthMin;
  for (const wave of waveNumbers(waves)) {
    bands.push({ top });
    let [x, y, rowHeight] = [margin, top, 0];
    units.forEach((_, at) => {
      if (waves[at] !== wave) return;
      const size = sizes[at] ?? { width: 0, height: 0 };
      if (x > margin && x + size.width > rowWidth) {
        x = margin;
        y += rowHeight + gap.y;
        rowHeight = 0;
      }
      corners[at] = { x, y };
      x += size.width + gap.x;
      width = Math.max(width, x - gap.x + margin);
      rowHeight = Math.max(rowHeight, size.height);
    });
    top = y + rowHeight + gap.y;
  }
  const crossings = crossingsOf(edges);
  const boxes = units.map((unit, place) => {
    const corner = corners[place] ?? { x: margin, y: headHeight };
    const size = sizes[place] ?? { width: 0, height: 0 };
    return boxOf(unit, { place, step, ...corner, ...size }, crossings);
  });
  const dots = new Map(boxes.flatMap((box) => box.dots.map((dot) => [dot.path, dot] as const)));
  return { width, height: top - gap.y + margin, bands, boxes, dots };
}

function waveNumbers(waves: readonly number[]): readonly number[] {
  return Array.from({ length: Math.max(-1, ...waves) + 1 }, (_, wave) => wave);
}

/** As wide as the wave's boxes need to come to about three by two. */
function idealWidth(
  sizes: readonly { readonly width: number; readonly height: number }[],
  waves: readonly number[],
  wave: number,
): number {
  const its = sizes.filter((_, at) => waves[at] === wave);
  const area = its.reduce((sum, { width, height }) => sum + (width + gap.x) * (height + gap.y), 0);
  return Math.round(Math.sqrt(area * 1.5)) + margin;
}

function columnsOf(count: number): number {
  return Math.max(1, Math.ceil(Math.sqrt(count * 1.6)));
}

function sizeOf(count: number, step: number) {
  const columns = columnsOf(count);
  return {
    width: Math.max(widthMin, columns * step + 20),
    height: labelHeight + Math.max(1, Math.ceil(count / columns)) * step + 8,
  };
}

function boxOf(
  { id, files }: DrawnUnit,
  at: { place: number; step: number; x: number; y: number; width: number; height: number },
  crossings: ReadonlyMap<string, number>,
): Box {
  const { step, ...corner } = at;
  const columns = columnsOf(files.length);
  const dots = files.map((path, n): Dot => {
    const grows = Math.sqrt(crossings.get(path) ?? 0) * (step / 22);
    return {
      x: Math.round(at.x + 10 + step / 2 + (n % columns) * step),
      y: Math.round(at.y + labelHeight + step / 2 + Math.floor(n / columns) * step),
      radius: Math.round(Math.min(step * 0.55, step / 6 + grows) * 10) / 10,
      path,
      box: at.place,
    };
  });
  const colour = `hsl(${Math.round((at.place * golden) % 360)} 62% 42%)`;
  return { ...corner, id, files: files.length, colour, dots };
}

function crossingsOf(edges: readonly (readonly [string, string])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const edge of edges) for (const path of edge) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}
