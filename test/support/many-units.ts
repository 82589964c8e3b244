/** A run of many small units of the built program, and what it cost: counted, not timed. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { startProcess } from "../../src/host/process.ts";
import { builtProgram } from "./program.ts";
import { makeRepository, type TestRepository } from "./repository.ts";

export interface ManyUnits {
  readonly units: number;
  readonly slots: number;
  /** Files that no unit owns. */
  readonly untouched?: number;
}

export interface Cost {
  readonly code: number | null;
  readonly stderr: string;
  /** How often each subcommand of git was started. */
  readonly git: Readonly<Record<string, number>>;
  readonly gitProcesses: number;
  readonly journalLines: number;
  /** The most worktrees that any worker saw beside its own, its own included. */
  readonly worktreesMax: number;
  readonly checkRuns: number;
  readonly doneWhenRuns: number;
  /** The highest resident memory of the program's own process, in MB. */
  readonly memoryMb: number;
  /** Files of the user's checkout that are not the very same any more. */
  readonly rewritten: readonly string[];
}

/** Each unit adds a line to a file of its own; one check, one condition of the end, no sandbox. */
export async function costOf(many: ManyUnits): Promise<Cost> {
  const repository = await makeRepository(filesOf(many));
  const { folder } = repository;
  const notes = path.join(folder, "notes");
  mkdirSync(notes);
  const plan = path.join(folder, "plan.json");
  writeFileSync(plan, JSON.stringify(planOf(many, notes)));
  const config = path.join(folder, "config.json");
  const limits = { units: many.units, concurrency: many.slots };
  writeFileSync(config, JSON.stringify({ limits }));
  const before = identities(repository);
  const worker = `echo more >> {files}; ls "$AGENT_WORK_DIR/.." | grep -c slot >> '${notes}/worktrees'`;
  const ran = await runWatched(repository, [
    ...["run", "--plan", plan, "--config", config, "--sandbox", "none"],
    ...["--command", worker, "--check", `echo >> '${notes}/checks'`],
  ]);
  const after = identities(repository);
  return {
    ...ran,
    ...callsOf(folder),
    journalLines: linesOf(journalOf(repository)).length,
    worktreesMax: Math.max(...linesOf(path.join(notes, "worktrees")).map(Number)),
    checkRuns: linesOf(path.join(notes, "checks")).length,
    doneWhenRuns: linesOf(path.join(notes, "done")).length,
    rewritten: [...after].flatMap(([name, is]) => (before.get(name) === is ? [] : [name])),
  };
}

function fileOf(unit: number): string {
  return `src/part${unit % 20}/unit${unit}.txt`;
}

function filesOf({ units, untouched = 0 }: ManyUnits): Record<string, string> {
  const files: Record<string, string> = {};
  for (let n = 0; n < units; n += 1) files[fileOf(n)] = `${n}\n`;
  for (let n = 0; n < untouched; n += 1) files[`other/part${n % 20}/${n}.txt`] = `${n}\n`;
  return files;
}

function planOf({ units }: ManyUnits, notes: string) {
  return {
    version: 1,
    goal: "Many small changes",
    units: Array.from({ length: units }, (_, n) => {
      const words = { title: `Unit ${n}`, instructions: "Add a line." };
      return { id: `u${n}`, ...words, owns: [fileOf(n)] };
    }),
    doneWhen: [{ name: "done", run: `echo >> '${notes}/done'` }],
  };
}

/** Runs the program with a git that notes each start of it, and looks at the program's memory now and then. */
async function runWatched({ path: cwd, folder }: TestRepository, args: readonly string[]) {
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  const git = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  const lines = [
    "#!/bin/sh",
    'for word in "$@"; do case "$word" in -c|-*|*=*) ;; *) break;; esac; done',
    `echo "$word" >> '${path.join(folder, "calls")}'`,
    `exec '${git}' "$@"`,
  ];
  writeFileSync(path.join(bin, "git"), `${lines.join("\n")}\n`);
  chmodSync(path.join(bin, "git"), 0o755);
  const { PATH = "", HOME = "" } = process.env;
  const child = startProcess(process.execPath, [builtProgram, ...args], {
    cwd,
    env: { PATH: `${bin}:${PATH}`, HOME, PLEACH_STATE_HOME: path.join(folder, "state") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let memoryMb = 0;
  const timer = setInterval(() => {
    memoryMb = Math.max(memoryMb, peakOf(child.pid));
  }, 200);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(timer);
  return { code, stderr, memoryMb };
}

/** 0 where the system does not tell. */
function peakOf(pid: number | undefined): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(file, "utf8"))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}

function callsOf(folder: string): Pick<Cost, "git" | "gitProcesses"> {
  const calls = linesOf(path.join(folder, "calls"));
  const git: Record<string, number> = {};
  for (const name of calls) git[name] = (git[name] ?? 0) + 1;
  return { git, gitProcesses: calls.length };
}

function journalOf(repository: TestRepository): string {
  const runs = path.join(repository.path, ".git/pleach/runs");
  return path.join(runs, readdirSync(runs)[0] ?? "", "journal.jsonl");
}

function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

/** Whoever writes a file anew changes one of these. */
function identities({ path: root }: TestRepository): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (name === ".git" || name.startsWith(`.git${path.sep}`)) continue;
    const { ino, mtimeNs, ctimeNs } = lstatSync(path.join(root, name), { bigint: true });
    if (lstatSync(path.join(root, name)).isFile()) found.set(name, `${ino} ${mtimeNs} ${ctimeNs}`);
  }
  return found;
}
