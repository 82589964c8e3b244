/** Runs of the built program on a scene that are killed with their whole process group and resumed until they end, and what such
 *  a run must then be: what an uninterrupted one is. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { JournalLine, RunEvent } from "../../src/core/event.ts";
import { messageOf } from "../../src/core/failure.ts";
import { randomFrom } from "./merge-cases.ts";
import { builtProgram, type Ran } from "./program.ts";
import { fingerprint, leftovers } from "./repository.ts";
import { runningWith } from "./scratch.ts";
import { copyOf, filesInState, removeScene, type Scene, wovenFiles } from "./woven-scene.ts";

const preload = path.join(import.meta.dirname, "kill-at-line.mjs");

export type Kill =
  | { readonly when: "before" | "torn" | "after"; readonly line: number | RunEvent["type"] }
  /** So many milliseconds after a line, 0 for the start. */
  | { readonly when: "moment"; readonly line: number; readonly ms: number };

export interface Started {
  readonly pid: number;
  /** To the process alone, as `kill` does. */
  signal(name: NodeJS.Signals): void;
  /** SIGKILL to the whole process group. */
  kill(): void;
  /** So far. */
  said(): Pick<Ran, "stdout" | "stderr">;
  readonly ended: Promise<Ran & { readonly by: NodeJS.Signals | null }>;
}

export function startPleach(
  scene: Scene,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [builtProgram, ...args], {
    cwd: scene.repository.path,
    env: { PATH, HOME, PLEACH_STATE_HOME: scene.stateHome, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the program could not be started");
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<Ran & { by: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, by) => resolve({ code, by, ...said }));
    // What outlives the kill may hold the pipe.
    child.once("exit", (code, by) => {
      if (by === "SIGKILL") resolve({ code, by, ...said });
    });
  });
  const send = (to: number, name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) process.kill(to, name);
  };
  return {
    pid,
    ended,
    said: () => said,
    signal: (name) => send(pid, name),
    kill: () => send(-pid, "SIGKILL"),
  };
}

export const runArguments = (scene: Scene, ...more: readonly string[]) => [
  ...["run", "--json", "--plan", scene.plan, "--trust", "--sandbox", "none"],
  ...more,
];

/** Starts the program and kills it, unless it ends before that. */
export function killedOnce(scene: Scene, args: readonly string[], kill: Kill) {
  const NODE_OPTIONS = `--import=${preload}`;
  const KILL_AT = `${kill.when} ${kill.line} ${"ms" in kill ? kill.ms : ""}`;
  return startPleach(scene, args, { NODE_OPTIONS, KILL_AT }).ended;
}

/** A run that is killed by each kill in turn, the first while it runs, the others while it is resumed; then resumed to its end.
 *  Answers how many kills came in time. */
export async function runKilled(
  scene: Scene,
  args: readonly string[],
  kills: readonly Kill[],
): Promise<{ readonly end: Ran; readonly killed: number }> {
  let killed = 0;
  for (const kill of kills) {
    const ran = await killedOnce(scene, commandOf(scene, args), kill);
    if (ran.by !== "SIGKILL") return { end: ran, killed };
    killed += 1;
  }
  return { end: await startPleach(scene, commandOf(scene, args)).ended, killed };
}

/** A run without a whole first line never began: it is simply started again. */
function commandOf(scene: Scene, args: readonly string[]): readonly string[] {
  return hasBegun(scene) ? ["resume", "--json"] : args;
}

export function runsOf({ repository }: Scene): readonly string[] {
  const folder = path.join(repository.path, ".git/pleach/runs");
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

export function journalFile(scene: Scene, run: string): string {
  return path.join(scene.repository.path, ".git/pleach/runs", run, "journal.jsonl");
}

function begunRuns(scene: Scene): readonly string[] {
  return runsOf(scene).filter((run) => {
    const file = journalFile(scene, run);
    return existsSync(file) && readFileSync(file, "utf8").includes("\n");
  });
}

export function hasBegun(scene: Scene): boolean {
  return begunRuns(scene).length > 0;
}

/** The one run that began. */
export function theRun(scene: Scene): string {
  const runs = begunRuns(scene);
  expect(runs).toHaveLength(1);
  return runs[0] ?? "";
}

export function journalOf(scene: Scene, run: string = theRun(scene)): readonly JournalLine[] {
  const text = readFileSync(journalFile(scene, run), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalLine);
}

export function eventsOf<T extends RunEvent["type"]>(scene: Scene, type: T) {
  return journalOf(scene).flatMap(({ event }) =>
    event.type === type ? [event as Extract<RunEvent, { type: T }>] : [],
  );
}

const target = "refs/heads/main";
const units = ["alpha", "beta", "gamma", "delta"];
const userExcept = { except: [target], exceptPaths: [...units, ...Object.keys(wovenFiles)] };

/** Everything of the user's, which no run may change but for what it lands; the same for a copy of the scene. */
export async function userOf({ repository, folder }: Scene): Promise<Record<string, string>> {
  const facts = await fingerprint(repository.path, userExcept);
  return { ...facts, worktrees: facts["worktrees"]?.replace(folder, "") ?? "" };
}

/** What is compared between a killed and an uninterrupted run. */
export async function endOf(scene: Scene, { code, stdout }: Ran) {
  const document = JSON.parse(stdout) as {
    readonly outcome: string;
    readonly landed: string | null;
    readonly units: readonly { readonly id: string; readonly status: string }[];
    readonly doneWhen: readonly { readonly name: string; readonly passed: boolean }[];
  };
  const { outcome, units, doneWhen, landed } = document;
  const { repository } = scene;
  const tip = await repository.git("rev-parse", target);
  return {
    code,
    outcome,
    units: units.map(({ id, status }) => `${id} ${status}`),
    doneWhen: doneWhen.map(({ name, passed }) => `${name} ${passed}`),
    hasLanded: landed === tip,
    tree: await repository.git("rev-parse", `${target}^{tree}`),
    merges: (await mergesOf(scene)).sort(),
    strangers: (await repository.git("status", "--porcelain")).split("\n"),
  };
}

/** The unit of each merge commit on the target, as the trailers say. */
async function mergesOf({ repository }: Scene): Promise<string[]> {
  const format = "--format=%(trailers:key=Pleach-Unit,valueonly,separator=)";
  return (await repository.git("log", "--merges", "--first-parent", format, target))
    .split("\n")
    .filter(Boolean);
}

/** Promise P7: nothing of ours is left, and nothing of it runs. Snapshots stay until `pleach clean`, and what did not land. */
export async function expectNothingLeft(scene: Scene, ...kept: readonly string[]): Promise<void> {
  const run = theRun(scene);
  expect(runningWith(`PLEACH_RUN=${run}`)).toEqual([]);
  expect(await leftovers(scene.repository.path, [`refs/pleach/${run}/`, ...kept])).toEqual([]);
  expect(await scene.repository.git("for-each-ref", `refs/pleach/${run}/integration`)).toBe("");
  expect(filesInState(scene)).toEqual([]);
  expect(existsSync(path.join(scene.repository.path, ".git/pleach/runner"))).toBe(false);
  expect(existsSync(path.join(scene.repository.path, ".git/worktrees"))).toBe(false);
}

/** Promise P5, from the journal and from git: each unit is merged once, and by the commit that the journal names. */
export async function expectMergedOnce(scene: Scene): Promise<void> {
  const merged = eventsOf(scene, "merge-finished").flatMap(({ subject, outcome }) =>
    outcome.type === "merged" && subject.type === "unit" ? [[subject.unit, outcome.commit]] : [],
  );
  const format = "--format=%(trailers:key=Pleach-Unit,valueonly,separator=) %H";
  const log = await scene.repository.git("log", "--merges", "--first-parent", format, target);
  const inGit = log.split("\n").filter((line) => !line.startsWith(" ") && line !== "");
  expect(inGit.sort()).toEqual(merged.map((pair) => pair.join(" ")).sort());
  expect(new Set(merged.map(([unit]) => unit)).size).toBe(merged.length);
}

export interface Expected {
  readonly scene: Scene;
  readonly user: Record<string, string>;
  readonly end: Awaited<ReturnType<typeof endOf>>;
  /** How many lines an uninterrupted run has. */
  readonly lines: number;
}

/** An uninterrupted run, with which the killed ones are compared. */
export async function expectedOf(scene: Scene): Promise<Expected> {
  const copy = await copyOf(scene);
  const user = await userOf(copy);
  const ran = await startPleach(copy, runArguments(copy)).ended;
  expect(ran).toMatchObject({ code: 0 });
  const end = await endOf(copy, ran);
  await expectWhole(copy, user);
  const lines = journalOf(copy).length;
  removeScene(copy);
  return { scene, user, end, lines };
}

/** One killed run in a scene of its own, resumed to its end and compared. Answers how many kills came in time. */
export async function expectSameAfter(
  { scene, user, end }: Expected,
  kills: readonly Kill[],
  more: readonly string[] = [],
  also: (scene: Scene) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const copy = await copyOf(scene);
  const ran = await runKilled(copy, runArguments(copy, ...more), kills);
  try {
    expect(await endOf(copy, ran.end)).toEqual(end);
    await expectWhole(copy, user);
    await also(copy);
  } catch (error) {
    throw new Error(`after ${JSON.stringify(kills)}: ${ran.end.stderr}${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    removeScene(copy);
  }
  return ran.killed;
}

async function expectWhole(scene: Scene, user: Record<string, string>): Promise<void> {
  expect(await userOf(scene)).toEqual(user);
  for (const [name, text] of Object.entries(wovenFiles)) {
    expect([name, scene.repository.read(name)]).toEqual([name, text]);
  }
  await expectNothingLeft(scene);
  await expectMergedOnce(scene);
}

/** Does all of it, so many at a time, and adds up what comes of it. */
export async function sumOf<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<number>,
): Promise<number> {
  const open = [...items];
  let sum = 0;
  const lane = async () => {
    for (let item = open.shift(); item !== undefined; item = open.shift()) {
      const count = await work(item);
      sum += count;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return sum;
}

/** Moments for one run and its resumes: anywhere in the first, early in the others, which have less to do. */
export function momentsFrom(seed: number, lines: number, count: number): readonly Kill[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, at) => {
    const line = random(Math.ceil(at === 0 ? lines - 1 : lines / (3 * at)));
    return { when: "moment", line, ms: random(line === 0 ? startMs : gapMs) };
  });
}

/** As long as the program takes to its first line, and about twice as long as from one line to the next. */
const startMs = 300;
const gapMs = 60;
