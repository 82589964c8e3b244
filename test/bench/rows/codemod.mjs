// Files a second of a rule codemod, as a run's units use it, beside ast-grep's own program over the same files.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createCodemodWorker } from "../../../build/work/codemod-worker.js";
import { timed } from "../measure.mjs";
import { benchFolder, large, small, syntheticRepository } from "../synthetic.mjs";

const units = 8;
const astGrep = path.resolve(import.meta.dirname, "../../../node_modules/.bin/ast-grep");
const run = "20261120-0000-mark";
const rules = {
  "one file in ten matches":
    "id: mark\nlanguage: TypeScript\nrule: { pattern: 'legacyCall($A, $B)' }\nfix: modernCall($B, $A)\n",
  "every file matches, twelve times":
    "id: mark\nlanguage: TypeScript\nrule: { pattern: 'const limit = $A ?? $B' }\nfix: const limit = $A || $B\n",
};

export const row = {
  title: "Codemod worker",
  unit: "files/s",
  note: "Both change every file that matches; ours counts from the start of its child processes to their end, over eight units at once. jscodeshift did 206 files/s on the same machine.",
  parts: [
    () => part(small, "one file in ten matches", 7, 1.2),
    () => part(small, "every file matches, twelve times", 5),
    () => part(large, "one file in ten matches", 3, 1.2),
  ],
};

function part(count, which, repeats, least) {
  const repository = syntheticRepository(count);
  const text = rules[which];
  const ruleFile = path.join(benchFolder(), "rule.yml");
  writeFileSync(ruleFile, text);
  const { ours, theirs, floor } = variantsOf(repository, text, ruleFile);
  return {
    label: `${count.toLocaleString("en")} files, ${which}`,
    repeats,
    variants: [
      { name: "pleach, rule codemod", role: "ours", measure: ours },
      { name: "ast-grep scan --update-all", role: "rival", measure: theirs },
      { name: "reading every file once", role: "floor", measure: floor },
    ],
    ratios: [
      { of: "pleach, rule codemod", over: "ast-grep scan --update-all", least },
      { of: "pleach, rule codemod", over: "reading every file once" },
    ],
    dispose: () => restore(repository),
  };
}

function variantsOf(repository, text, ruleFile) {
  const { dir, files } = repository;
  const perSecond = async (work) => {
    restore(repository);
    return (files.length / (await timed(work))) * 1000;
  };
  return {
    ours: () => perSecond(() => runUnits(dir, files, text)),
    theirs: () => perSecond(() => runAstGrep(dir, ruleFile)),
    floor: () => perSecond(() => files.map((file) => readFileSync(path.join(dir, file)).length)),
  };
}

async function runUnits(worktree, files, text) {
  const worker = createCodemodWorker({
    name: "codemod",
    codemod: { type: "rule", file: "rule.yml", text },
    run,
  });
  const size = Math.ceil(files.length / units);
  const slices = Array.from({ length: units }, (_, at) => files.slice(at * size, (at + 1) * size));
  const { signal } = new AbortController();
  const place = { worktree, exchange: placeOf("exchange"), record: placeOf("record") };
  const outcomes = await Promise.all(
    slices.map((slice, at) =>
      worker.work(assignmentOf(slice, `unit-${at}`), place, { report: () => undefined }, signal),
    ),
  );
  await worker.close();
  const wrong = outcomes.find((outcome) => outcome.type !== "done");
  if (wrong) throw new Error(JSON.stringify(wrong));
}

function assignmentOf(files, unit) {
  const words = { title: "", instructions: "", goal: "" };
  const lists = { owns: [], checks: [], context: [], given: [] };
  return {
    run,
    unit,
    attempt: 1,
    base: "0".repeat(40),
    files,
    timeoutMs: 600_000,
    ...words,
    ...lists,
  };
}

function placeOf(name) {
  const folder = path.join(benchFolder(), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function runAstGrep(dir, ruleFile) {
  const args = ["scan", "--rule", ruleFile, "--update-all", "src"];
  const { status, stderr } = spawnSync(astGrep, args, { cwd: dir, encoding: "utf8" });
  if (status !== 0) throw new Error(`ast-grep ended with ${status}: ${stderr}`);
}

/** Writes only what a variant has changed. */
function restore({ dir, files, textOf }) {
  for (const [at, file] of files.entries()) {
    const text = textOf(at);
    const place = path.join(dir, file);
    if (readFileSync(place, "utf8") !== text) writeFileSync(place, text);
  }
}
