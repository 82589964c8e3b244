// One measured run of a program that makes import graphs, in a process of its own: `survey DIR CACHE`, `memory DIR CACHE`,
// `cruise DIR`, `madge DIR FOLDER`. What it took stands on stdout as JSON; loading the program counts for none of them.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { timed } from "./measure.mjs";

const [which, dir, folder] = process.argv.slice(2);
const runs = { survey, memory, cruise, madge };
console.log(JSON.stringify(await runs[which]()));

async function survey() {
  const ask = await asking();
  return { coldMs: await timed(ask), warmMs: await timed(ask) };
}

/** The most that this process, and any one of its children, had resident. */
async function memory() {
  const ask = await asking();
  let childMegabytes = 0;
  const timer = setInterval(() => {
    childMegabytes = Math.max(childMegabytes, ...childPeaks());
  }, 20);
  await ask();
  clearInterval(timer);
  return { ownMegabytes: process.resourceUsage().maxRSS / 1000, childMegabytes };
}

async function asking() {
  const { openRepository, revision } = await import("../../build/git/repository.js");
  const { surveyCommit } = await import("../../build/survey/survey.js");
  const home = await openRepository(dir);
  const base = await revision(home, "HEAD");
  const { signal } = new AbortController();
  return () => surveyCommit({ home, base, cacheFolder: folder, signal });
}

function childPeaks() {
  const tasks = readdirSync("/proc/self/task");
  const pids = tasks.flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" "),
  );
  return pids.filter(Boolean).map((pid) => {
    try {
      return (
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1000
      );
    } catch {
      // It has ended meanwhile.
      return 0;
    }
  });
}

async function cruise() {
  const { cruise: run } = await import("dependency-cruiser");
  process.chdir(dir);
  const options = { baseDir: dir, tsPreCompilationDeps: true };
  return { coldMs: await timed(() => run(["src"], options, { extensions: [".ts", ".js"] })) };
}

async function madge() {
  const run = createRequire(path.join(folder, "package.json"))("madge");
  const options = { baseDir: dir, fileExtensions: ["ts"] };
  return { coldMs: await timed(() => run(path.join(dir, "src"), options)) };
}
