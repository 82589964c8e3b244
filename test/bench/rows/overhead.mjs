// What a unit costs besides its worker: whole runs of units that do next to nothing, beside what git alone needs.
import { readFileSync } from "node:fs";
import {
  classic,
  fullCheckouts,
  lanes,
  noOp,
  poolReuse,
  ruleWorker,
  runUnits,
  sparseCheckouts,
} from "../runs.mjs";
import { large, small, syntheticRepository } from "../synthetic.mjs";

const git = "git worktree add";
const rival = "worktree add, commit, merge --no-ff, remove";

const pool = "checkout -B and clean in a pool";
const processor = new Map();

export const row = {
  title: "Overhead of a unit",
  unit: "ms",
  note: `Milliseconds per unit, ${lanes} at once; ours are whole runs from the start of the program to its end, without a sandbox. Processor time is that of all processes of a variant's last round: it tells more where the machine has other work.`,
  parts: [
    () => part(small, { ours: 50, git: 20, repeats: 3 }),
    () => processorPart(small),
    () => part(large, { ours: 20, git: 6, repeats: 3 }),
    () => processorPart(large),
  ],
};

const ratios = [
  { of: "pleach, full", over: git, most: 0.6 },
  { of: "pleach, full", over: rival, most: 1 / 6 },
  { of: "pleach, full", over: pool },
  { of: "pleach, sparse", over: "sparse checkout", most: 2 },
  { of: "pleach, sparse", over: rival, most: 1 / 14 },
];

function part(files, { ours, git: units, repeats }) {
  const repository = syntheticRepository(files);
  const rule = ruleWorker();
  const variant = (name, role, count, measure) => ({
    name,
    role,
    measure: async () => {
      const before = childrenMs();
      const ms = await measure(repository, count);
      processor.set(name, (childrenMs() - before) / count);
      return ms / count;
    },
  });
  return {
    label: `${files.toLocaleString("en")} files; ours ${ours} units, git ${units}`,
    repeats,
    variants: [
      variant("pleach, full", "ours", ours, (r, n) => runUnits(r, n, noOp)),
      variant("pleach, sparse", "ours", ours, (r, n) => runUnits(r, n, rule)),
      variant(pool, "floor", units, poolReuse),
      variant("sparse checkout", "floor", units, sparseCheckouts),
      variant(git, "rival", units, fullCheckouts),
      variant(rival, "rival", units, classic),
    ],
    ratios,
  };
}

function processorPart(files) {
  const roles = { [git]: "rival", [rival]: "rival", [pool]: "floor", "sparse checkout": "floor" };
  return {
    label: `${files.toLocaleString("en")} files, processor time`,
    repeats: 1,
    coldStart: true,
    variants: [...processor.keys()].map((name) => ({
      name,
      role: roles[name] ?? "ours",
      measure: () => processor.get(name),
    })),
    ratios: ratios.map(({ of, over }) => ({ of, over })),
  };
}

/** Processor time of every process that we have waited for, and of theirs, where the system tells. */
function childrenMs() {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
