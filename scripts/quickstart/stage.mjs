// What the quickstart stands on: where things are, how it starts programs and says what it does, and the repository it makes.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npm, requireBuild, root } from "../set-up.mjs";

export { root };
export const folder = path.join(root, ".pleach-quickstart");
export const repository = path.join(folder, "rxjs");
export const node = process.execPath;
export const tsc = path.join(root, "node_modules/typescript/bin/tsc");

const program = path.join(root, "dist/main.js");
const fetched = path.join(folder, "fetched");
const published = "rxjs@7.8.2";

/** The environment of everything started here. The user's own state folder and git settings play no part. */
export const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  PLEACH_STATE_HOME: path.join(folder, "state"),
  // A check may say `tsc`, whoever started this.
  PATH: `${path.join(root, "node_modules/.bin")}${path.delimiter}${process.env.PATH}`,
};

let steps = 0;

export function say(text) {
  console.log(text === "" ? "" : `  ${text}`);
}

export async function step(title, work) {
  steps += 1;
  console.log(`\n${steps}. ${title}`);
  const began = performance.now();
  await work();
  console.log(`  (${((performance.now() - began) / 1000).toFixed(1)} s)`);
}

/** Ends the quickstart where something is not as it says. */
export function claim(isSo, text) {
  if (isSo) return say(`✓ ${text}`);
  console.error(`  ✗ NOT SO: ${text}`);
  process.exit(1);
}

/** Answers with exit code and output; shows the output as it comes unless told to be quiet. */
export function run(file, args, { cwd = root, quiet = false } = {}) {
  const child = spawn(file, args, {
    cwd,
    env: environment,
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name]?.setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...output }));
  });
}

export async function must(file, args, options) {
  const result = await run(file, args, options);
  if (result.code === 0) return result.stdout.trim();
  console.error(result.stdout + result.stderr);
  console.error(`  ✗ ${path.basename(file)} ${args.join(" ")} ended with ${result.code}`);
  return process.exit(1);
}

export function git(...args) {
  return must("git", args, { cwd: repository, quiet: true });
}

export function pleach(args) {
  say(`$ pleach ${args.map(quoted).join(" ")}`);
  return must(node, [program, ...args], { cwd: repository });
}

export function startPleach(args) {
  // A group of its own, so that all of it can be killed at one stroke.
  const child = spawn(node, [program, ...args], {
    cwd: repository,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  // Nor does it go on when this ends before its time.
  process.once("exit", () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, "SIGKILL");
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  return child;
}

/** As one types it in the repository. */
export function fromRepository(file) {
  return path.relative(repository, file);
}

/** For a shell. */
function quoted(text) {
  if (/^[\w./:=@-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export async function build() {
  requireBuild();
  say(`pleach ${await must(node, [program, "--version"], { quiet: true })} is built`);
}

/** Answers with the number of committed files. */
export async function makeRepository() {
  rmSync(repository, { recursive: true, force: true });
  rmSync(path.join(folder, "state"), { recursive: true, force: true });
  mkdirSync(repository, { recursive: true });
  const sources = path.join(fetched, "node_modules/rxjs");
  if (!existsSync(path.join(sources, "src/index.ts"))) {
    mkdirSync(fetched, { recursive: true });
    writeFileSync(path.join(fetched, "package.json"), '{ "private": true }\n');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
    npm(["install", published, ...flags, "--prefix", fetched, "--loglevel=error"]);
  }
  for (const name of ["src", "tsconfig.json", "package.json", "README.md", "LICENSE.txt"]) {
    cpSync(path.join(sources, name), path.join(repository, name), { recursive: true });
  }
  // A module looks at the files around the one it changes, so its worktree must hold the whole tree.
  writeFileSync(path.join(repository, ".agentrc.json"), '{ "checkout": "full" }\n');
  await git("init", "--quiet", "--initial-branch=main");
  for (const [key, value] of Object.entries({
    "user.name": "Quickstart",
    "user.email": "quickstart@localhost",
    "core.autocrlf": "false",
    "commit.gpgSign": "false",
  })) {
    await git("config", key, value);
  }
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--no-verify", "-m", "The published sources of rxjs 7.8.2");
  return (await git("ls-files")).split("\n").length;
}
