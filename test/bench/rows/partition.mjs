// How long it takes to split 20,000 files by what ties them together, how much less that cuts than folders do, and how large the
// process becomes. The survey before it has a row of its own.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { couplingOf } from "../../../build/core/coupling.js";
import { partitionByFolder } from "../../../build/core/folder-partition.js";
import { partition } from "../../../build/core/partition.js";
import { seededRandom } from "../../../build/core/seeded-random.js";
import { timed } from "../measure.mjs";

const count = 20_000;
const units = 50;
const self = import.meta.filename;

export const row = {
  title: "Splitting files by what ties them together",
  unit: "ms",
  note: `${count.toLocaleString("en")} files in folders of 25, with 5.5 imports each, into ${units} units.`,
  parts: [time, cut, memory],
};

function time() {
  const { files, ties } = madeRepository();
  return {
    label: "time",
    repeats: 3,
    variants: [
      {
        name: "by folder",
        role: "floor",
        measure: () => timed(() => partitionByFolder(files, units)),
      },
      {
        name: "by what ties them",
        role: "ours",
        measure: () => timed(() => partition(couplingOf(files, ties), units)),
      },
    ],
    ratios: [{ of: "by what ties them", over: "by folder", most: 100 }],
  };
}

function cut() {
  const { files, ties } = madeRepository();
  const found = partition(couplingOf(files, ties), 8);
  return {
    label: "imports that go across, in 8 units",
    unit: "imports",
    repeats: 1,
    coldStart: true,
    variants: [
      { name: "by folder", role: "rival", measure: () => found.byFolder.imports },
      { name: "by what ties them", role: "ours", measure: () => found.cut.imports },
    ],
    ratios: [{ of: "by what ties them", over: "by folder", most: 0.7 }],
  };
}

function memory() {
  const measure = () => {
    const { stdout } = spawnSync(process.execPath, [self, "memory"], { encoding: "utf8" });
    return Number(stdout);
  };
  return {
    label: "peak resident memory of a process that does nothing else",
    unit: "MB",
    repeats: 1,
    coldStart: true,
    variants: [{ name: "by what ties them", role: "ours", measure }],
    ratios: [{ of: "by what ties them", most: 600 }],
  };
}

/** Features go across folders, everybody imports a few files, and some import anything. */
function madeRepository() {
  const random = seededRandom(count);
  const below = (most) => Math.floor(random() * most);
  const files = Array.from({ length: count }, (_, n) => {
    const folder = Math.floor(n / 25);
    const bytes = 500 + below(8000);
    const name = `src/p${folder % 40}/m${Math.floor(folder / 40)}/f${n}.ts`;
    return { path: name, work: bytes + 256, bytes };
  });
  const ties = files.flatMap((file, n) =>
    Array.from({ length: 2 + below(8) }, () => {
      const way = random();
      const near = n - (n % 25) + below(25);
      const same = (n % 400) + 400 * below(count / 400);
      const other = way < 0.4 ? near : way < 0.75 ? same : below(way < 0.85 ? 20 : count);
      return { from: file.path, to: files[other].path, kind: "import" };
    }),
  );
  return { files, ties };
}

if (path.resolve(process.argv[1] ?? "") === self && process.argv[2] === "memory") {
  const { files, ties } = madeRepository();
  partition(couplingOf(files, ties), units);
  process.stdout.write(String(process.resourceUsage().maxRSS / 1024));
}
