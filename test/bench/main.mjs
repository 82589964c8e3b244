// `npm run bench [-- ROW…]`: measures speed as ratios within one run, each beside its floor and its rival, and keeps the
// figures in RESULTS.md. It runs on the built program, in memory-backed storage where there is any. A row is a file in
// rows/ that exports `row`; see rows/start.mjs for a small one.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { measureRow } from "./measure.mjs";
import { keepResults } from "./results.mjs";
import { removeRepositories } from "./synthetic.mjs";

const folder = path.join(import.meta.dirname, "rows");
const asked = process.argv.slice(2);
const known = readdirSync(folder).map((name) => path.basename(name, ".mjs"));
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(", ")} (there are: ${known.join(", ")})`);
  process.exit(2);
}
if (!existsSync(path.join(import.meta.dirname, "../../build"))) {
  console.error("build/ is not there: run `npm run build` first");
  process.exit(2);
}

let met = true;
try {
  for (const name of asked.length > 0 ? asked : known) {
    const { row } = await import(path.join(folder, `${name}.mjs`));
    const result = await measureRow(name, row);
    keepResults(result);
    met &&= result.parts.every((part) => part.ratios.every((ratio) => ratio.met));
  }
} finally {
  removeRepositories();
}
process.exitCode = met ? 0 : 1;
