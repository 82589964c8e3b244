// RESULTS.md: one section a row, replaced when the row is measured again, with the command that measured it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";

const file = path.join(import.meta.dirname, "RESULTS.md");
const preface = `# Figures of \`npm run bench\`

Medians of several rounds in which the variants take turns, on one machine. Milliseconds are that machine's; the ratios are
what counts. Each section is replaced when its row is measured again.
`;

export function keepResults({ name, title, note, parts }) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "processor"}, Node ${process.versions.node}`;
  const text = [
    `## ${title}`,
    `\`npm run bench -- ${name}\`, ${new Date().toISOString().slice(0, 10)}, ${machine}`,
    ...(note === undefined ? [] : [note]),
    ...parts.map((part) => partText(part)),
  ].join("\n\n");
  const sections = readSections();
  sections.set(`## ${title}`, text);
  writeFileSync(file, `${[preface.trim(), ...sections.values()].join("\n\n")}\n`);
}

export function formatValue(value, unit) {
  return `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1)} ${unit}`;
}

export function formatRatio({ of, over, value, least, most, met }) {
  const wanted = least === undefined ? `at most ${short(most)}` : `at least ${short(least)}`;
  const target = least === undefined && most === undefined ? "" : ` (target: ${wanted})`;
  const what = over === undefined ? of : `${of} / ${over}`;
  return `${what} = ${short(value)}${target}${met ? "" : " NOT MET"}`;
}

function short(value) {
  if (value === undefined || Number.isInteger(value)) return String(value);
  return value < 1 ? value.toPrecision(2) : value.toFixed(2);
}

function partText({ label, unit, repeats, lines, ratios }) {
  return [
    `${label} (median of ${repeats}):`,
    "",
    "| variant | role | median |",
    "| --- | --- | --- |",
    ...lines.map(
      ({ name, role, median }) => `| ${name} | ${role} | ${formatValue(median, unit)} |`,
    ),
    "",
    ...ratios.map((ratio) => `- ${formatRatio(ratio)}`),
  ].join("\n");
}

function readSections() {
  if (!existsSync(file)) return new Map();
  const sections = readFileSync(file, "utf8")
    .trim()
    .split(/\n(?=## )/)
    .slice(1);
  return new Map(sections.map((section) => [section.split("\n")[0], section.trim()]));
}
