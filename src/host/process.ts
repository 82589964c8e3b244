/** The one door to other programs: nothing else imports node:child_process. Starting is here; ending whole trees is in
 *  process-tree.ts, hiding the machine from them in sandbox.ts. A process must never outlive the signal it was given. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** Starts a program without a shell. The caller owns the child and must wait for it. */
export function startProcess(
  file: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return spawn(file, [...args], { ...options, shell: false, windowsHide: true });
}
