// `npm run quickstart`: Pleach's main job on real sources, from a fresh clone, with Node and git only. It makes a repository
// of what rxjs 7.8.2 published, lets eight units give every relative import its `.js` ending, with TypeScript as the check
// of every merged tree, and lands the result; then it kills a second run half-way and resumes it. Everything it says is
// verified with git and the TypeScript compiler, not believed. Beside node_modules and dist it writes to .pleach-quickstart/.
import path from "node:path";
import { killHalfWay, leftovers, planWithProof } from "./quickstart/run.mjs";
import {
  build,
  claim,
  folder,
  fromRepository,
  git,
  makeRepository,
  node,
  pleach,
  repository,
  root,
  run,
  say,
  step,
  tsc,
} from "./quickstart/stage.mjs";

const units = 8;
const scripts = path.join(root, "scripts/quickstart");
const plan = fromRepository(path.join(folder, "plan.json"));
const types = [
  "-p",
  "src/tsconfig.cjs.json",
  "--noEmit",
  "--incremental",
  "false",
  "--skipLibCheck",
];
const check = `tsc ${types.join(" ")}`;
// A module and a check are code, which a run confines to a sandbox (bubblewrap) unless told not to. Here both are this
// project's own, so they run without one, and the quickstart works where there is none.
const options = ["--check", check, "--sandbox", "none", "--concurrency", "4"];

await step("Install and build", build);

await step("Fetch the published sources of rxjs 7.8.2 and make a repository of them", async () => {
  const files = await makeRepository();
  say(`${files} files committed on main in ${path.relative(process.cwd(), repository)}`);
});

const first = fromRepository(path.join(scripts, "add-endings.mjs"));
await step(
  `Split the work: every relative import gets its .js ending, in ${units} units`,
  async () => {
    const goal = "Give every relative import its .js ending";
    await planWithProof({ goal, units, codemod: first, check, want: "all" });
  },
);

const before = await git("rev-parse", "main");
await step("Run it: work side by side, check every merge with tsc, land on main", async () => {
  await pleach(["run", "--plan", plan, "--codemod", first, ...options]);
});

await step("See for ourselves what is on main", async () => {
  await verify({ since: before, want: "all", merges: units });
});

await step("The report", async () => {
  await pleach(["report"]);
});

const second = fromRepository(path.join(scripts, "remove-endings.yml"));
const landed = await git("rev-parse", "main");
let early = [];
await step("A second run, by an ast-grep rule: kill it half-way with kill -9", async () => {
  const goal = "Take the .js endings away again";
  await planWithProof({ goal, units, codemod: second, check, want: "none" });
  early = await killHalfWay(["run", "--plan", plan, "--codemod", second, ...options, "--ndjson"]);
  say(`killed with its whole process group after ${early.length} of ${units} units were merged`);
  claim((await git("rev-parse", "main")) === landed, "main has not moved");
  await pleach(["status"]);
});

await step("Resume it", async () => {
  await pleach(["resume"]);
});

await step("See for ourselves again", async () => {
  await verify({ since: landed, want: "none", merges: units });
  const kept = await git("rev-list", `${landed}..main`);
  claim(
    early.every((commit) => kept.includes(commit)),
    "what was merged before the kill was kept, not made again",
  );
});

say("");
say("Done. Look around:");
say(`  cd ${path.relative(process.cwd(), repository)} && git log --oneline --graph`);

/** What a run promises when it has landed. */
async function verify({ since, want, merges }) {
  const head = await git("rev-parse", "main");
  const made = await git("log", "--merges", "--format=%H", `${since}..${head}`);
  claim(head !== since, "main has moved");
  claim(made.split("\n").length >= merges, `it gained ${merges} merges, one a unit`);
  const trailers = await git("log", "-1", "--format=%(trailers:key=Pleach-Run,valueonly)");
  claim(trailers !== "", "its newest commit names the run that made it");
  claim((await git("status", "--porcelain")) === "", "the checkout is clean and up to date");
  const changed = (await git("diff", "--name-only", since, head, "--", "src")).split("\n");
  claim(changed.length >= 200, `${changed.length} files were changed`);
  claim(
    await isGreen([path.join(scripts, "check-endings.mjs"), want]),
    want === "all"
      ? "no relative import is without its ending"
      : "no relative import has an ending",
  );
  claim(await isGreen([tsc, ...types]), "tsc is green on it");
  for (const { what, found } of await leftovers()) claim(found.length === 0, `no ${what} is left`);
}

async function isGreen(args) {
  return (await run(node, args, { cwd: repository, quiet: true })).code === 0;
}
