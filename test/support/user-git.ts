/** Git as the user of a test runs it. Tests alone may spawn git here without the door, so that what is tested never
 *  vouches for itself. */
import { spawn } from "node:child_process";

/** Runs git as a user would, without the machine's own configuration. */
export function runGit(
  cwd: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn("git", [...args], {
    cwd,
    env: { ...userEnvironment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => {
      if (code === 0) done(Buffer.concat(stdout).toString("utf8").replace(/\n$/, ""));
      else fail(new Error(`git ${args.join(" ")}: ${code}: ${Buffer.concat(stderr).toString()}`));
    });
  });
}

/** The environment of a user's git in tests: nothing of `GIT_*` but what shuts out the machine's configuration. */
export function userEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("GIT_"),
  );
  return {
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
  };
}
