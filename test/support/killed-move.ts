/** Kills a process of its own in the middle of moving a branch, at a chosen call of git or file of a checkout. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sha } from "../../src/core/id.ts";
import type { Move } from "../../src/git/landing.ts";
import type { RefHome } from "../../src/git/ref.ts";
import { makeMove } from "./move.ts";
import { repositoryAt, runGit, type TestRepository, temporaryFolder } from "./repository.ts";

export interface Kill {
  /** `smudge`: while git writes the n-th filtered file; `moment`: after as many milliseconds. */
  readonly when: "before" | "after" | "smudge" | "moment";
  readonly at: number;
  /** The whole process group, or only the process that called git, so that git lives on as an orphan. */
  readonly whom: "group" | "runner";
}

export interface KillScene {
  readonly repository: TestRepository;
  readonly home: RefHome;
  readonly move: Move;
}

const realGit = "git";
const longMs = 60_000;

/** A move with every kind of change in it, beside edits of the user's that it does not touch. */
export async function makeKillScene(): Promise<KillScene> {
  const filtered = Object.fromEntries([1, 2, 3].map((n) => [`f${n}.slow`, `${n}\n`]));
  const scene = await makeMove(
    {
      ".gitattributes": "*.slow filter=slow\n",
      ".gitignore": "*.log\n",
      ...filtered,
      edit: "1\n".repeat(5000),
      gone: "g\n",
      "d/x": "x\n",
      "d/y": "y\n",
      swap: "s\n",
      tool: "#!/bin/sh\n",
      mine: "m\n",
    },
    {
      ...Object.fromEntries([1, 2, 3].map((n) => [`f${n}.slow`, `new ${n}\n`])),
      edit: "2\n".repeat(5000),
      gone: null,
      "d/x": null,
      "d/y": null,
      d: "a file now\n",
      swap: null,
      "swap/in": "s\n",
      "fresh/new.slow": "n\n",
    },
  );
  const { repository } = scene;
  await repository.git("checkout", "--quiet", "work");
  chmodSync(join(repository.path, "tool"), 0o755);
  symlinkSync("edit", join(repository.path, "link"));
  const next = (await repository.commit({}, "Modes")) as Sha;
  await repository.git("checkout", "--quiet", "main");
  repository.write({ mine: "edited\n", untracked: "u\n", "x.log": "i\n" });
  return { ...scene, move: { ...scene.move, new: next } };
}

/** The same scene in a folder of its own. */
export async function copyScene(scene: KillScene): Promise<KillScene> {
  const path = join(temporaryFolder(), "repository");
  cpSync(scene.repository.path, path, { recursive: true, verbatimSymlinks: true });
  await runGit(path, ["status"], { env: { GIT_OPTIONAL_LOCKS: "1" } });
  return {
    repository: repositoryAt(path),
    home: { commonDir: join(path, ".git") },
    move: scene.move,
  };
}

export interface KilledRun {
  /** False where the run ended before its death came. */
  readonly killed: boolean;
  /** What it answered, if it lived. */
  readonly answer: string;
}

/** `what` is `moveTarget` or `recoverMove`; `compiled` is where `compileRooms` put our sources. */
export async function runKilled(
  compiled: string,
  what: "moveTarget" | "recoverMove",
  request: { readonly scene: KillScene; readonly since?: number; readonly kill: Kill },
): Promise<KilledRun> {
  const { scene, kill } = request;
  const bin = temporaryFolder("pleach-kill-");
  const counter = join(bin, "count");
  writeFileSync(counter, "0\n");
  writeFileSync(join(bin, "smudges"), "0\n");
  mkdirSync(join(bin, "bin"));
  writeProgram(join(bin, "bin/git"), wrapper(counter, kill, await which(realGit)));
  writeProgram(join(bin, "smudge"), smudge(join(bin, "smudges"), kill));
  await scene.repository.git("config", "filter.slow.smudge", `'${join(bin, "smudge")}'`);
  await scene.repository.git("config", "filter.slow.clean", "cat");
  const module = what === "moveTarget" ? "landing" : "landing-recovery";
  const argument = JSON.stringify({ ...scene.move, since: request.since ?? 0 });
  const script = `
    const { ${what} } = await import(${JSON.stringify(join(compiled, `git/${module}.js`))});
    const answer = await ${what}(${JSON.stringify(scene.home)}, ${argument});
    console.log(JSON.stringify(answer));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    detached: true,
    env: { ...process.env, PATH: `${join(bin, "bin")}:${process.env["PATH"] ?? ""}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let answer = "";
  child.stdout.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  const alarm = setTimeout(
    () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL"),
    kill.when === "moment" ? kill.at : longMs,
  );
  const signal = await new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("exit", (_code, by) => resolve(by));
  });
  clearTimeout(alarm);
  return { killed: signal === "SIGKILL", answer };
}

function wrapper(counter: string, kill: Kill, git: string): string {
  const die = kill.whom === "group" ? "kill -9 0" : "kill -9 $PPID";
  const isIt = `[ "$n" = ${kill.at} ] && `;
  return `#!/bin/sh
read n < '${counter}'; n=$((n+1)); echo $n > '${counter}'
${kill.when === "before" ? `${isIt}{ ${die}; exit 1; }` : ""}
${git} "$@"
code=$?
${kill.when === "after" ? `${isIt}${die}` : ""}
exit $code
`;
}

function smudge(counter: string, kill: Kill): string {
  const at = kill.when === "smudge" ? kill.at : 0;
  return `#!/bin/sh
read n < '${counter}'; n=$((n+1)); echo $n > '${counter}'
[ "$n" = ${at} ] && kill -9 0
exec cat
`;
}

function writeProgram(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

async function which(name: string): Promise<string> {
  const child = spawn("sh", ["-c", `command -v ${name}`], { stdio: ["ignore", "pipe", "ignore"] });
  let found = "";
  child.stdout.on("data", (chunk: Buffer) => {
    found += chunk.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  return found.trim();
}
