/** A user's repository and a run of the built program on it: what it said, and whether it kept what every run must keep. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { JournalLine } from "../../src/core/event.ts";
import type { ErrorFields, FinalDocument } from "../../src/view/document.ts";
import { brokenPromises } from "./kept-promises.ts";
import { type Ran, type RunOptions, runProgram } from "./program.ts";
import { fingerprint, makeRepository, runGit, type TestRepository } from "./repository.ts";

export interface Scene {
  /** The checkout that the program is started in. */
  readonly checkout: string;
  /** A folder beside it, for whatever a test needs. */
  readonly folder: string;
  readonly stateHome: string;
}

export interface Ended extends Ran {
  /** The final document of a run that began. */
  readonly document: FinalDocument | undefined;
  readonly error: ErrorFields | undefined;
}

export interface PleachOptions extends RunOptions {
  /** Programs on PATH before those of the machine. */
  readonly programs?: string;
  /** Runs the program by these words, such as `prlimit --nofile=64`. */
  readonly through?: readonly string[];
  /** The branch that may move; `main` if absent. */
  readonly branch?: string;
  /** The checkout was put back as it was, which the index notes of its files. */
  readonly putBack?: true;
}

export const plainFiles: Readonly<Record<string, string>> = {
  "README.md": "# words\n",
  "src/a.txt": "a\n",
  "src/b.txt": "b\n",
  "docs/c.txt": "c\n",
};

export async function makeScene(
  files: Readonly<Record<string, string | Buffer>> = plainFiles,
): Promise<Scene & { readonly repository: TestRepository }> {
  const repository = await makeRepository(files);
  return { ...sceneAt(repository.path, repository.folder), repository };
}

/** The scene of another checkout, such as a clone. */
export function sceneAt(checkout: string, folder: string): Scene {
  return { checkout, folder, stateHome: path.join(folder, "state") };
}

/** One run that must keep every promise to the user, however it ends. `args` follow `run`. */
export async function runKept(
  scene: Scene,
  args: readonly string[],
  options: PleachOptions = {},
): Promise<Ended> {
  return kept(scene, ["run", ...args], options);
}

/** Any command of the program, with the fingerprint taken around it. */
export async function kept(
  scene: Scene,
  args: readonly string[],
  options: PleachOptions = {},
): Promise<Ended> {
  const before = await look(scene);
  const ended = await pleach(scene, args, options);
  await expectKept(scene, before, ended, options);
  return ended;
}

/** What may change is known only afterwards, so that everything is looked at before. */
export interface Look {
  facts(except: readonly string[], paths: readonly string[]): Record<string, string>;
}

export async function look({ checkout }: Scene): Promise<Look> {
  const all = await fingerprint(checkout);
  return {
    facts: (refs, paths) => {
      const names = new Set([
        ...refs.map((ref) => `ref ${ref}`),
        ...paths.map((each) => `file ${each}`),
        ...(refs.length === 0 ? [] : ["index", "ORIG_HEAD", "logs/HEAD", "worktrees"]),
      ]);
      const isChanged = (name: string) =>
        names.has(name) ||
        paths.some(
          (each) => name.startsWith(`index ${each} `) || `file ${each}`.startsWith(`${name}/`),
        );
      return Object.fromEntries(Object.entries(all).filter(([name]) => !isChanged(name)));
    },
  };
}

/** The user's things are as they were but for what landed; what landed was verified; nothing of ours is left. */
export async function expectKept(
  scene: Scene,
  before: Look,
  ended: Ended,
  { branch = "main", putBack }: Pick<PleachOptions, "branch" | "putBack"> = {},
): Promise<void> {
  const said = `${ended.stdout}\n${ended.stderr}`;
  expect(ended.code, said).not.toBe(70);
  expect(said).not.toMatch(/\n {4}at .*:\d+:\d+/);
  const { document } = ended;
  const landed = document !== undefined && document.landed !== null;
  const refs = landed ? [`refs/heads/${branch}`] : [];
  const merged = document?.units.filter(({ status }) => status === "merged") ?? [];
  const paths = landed ? merged.flatMap(({ changed }) => changed) : [];
  const after = await look(scene);
  const [is, was] = [after, before].map((one) => {
    const { index = "", ...facts } = one.facts(refs, paths);
    return putBack ? facts : { ...facts, index };
  });
  expect(is).toEqual(was);
  if (document !== undefined) expect(await brokenPromises(scene, document)).toEqual([]);
}

/** Starts the program on the scene, with `--json`. */
export async function pleach(
  { checkout, stateHome }: Scene,
  [command = "run", ...args]: readonly string[],
  { programs, through = [], cwd = checkout, env = {} }: PleachOptions = {},
): Promise<Ended> {
  const PATH = [...(programs === undefined ? [] : [programs]), process.env["PATH"]].join(":");
  const ran = await runProgram([command, "--json", ...args], {
    cwd,
    through,
    env: { PATH, PLEACH_STATE_HOME: stateHome, ...userConfig, ...env },
  });
  return { ...ran, ...documentsOf(ran.stdout) };
}

/** The machine's own configuration is shut out as in user-git.ts; a test may give another. */
const userConfig = { GIT_CONFIG_NOSYSTEM: "1" };

function documentsOf(stdout: string): Pick<Ended, "document" | "error"> {
  if (!stdout.startsWith("{")) return { document: undefined, error: undefined };
  const said = JSON.parse(stdout) as Partial<FinalDocument>;
  return {
    document: said.units === undefined ? undefined : (said as FinalDocument),
    error: said.error,
  };
}

export interface PlannedUnit {
  readonly id: string;
  readonly owns: readonly string[];
  readonly title?: string;
  readonly instructions?: string;
  readonly after?: readonly string[];
  readonly checks?: readonly string[];
}

/** Writes a plan beside the repository, and answers the flags that name it. */
export function planOf(
  scene: Scene,
  units: readonly PlannedUnit[],
  more: Readonly<Record<string, unknown>> = {},
): string[] {
  mkdirSync(scene.folder, { recursive: true });
  const file = path.join(scene.folder, "plan.json");
  const full = units.map((unit) => ({ title: unit.id, instructions: "Do it.", ...unit }));
  writeFileSync(file, JSON.stringify({ version: 1, goal: "Words", units: full, ...more }));
  return ["--plan", file];
}

/** A worker by its shell text, without a sandbox unless asked for. */
export function worker(command: string, sandbox: "none" | "bwrap" = "none"): string[] {
  return ["--command", command, "--sandbox", sandbox];
}

/** One unit that owns `src` and adds a line to `src/a.txt`. */
export function simpleRun(scene: Scene): string[] {
  return [...planOf(scene, [{ id: "one", owns: ["src/**"] }]), ...worker("echo more >> src/a.txt")];
}

export async function journalOf(scene: Scene, run: string): Promise<readonly JournalLine[]> {
  const file = path.join(await runRoot(scene, run), "journal.jsonl");
  const text = readFileSync(file, "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JournalLine);
}

export async function runRoot({ checkout }: Scene, run: string): Promise<string> {
  const args = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
  return path.join(await runGit(checkout, args), "pleach/runs", run);
}
