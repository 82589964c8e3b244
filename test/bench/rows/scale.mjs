// What a unit costs among a thousand beside what it costs among fifty, and how large the program becomes.
import { noOp, runUnits } from "../runs.mjs";
import { small, syntheticRepository } from "../synthetic.mjs";

const few = 50;
const many = 1000;
const peaks = new Map();

export const row = {
  title: "A thousand units in one run",
  unit: "ms",
  note: "Milliseconds per unit of whole runs, two at once. The memory is the highest of the program's own process, without its children.",
  parts: [time, memory],
};

function time() {
  const repository = syntheticRepository(small);
  const per = (units) => async () => {
    const ms = await runUnits(repository, units, noOp, (mb) => peaks.set(units, mb));
    return ms / units;
  };
  return {
    label: `${small.toLocaleString("en")} files, full checkouts`,
    repeats: 1,
    coldStart: true,
    variants: [
      { name: `per unit of ${few}`, role: "floor", measure: per(few) },
      { name: `per unit of ${many}`, role: "ours", measure: per(many) },
    ],
    ratios: [{ of: `per unit of ${many}`, over: `per unit of ${few}`, most: 1.2 }],
  };
}

function memory() {
  return {
    label: "peak resident memory",
    unit: "MB",
    repeats: 1,
    coldStart: true,
    variants: [few, many].map((units) => ({
      name: `at ${units} units`,
      role: "ours",
      measure: () => peaks.get(units),
    })),
    ratios: [{ of: `at ${many} units`, most: 120 }],
  };
}
