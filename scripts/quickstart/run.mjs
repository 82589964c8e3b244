// The quickstart's dealings with a run: its plan, its violent end, and what it must not leave behind.
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import {
  claim,
  folder,
  fromRepository,
  git,
  node,
  pleach,
  root,
  run,
  say,
  startPleach,
} from "./stage.mjs";

const scripts = path.join(root, "scripts/quickstart");
const planFile = path.join(folder, "plan.json");

/** A plan is a file that may be read and edited: here, it gets the proof without which its result must not land. */
export async function planWithProof({ goal, units, codemod, check, want }) {
  const files = ["--files", "src/**/*.ts", "--units", String(units), "--codemod", codemod];
  await pleach(["plan", goal, ...files, "--check", check, "--out", fromRepository(planFile)]);
  const plan = JSON.parse(readFileSync(planFile, "utf8"));
  const proof = [node, path.join(scripts, "check-endings.mjs"), want];
  const name = want === "all" ? "no bare imports" : "no endings";
  writeFileSync(
    planFile,
    JSON.stringify({ ...plan, doneWhen: [{ name, run: proof }] }, undefined, 2),
  );
  claim(plan.units.length >= units, `the plan has ${plan.units.length} units`);
  say(`it may land only when this holds: ${name}`);
}

/** Starts a run in a process group of its own, kills the group with SIGKILL once two units are merged, and answers with the
 *  merges. */
export async function killHalfWay(args) {
  const child = startPleach(args);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const merged = [];
  for await (const line of createInterface({ input: child.stdout })) {
    merged.push(...mergesIn(line));
    if (merged.length < 2) continue;
    process.kill(-child.pid, "SIGKILL");
    break;
  }
  await ended;
  claim(child.signalCode === "SIGKILL", "the run was killed while it was at work");
  return merged;
}

function mergesIn(line) {
  const { event } = JSON.parse(line);
  const isMerge = event?.type === "merge-finished" && event.outcome.type === "merged";
  return isMerge ? [event.outcome.commit] : [];
}

/** What a finished run must not leave: each list is empty if all is well. */
export async function leftovers() {
  const worktrees = await git("worktree", "list", "--porcelain");
  const branches = await git("for-each-ref", "--format=%(refname)", "refs/heads/pleach");
  return [
    {
      what: "worktree",
      found: linesOf(worktrees)
        .filter((line) => line.startsWith("worktree "))
        .slice(1),
    },
    { what: "branch of ours", found: linesOf(branches) },
    { what: "process", found: await processesOfOurs() },
  ];
}

/** Whatever still runs our program, or works in a worktree of ours; somebody who looks around in the repository does neither. */
async function processesOfOurs() {
  const marks = [path.join(folder, "state"), path.join(root, "dist")];
  const ours = (text) => marks.some((mark) => text.includes(mark));
  if (existsSync("/proc/self/cmdline")) {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return pids.filter((pid) => ours(factsOf(pid)));
  }
  const { stdout } = await run("ps", ["-A", "-o", "pid=,args="], { quiet: true });
  return linesOf(stdout).filter(ours);
}

/** Its command line and where it works; nothing for one that has just ended or is another user's. */
function factsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") + readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return "";
  }
}

function linesOf(text) {
  return text.split("\n").filter((line) => line !== "");
}
