// What a unit costs besides its worker: whole runs of units that do next to nothing, beside what git alone needs.
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

export const row = {
  title: "Overhead of a unit",
  unit: "ms",
  note: `Milliseconds per unit, ${lanes} at once; ours are whole runs from the start of the program to its end, without a sandbox.`,
  parts: [
    () => part(small, { ours: 50, git: 20, repeats: 3 }),
    () => part(large, { ours: 20, git: 6, repeats: 3 }),
  ],
};

function part(files, { ours, git: units, repeats }) {
  const repository = syntheticRepository(files);
  const per = (count, measure) => async () => (await measure(repository, count)) / count;
  const rule = ruleWorker();
  return {
    label: `${files.toLocaleString("en")} files; ours ${ours} units, git ${units}`,
    repeats,
    variants: [
      { name: "pleach, full", role: "ours", measure: per(ours, (r, n) => runUnits(r, n, noOp)) },
      { name: "pleach, sparse", role: "ours", measure: per(ours, (r, n) => runUnits(r, n, rule)) },
      { name: "checkout -B and clean in a pool", role: "floor", measure: per(units, poolReuse) },
      { name: "sparse checkout", role: "floor", measure: per(units, sparseCheckouts) },
      { name: git, role: "rival", measure: per(units, fullCheckouts) },
      { name: rival, role: "rival", measure: per(units, classic) },
    ],
    ratios: [
      { of: "pleach, full", over: git, most: 0.6 },
      { of: "pleach, full", over: rival, most: 1 / 6 },
      { of: "pleach, full", over: "checkout -B and clean in a pool" },
      { of: "pleach, sparse", over: "sparse checkout", most: 2 },
      { of: "pleach, sparse", over: rival, most: 1 / 14 },
    ],
  };
}
