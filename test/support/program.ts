/** Runs the built program as a user would, and gathers what it says. */
import path from "node:path";
import { startProcess } from "../../src/host/process.ts";

export const builtProgram = path.resolve(import.meta.dirname, "../../dist/main.js");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to an environment that has only PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Words that start it, such as `prlimit --nofile=64`. */
  readonly through?: readonly string[];
}

export function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { PATH = "", HOME = "" } = process.env;
  const words = [...(options.through ?? []), process.execPath, builtProgram, ...args];
  const child = startProcess(words[0] ?? "", words.slice(1), {
    cwd: options.cwd ?? process.cwd(),
    env: { PATH, HOME, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
