// Bringing the user's checkout along when the result of fifty units lands.

import { appendFileSync } from "node:fs";
import path from "node:path";
import { moveTarget } from "../../../build/git/landing.js";
import { openRepository } from "../../../build/git/repository.js";
import { timed } from "../measure.mjs";
import { git, large, small, syntheticRepository } from "../synthetic.mjs";

const units = 50;
const target = "refs/heads/main";

export const row = {
  title: "Updating the user's checkout",
  unit: "ms",
  note: `One file of each of ${units} units. That it is one update, and that no other file is written, is counted in test/run/cost.test.ts.`,
  parts: [() => part(small), () => part(large)],
};

function part(files) {
  const repository = syntheticRepository(files);
  const { dir } = repository;
  const commits = makeLine(repository);
  const [base] = commits;
  const last = commits.at(-1);
  const reset = () => git(dir, "reset", "-q", "--hard", base);
  reset();
  const measured = (work) => async () => {
    reset();
    git(dir, "status");
    return timed(work);
  };
  return {
    label: `${files.toLocaleString("en")} files`,
    repeats: 5,
    variants: [
      { name: "pleach", role: "ours", measure: measured(() => land(dir, base, last)) },
      {
        name: "read-tree -m -u",
        role: "floor",
        measure: measured(() => git(dir, "read-tree", "-m", "-u", base, last)),
      },
      {
        name: `${units} updates, one a unit`,
        role: "rival",
        measure: measured(() => {
          for (const commit of commits.slice(1)) git(dir, "merge", "-q", "--ff-only", commit);
        }),
      },
    ],
    ratios: [
      { of: "pleach", over: "read-tree -m -u" },
      { of: "pleach", over: `${units} updates, one a unit` },
    ],
    dispose: reset,
  };
}

function makeLine({ dir, files }) {
  const commits = [git(dir, "rev-parse", "main").trim()];
  for (let n = 0; n < units; n += 1) {
    appendFileSync(path.join(dir, files[n]), "// more\n");
    git(dir, "commit", "-qam", `Unit ${n}`);
    commits.push(git(dir, "rev-parse", "HEAD").trim());
  }
  return commits;
}

async function land(dir, old, to) {
  const repository = await openRepository(dir);
  const moved = await moveTarget(repository, { target, old, new: to, message: "bench: land" });

  if (moved.type !== "moved") throw new Error(JSON.stringify(moved));
}
