/** Which repository configs may run commands here. A config that runs something, or weakens what keeps us safe, is obeyed
 *  only once a person said so for exactly that content; what they said is kept outside the repository, where no commit
 *  and no worker can write it. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Check, Command } from "../core/plan.ts";
import { readTextIfThere, writeAtomically } from "../host/file.ts";
import {
  type Config,
  type ConfigWorker,
  defaultBaseUrl,
  defaultKeyName,
  emptyConfig,
} from "./schema.ts";
import { readCodemod } from "./settings-of.ts";
import { ruleText } from "./tool-rules.ts";

export interface TrustQuestion {
  /** Of everything that matters; another config, or another codemod file, has another. */
  readonly hash: string;
  /** What would be run or weakened, a line each; none means that no trust is needed. */
  readonly commands: readonly string[];
}

/** `folder` is where the config's relative paths begin. */
export async function trustQuestion(config: Config, folder: string): Promise<TrustQuestion> {
  const workers = await Promise.all(
    Object.entries(config.workers).map(([name, worker]) => workerPart(name, worker, folder)),
  );
  const commands = [
    ...workers.flatMap((worker) => worker.command ?? []),
    ...config.checks.map((check) => checkLine("check", check)),
    ...config.unitChecks.map((check) => checkLine("unit check", check)),
    ...config.setup.run.map((command) => `setup: ${commandLine(command)}`),
    ...config.setup.copy.map((file) => `setup: copy ${file} into each worktree`),
    ...config.setup.clone.map((file) => `setup: clone ${file} into each worktree`),
    ...(config.sandbox === "none" ? ["sandbox: none"] : []),
    ...(config.shell.network ? ["shell: agents' commands reach the network"] : []),
    ...config.shell.caches.map((folder) => `shell: agents' commands may write ~/${folder}`),
    ...Object.entries(config.tools).flatMap(([role, tool]) =>
      (tool.allow ?? []).map((rule) => `tools: ${role} may use ${ruleText(rule)} unasked`),
    ),
  ];
  const { checks, unitChecks, setup, sandbox, tools, budget, shell } = config;
  const parts = {
    version: 1,
    workers: workers.flatMap((worker) => worker.part ?? []),
    ...{ checks, unitChecks, setup, sandbox, tools, budget, shell },
  };
  return { hash: createHash("sha256").update(canonical(parts)).digest("hex"), commands };
}

/** An agent that the repository brings along. */
export interface RoleText {
  /** As it is shown, such as `.claude/agents/tester.md`. */
  readonly source: string;
  readonly text: string;
}

/** The agents of a repository are asked for apart from its config: only a run with models obeys them. */
export function rolesQuestion(files: readonly RoleText[]): TrustQuestion {
  const parts = { version: 1, roles: files.map(({ source, text }) => [source, text]) };
  return {
    hash: createHash("sha256").update(canonical(parts)).digest("hex"),
    commands: files.map(({ source }) => `agent: ${source}`),
  };
}

/** What of a config one run would obey, as its flags and its plan leave it. */
export interface Obeyed {
  /** Flags stand in the place of the config's. */
  readonly checks: boolean;
  readonly unitChecks: boolean;
  readonly sandbox: boolean;
  /** The workers of the config that the units of the plan name. */
  readonly workers: ReadonlySet<string>;
}

/** The config without what this run does not obey. Its hash is that of a config which says no more. */
export function obeyedConfig(config: Config, obeyed: Obeyed): Config {
  const workers = Object.entries(config.workers).filter(([name]) => obeyed.workers.has(name));
  return {
    ...config,
    workers: Object.fromEntries(workers),
    checks: obeyed.checks ? config.checks : emptyConfig.checks,
    unitChecks: obeyed.unitChecks ? config.unitChecks : emptyConfig.unitChecks,
    sandbox: obeyed.sandbox ? config.sandbox : emptyConfig.sandbox,
  };
}

export async function isTrusted(
  stateHome: string,
  repository: string,
  hash: string,
): Promise<boolean> {
  return (await readTextIfThere(trustFile(stateHome, repository, hash))) !== undefined;
}

/** Remembers that this content is trusted in this repository. */
export async function trust(
  stateHome: string,
  repository: string,
  question: TrustQuestion,
): Promise<void> {
  const file = trustFile(stateHome, repository, question.hash);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const said = { version: 1, repository, hash: question.hash, commands: question.commands };
  await writeAtomically(file, `${JSON.stringify(said, undefined, 2)}\n`);
}

/** One file each: two people who trust at once do not undo each other. */
function trustFile(stateHome: string, repository: string, hash: string): string {
  return path.join(stateHome, "trust", repository, `${hash}.json`);
}

interface WorkerPart {
  /** What the hash takes in; nothing for a worker that needs no trust. */
  readonly part?: unknown;
  readonly command?: string;
}

async function workerPart(name: string, worker: ConfigWorker, folder: string): Promise<WorkerPart> {
  if (worker.type === "command") {
    return { part: [name, worker], command: `worker ${name}: ${commandLine(worker.command)}` };
  }
  if (worker.type === "model") {
    const usual = worker.baseURL === defaultBaseUrl && worker.apiKeyEnv === defaultKeyName;
    if (usual && worker.price === undefined) return {};
    const line = usual
      ? `worker ${name}: sets the price that budgets count with`
      : `worker ${name}: sends the key ${worker.apiKeyEnv} to ${worker.baseURL}`;
    return { part: [name, worker], command: line };
  }
  if (worker.command !== undefined) {
    const files = await namedFiles(worker.command, folder);
    const line = `worker ${name}: ${commandLine(worker.command)}`;
    return { part: [name, worker, files], command: line };
  }
  // A rule is data: it matches and replaces text, and runs nothing.
  if (worker.module === undefined) return {};
  const text = await readCodemod(path.resolve(folder, worker.module));
  return { part: [name, worker, text ?? null], command: `worker ${name}: module ${worker.module}` };
}

/** The content of the repository's files that a codemod's command names. */
async function namedFiles(
  command: Command,
  folder: string,
): Promise<readonly (readonly [string, string])[]> {
  const words = typeof command === "string" ? command.split(/\s+/) : command;
  const files: (readonly [string, string])[] = [];
  for (const word of words) {
    if (!/^[\w@./-]+$/.test(word) || !word.includes(".")) continue;
    const text = await readCodemod(path.resolve(folder, word));
    if (text !== undefined) files.push([word, text]);
  }
  return files;
}

function checkLine(kind: string, check: Check): string {
  const command = commandLine(check.run);
  return check.name === command ? `${kind}: ${command}` : `${kind} ${check.name}: ${command}`;
}

function commandLine(command: Command): string {
  if (typeof command === "string") return command;
  return command
    .map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(" ");
}

/** JSON whose keys are in order, so that their order in the file does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const sorted = Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}
