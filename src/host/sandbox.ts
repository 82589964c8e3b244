/** Whether this machine has a sandbox: bubblewrap is not only looked for but tried, since user namespaces may be off. */
import { findBubblewrap } from "./bubblewrap.ts";
import { runProcess, succeeded } from "./run-process.ts";

export type { Sandbox } from "./bubblewrap.ts";

export type SandboxAnswer =
  | { readonly available: true; readonly path: string }
  | { readonly available: false; readonly why: string };

const trialMs = 10_000;
let answer: Promise<SandboxAnswer> | undefined;

/** Tried once in the life of our process. */
export function detectBubblewrap(): Promise<SandboxAnswer> {
  answer ??= tryBubblewrap();
  return answer;
}

async function tryBubblewrap(): Promise<SandboxAnswer> {
  if (process.platform !== "linux") return { available: false, why: "bubblewrap is for Linux" };
  const path = findBubblewrap();
  if (path === undefined) return { available: false, why: "bubblewrap (bwrap) is not installed" };
  const trial = await runProcess({
    // What must not be possible is tried as well: a sandbox that lets it pass is none.
    command: `! (: > "$PROBE") 2>/dev/null && [ "$$" -lt 100 ]`,
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", PROBE: `/pleach-probe-${process.pid}` },
    timeoutMs: trialMs,
    signal: new AbortController().signal,
    sandbox: { writable: [], protect: [], network: true },
  });
  if (succeeded(trial)) return { available: true, path };
  const said = trial.stderrTail.trim().split("\n").at(-1) ?? "";
  const end = trial.end.type === "not_started" ? trial.end.message : `it ended with ${said}`;
  return { available: false, why: `${path} does not work here: ${end}` };
}
