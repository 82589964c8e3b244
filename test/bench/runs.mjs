// The built program over a synthetic repository, and the same work as people script it with git.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inLanes, run, runGit } from "./lanes.mjs";
import { timed } from "./measure.mjs";
import { benchFolder, git } from "./synthetic.mjs";

const program = path.resolve(import.meta.dirname, "../../dist/main.js");
/** Two processors fill two worktrees at once. */
export const lanes = 2;

/** Milliseconds of a whole `pleach run` of so many units, each with one file of its own. The result stays where it is.
 *  `tellPeak` is told the highest resident memory of the program's process, in MB. */
export async function runUnits(repository, units, worker, tellPeak = () => undefined) {
  const folder = path.join(benchFolder(), "run");
  mkdirSync(folder, { recursive: true });
  const plan = path.join(folder, "plan.json");
  const config = path.join(folder, "config.json");
  writeFileSync(plan, JSON.stringify(planOf(repository, units)));
  writeFileSync(config, JSON.stringify({ limits: { units, concurrency: lanes } }));
  const args = ["run", "--plan", plan, "--config", config, "--land", "never", "--quiet"];
  const env = { ...process.env, PLEACH_STATE_HOME: path.join(folder, "state") };
  const options = { cwd: repository.dir, env };
  let peak = 0;
  const watch = (child) => {
    const timer = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid));
    }, 100);
    child.once("exit", () => clearInterval(timer));
  };
  const all = [program, ...args, ...worker];
  const ms = await timed(() => run(process.execPath, all, options, watch));
  forgetRuns(repository);
  tellPeak(peak);
  return ms;
}

function peakOf(pid) {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** A trivial change. */
export const noOp = ["--sandbox", "none", "--command", "echo '// more' >> {files}"];

/** The same change by a rule, in a worktree that holds nothing but the unit's file. */
export function ruleWorker() {
  const file = path.join(benchFolder(), "limit.yml");
  const rule = "{ pattern: 'const limit = options.limit ?? $A' }";
  writeFileSync(file, `id: limit\nlanguage: TypeScript\nrule: ${rule}\nfix: const limit = $A\n`);
  return ["--codemod", file];
}

function planOf({ files }, units) {
  return {
    version: 1,
    goal: "Many small changes",
    units: Array.from({ length: units }, (_, n) => {
      return { id: `u${n}`, title: `Unit ${n}`, instructions: "Change it.", owns: [files[n]] };
    }),
  };
}

export function forgetRuns({ dir }) {
  const refs = git(dir, "for-each-ref", "--format=%(refname)", "refs/heads/pleach", "refs/pleach");
  for (const ref of refs.split("\n").filter(Boolean)) git(dir, "update-ref", "-d", ref);
  rmSync(path.join(dir, ".git/pleach"), { recursive: true, force: true });
}

/** Worktrees made by git as it comes, and taken away outside of the time. */
export async function fullCheckouts({ dir }, count) {
  const ms = await timed(() =>
    inLanes(count, lanes, (n) => runGit(dir, "worktree", "add", "--detach", treeOf(n), "main")),
  );
  removeTrees(dir);
  return ms;
}

/** A pool as large as the lanes, each worktree brought back to the base for every unit. */
export async function poolReuse({ dir }, count) {
  for (let n = 0; n < lanes; n += 1) git(dir, "worktree", "add", "--detach", treeOf(n), "main");
  const free = Array.from({ length: lanes }, (_, n) => treeOf(n));
  const ms = await timed(() =>
    inLanes(count, lanes, async (n) => {
      const tree = free.pop();
      await runGit(tree, "checkout", "--quiet", "-f", "-B", `pool-${n}`, "main");
      await runGit(tree, "clean", "-qfdx");
      free.push(tree);
    }),
  );
  removeTrees(dir);
  for (let n = 0; n < count; n += 1) git(dir, "branch", "-qD", `pool-${n}`);
  return ms;
}

/** Worktrees that hold one file each: no checkout, a sparse pattern, then that file. */
export async function sparseCheckouts({ dir, files }, count) {
  const ms = await timed(() =>
    inLanes(count, lanes, async (n) => {
      const tree = treeOf(n);
      await runGit(dir, "worktree", "add", "--detach", "--no-checkout", tree, "main");
      const info = path.join(dir, ".git/worktrees", path.basename(tree), "info");
      mkdirSync(info, { recursive: true });
      writeFileSync(path.join(info, "sparse-checkout"), `/${files[n]}\n`);
      const sparse = ["-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false"];
      await runGit(tree, ...sparse, "checkout", "--quiet", "--force", "--detach", "main");
    }),
  );
  removeTrees(dir);
  return ms;
}

/** As people script it: a worktree and a branch for each unit, a commit there, a merge into main, all taken away. */
export async function classic({ dir, files }, count) {
  const base = git(dir, "rev-parse", "main").trim();
  let merging = Promise.resolve();
  const ms = await timed(() =>
    inLanes(count, lanes, async (n) => {
      const tree = treeOf(n);
      const branch = `classic-${n}`;
      await alone(() => runGit(dir, "worktree", "add", "-q", "-b", branch, tree, base));
      appendFileSync(path.join(tree, files[n]), "// more\n");
      await runGit(tree, "commit", "-qam", `Unit ${n}`);
      await alone(() => runGit(dir, "merge", "-q", "--no-ff", "-m", `Merge ${n}`, branch));
      await runGit(dir, "worktree", "remove", "--force", tree);
      await alone(() => runGit(dir, "branch", "-qD", branch));
    }),
  );
  git(dir, "reset", "-q", "--hard", base);
  return ms;

  /** Git's own commands on one repository break each other. */
  function alone(work) {
    const mine = merging.then(work);
    merging = mine.catch(() => undefined);
    return mine;
  }
}

function treeOf(n) {
  return path.join(benchFolder(), "trees", `tree-${n}`);
}

function removeTrees(dir) {
  rmSync(path.join(benchFolder(), "trees"), { recursive: true, force: true });
  git(dir, "worktree", "prune");
}
