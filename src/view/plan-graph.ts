/** The units of a plan drawn as SVG, so that a person sees what is cut: boxes wave by wave, a dot for each file, a line for each
 *  import from one unit to another. Whatever a repository calls its files is only text here. */
import type { Plan } from "../core/plan.ts";
import { fitWidth, oneLine } from "../core/text.ts";
import { type Box, type Dot, type GraphLayout, layOut } from "./plan-graph-layout.ts";
import { type PlanPreview, wavesOf } from "./preview.ts";
import { sayCount } from "./words.ts";

/** With more lines nobody sees any: units are joined by one that is as wide as it stands for many. */
const linesMax = 4000;
const titleCells = 110;
const labelCells = 22;
const ink = "#1f2933";
const faint = "#7b8794";

export function planGraph(preview: PlanPreview): string {
  const { plan, ties } = preview;
  const edges = ties?.edges ?? [];
  const layout = layOut(
    plan.units.map(({ id }, at) => ({ id, files: preview.units[at]?.files ?? [] })),
    wavesOf(plan),
    edges,
  );
  const { width, height } = layout;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...headOf(preview),
    ...layout.bands.map(({ top }, wave) =>
      text({ x: 24, y: top - 8, size: 12, fill: faint }, `wave ${wave + 1}`),
    ),
    ...layout.boxes.map(boxOf),
    ...afterLines(plan, layout),
    ...(edges.length > linesMax ? unitLines(preview, layout) : fileLines(edges, layout)),
    ...layout.boxes.flatMap(({ dots, colour }) => dots.map((dot) => dotOf(dot, colour))),
    ...layout.boxes.map(labelOf),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function headOf(preview: PlanPreview): readonly string[] {
  const goal = fitWidth(oneLine(preview.plan.goal), titleCells);
  const legend =
    "a dot is a file, larger where more goes across; a line is an import, coloured as the unit that imports";
  return [
    text({ x: 24, y: 34, size: 18, fill: ink, weight: 600 }, goal),
    text({ x: 24, y: 56, size: 13, fill: faint }, factsOf(preview)),
    text({ x: 24, y: 74, size: 11, fill: faint }, legend),
  ];
}

function factsOf({ plan, ties, split }: PlanPreview): string {
  const coupling = split?.coupling;
  const facts = [sayCount(plan.units.length, "unit")];
  if (ties === undefined) facts.push("what the files import is not known");
  else facts.push(`${ties.crossing} of ${ties.imports} imports go from one unit to another`);
  if (coupling !== undefined) {
    const { cut, byFolder, balance } = coupling;
    facts.push(`side by side ${cut.imports} (by folder ${byFolder.imports})`);
    facts.push(`balance ${balance.toFixed(2)}`);
  }
  return facts.join(" · ");
}

function boxOf({ x, y, width, height, colour }: Box): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="${colour}" fill-opacity="0.06" stroke="${colour}" stroke-width="1.5"/>`;
}

function labelOf({ x, y, id, files, colour }: Box): string {
  const label = fitWidth(oneLine(id), labelCells);
  return `<g>${text({ x: x + 10, y: y + 18, size: 13, fill: colour, weight: 600 }, label)}${text(
    { x: x + 10, y: y + 33, size: 11, fill: faint },
    sayCount(files, "file"),
  )}</g>`;
}

function dotOf({ x, y, radius, path }: Dot, colour: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"><title>${escaped(oneLine(path))}</title></circle>`;
}

/** Who waits for whom, behind everything else. */
function afterLines({ units }: Plan, { boxes }: GraphLayout): readonly string[] {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  return units.flatMap(({ id, after }) =>
    after.flatMap((before) => {
      const [from, to] = [byId.get(before), byId.get(id)];
      if (from === undefined || to === undefined) return [];
      const [x1, y1] = [from.x + from.width / 2, from.y + from.height];
      const [x2, y2] = [to.x + to.width / 2, to.y];
      const middle = (y1 + y2) / 2;
      return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}" fill="none" stroke="${faint}" stroke-width="1.5" stroke-dasharray="5 4"/>`;
    }),
  );
}

/** Each bends towards the middle of its two boxes, so that lines between the same two run together. */
function fileLines(
  edges: readonly (readonly [string, string])[],
  { dots, boxes }: GraphLayout,
): readonly string[] {
  const opacity = Math.max(0.12, Math.min(0.6, 12 / Math.sqrt(edges.length + 1))).toFixed(2);
  return boxes.flatMap((box) => {
    const paths = edges.flatMap(([from, to]) => {
      const [one, other] = [dots.get(from), dots.get(to)];
      if (one === undefined || other === undefined || one.box !== box.place) return [];
      const end = boxes[other.box] ?? box;
      return `M${one.x} ${one.y}Q${bend(box, end)} ${other.x} ${other.y}`;
    });
    if (paths.length === 0) return [];
    return `<path d="${paths.join("")}" fill="none" stroke="${box.colour}" stroke-opacity="${opacity}" stroke-width="1"/>`;
  });
}

function unitLines({ ties }: PlanPreview, { boxes }: GraphLayout): readonly string[] {
  const byId = new Map(boxes.map((box) => [box.id as string, box]));
  return (ties?.between ?? []).flatMap(({ from, to, imports }) => {
    const [one, other] = [byId.get(from), byId.get(to)];
    if (one === undefined || other === undefined) return [];
    const [x1, y1] = middleOf(one);
    const [x2, y2] = middleOf(other);
    const wide = Math.min(14, 0.6 + Math.sqrt(imports) / 2).toFixed(1);
    return `<path d="M${x1} ${y1}Q${bend(one, other)} ${x2} ${y2}" fill="none" stroke="${one.colour}" stroke-opacity="0.3" stroke-width="${wide}"><title>${escaped(oneLine(`${from} imports ${imports} times of ${to}`))}</title></path>`;
  });
}

function bend(one: Box, other: Box): string {
  const [x1, y1] = middleOf(one);
  const [x2, y2] = middleOf(other);
  const [dx, dy] = [x2 - x1, y2 - y1];
  // A little to the left of its way, so that there and back are two lines.
  return `${Math.round((x1 + x2) / 2 - dy * 0.08)} ${Math.round((y1 + y2) / 2 + dx * 0.08)}`;
}

function middleOf({ x, y, width, height }: Box): readonly [number, number] {
  return [Math.round(x + width / 2), Math.round(y + height / 2)];
}

function text(
  at: { x: number; y: number; size: number; fill: string; weight?: number },
  words: string,
): string {
  const weight = at.weight === undefined ? "" : ` font-weight="${at.weight}"`;
  return `<text x="${at.x}" y="${at.y}" font-size="${at.size}" fill="${at.fill}"${weight} stroke="#fff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">${escaped(words)}</text>`;
}

/** Nothing that ends a text or an attribute, and nothing that XML forbids. */
function escaped(words: string): string {
  return words
    .replace(/[\uFFFE\uFFFF]/g, "\uFFFD")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
