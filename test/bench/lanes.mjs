// Doing many things so many at once, with programs that do not block us.
import { spawn } from "node:child_process";

/** Calls `work` with 0 … count - 1, at most `lanes` at once. */
export async function inLanes(count, lanes, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Runs a program to its end; fails if it does. `started` is given the child. */
export function run(program, args, options = {}, started = () => undefined) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], ...options });
    started(child);
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(said);
      else
        reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${said.slice(-2000)}`));
    });
  });
}

const settings = ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"];

export function runGit(cwd, ...args) {
  return run("git", [...settings, ...args], { cwd });
}
