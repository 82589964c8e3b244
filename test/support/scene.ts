/** A user with a repository who runs the built program: around every command the fingerprint of what is theirs is taken (promise
 *  P1), and after it nothing of ours may be left but what the test says (promise P7). */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { FinalDocument, UnitDocument } from "../../src/view/document.ts";
import { fingerprint, leftovers } from "./fingerprint.ts";
import { builtProgram, type Ran, runProgram } from "./program.ts";
import { makeRepository, type TestRepository, type TestRepositoryOptions } from "./repository.ts";

/** A plan as a person writes it. */
export interface PlanText {
  readonly [key: string]: unknown;
  readonly units?: readonly Readonly<Record<string, unknown>>[];
}

export interface CallOptions {
  /** Where it is typed; the checkout if absent. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The branch that may move, and the paths of the checkout that come along with it. */
  readonly lands?: { readonly branch?: string; readonly paths?: readonly string[] };
  /** Beginnings of refs of ours that stay; snapshots may always stay. */
  readonly kept?: readonly string[];
  /** A run goes on in another process: what it makes comes and goes, and only what is the user's is looked at. */
  readonly meanwhile?: boolean;
  /** Worktrees of ours may stay: the run is not finished, or was told to keep them. */
  readonly keepsWorktrees?: boolean;
}

export interface Scene {
  readonly repository: TestRepository;
  readonly stateHome: string;
  /** Writes a plan beside the repository, and answers with its path. */
  plan(plan: PlanText, name?: string): string;
  /** Writes a file beside the repository, and answers with its path. */
  beside(name: string, text: string): string;
  /** Types a command, and holds what may not change against what was. */
  type(args: readonly string[], options?: CallOptions): Promise<Ran>;
  /** The same with `--json` at its end, and what it printed on stdout. */
  ask<T = FinalDocument>(
    args: readonly string[],
    options?: CallOptions,
  ): Promise<Ran & { readonly document: T }>;
  /** The program as a shell command that types it: for workers, checks and hooks that do. */
  readonly shellCommand: string;
  /** What `<git common dir>/pleach/runs/<run>/…` holds. */
  record(run: string, file: string): string;
}

/** What an `{"error": …}` holds. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly advice: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

export async function makeScene(
  files: Readonly<Record<string, string>> = { "a.txt": "a\n", "b.txt": "b\n" },
  options: TestRepositoryOptions = {},
): Promise<Scene> {
  const repository = await makeRepository(files, options);
  const { folder } = repository;
  const stateHome = path.join(folder, "state");
  const beside = (name: string, text: string): string => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const type = async (args: readonly string[], how: CallOptions = {}): Promise<Ran> => {
    const excepted =
      how.lands === undefined
        ? {}
        : {
            except: [`refs/heads/${how.lands.branch ?? "main"}`],
            exceptPaths: how.lands.paths ?? [],
          };
    const before = await fingerprint(repository.path, excepted);
    const env = { ...quietGit, PLEACH_STATE_HOME: stateHome, ...how.env };
    const ran = await runProgram(args, { cwd: how.cwd ?? repository.path, env });
    expect(await fingerprint(repository.path, excepted)).toEqual(before);
    if (how.meanwhile !== true) await expectNothingLeft(repository, stateHome, how);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
    return ran;
  };
  return {
    repository,
    stateHome,
    beside,
    plan: (plan, name = "plan.json") =>
      beside(name, JSON.stringify({ version: 1, goal: "Make it better", ...plan })),
    type,
    ask: async <T>(args: readonly string[], how: CallOptions = {}) => {
      const ran = await type([...args, "--json"], how);
      return { ...ran, document: documentOf<T>(ran) };
    },
    shellCommand: `PLEACH_STATE_HOME='${stateHome}' '${process.execPath}' '${builtProgram}'`,
    record: (run, file) =>
      readFileSync(path.join(repository.path, ".git/pleach/runs", run, file), "utf8"),
  };
}

async function expectNothingLeft(
  repository: TestRepository,
  stateHome: string,
  how: CallOptions,
): Promise<void> {
  const left = await leftovers(repository.path, ["refs/pleach/", ...(how.kept ?? [])]);
  if (how.keepsWorktrees === true) {
    expect(left.filter((one) => !/^(?:worktree|admin) /.test(one))).toEqual([]);
    return;
  }
  expect(left).toEqual([]);
  expect((await refs(repository)).filter((ref) => ref.endsWith("/candidate"))).toEqual([]);
  expect(worktreesIn(stateHome)).toEqual([]);
}

/** A unit of a plan: it owns `<id>.txt` unless it says otherwise. */
export function planned(id: string, more: Readonly<Record<string, unknown>> = {}) {
  return { id, title: `Do ${id}`, instructions: `Change ${id}.`, owns: [`${id}.txt`], ...more };
}

/** The unit of a final document. */
export function unitIn(document: FinalDocument, id: string): UnitDocument {
  const found = document.units.find((unit) => unit.id === id);
  if (found === undefined) throw new Error(`no unit ${id} in ${JSON.stringify(document)}`);
  return found;
}

function documentOf<T>({ stdout, stderr }: Ran): T {
  try {
    return JSON.parse(stdout) as T;
  } catch (cause) {
    throw new Error(`stdout is not one document: ${stdout}\n${stderr}`, { cause });
  }
}

/** Nothing of the machine's own configuration. */
const quietGit = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };

async function refs(repository: TestRepository): Promise<string[]> {
  return (await repository.git("for-each-ref", "--format=%(refname)")).split("\n");
}

function worktreesIn(stateHome: string): string[] {
  const root = path.join(stateHome, "worktrees");
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => path.basename(name).startsWith("slot-"));
}
