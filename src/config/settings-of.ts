/** Config and flags to the settings of a run, complete and recorded at its start: a flag wins over the config. Files of
 *  codemods are looked at here, so that what is missing is told before anything begins. */
import path from "node:path";
import { Failure } from "../core/failure.ts";
import type { RefName } from "../core/id.ts";
import { meantAdvice } from "../core/nearest.ts";
import type { Check, Command } from "../core/plan.ts";
import { type Problem, problemsFailure, shown } from "../core/problem.ts";
import type { Role } from "../core/role.ts";
import type {
  CheckoutMode,
  Codemod,
  LandMode,
  ModelSettings,
  SandboxMode,
  Settings,
  WorkerSettings,
} from "../core/settings.ts";
import { readTextIfThere } from "../host/file.ts";
import { hubProblems } from "./hub-rules.ts";
import { type Config, type ConfigWorker, configSchema, defaultCheckTimeoutMs } from "./schema.ts";
import { policyOf } from "./tool-rules.ts";

/** What was typed; absent where nothing was. Paths are as typed. */
export interface RunFlags {
  readonly worker?: string | undefined;
  readonly command?: string | undefined;
  readonly codemod?: string | undefined;
  readonly checks?: readonly string[] | undefined;
  readonly unitChecks?: readonly string[] | undefined;
  readonly concurrency?: number | undefined;
  readonly attempts?: number | undefined;
  readonly rounds?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly budgetTokens?: number | undefined;
  readonly budgetUsd?: number | undefined;
  readonly land?: LandMode | undefined;
  readonly approval?: "auto" | "required" | undefined;
  readonly sandbox?: SandboxMode | undefined;
  readonly checkout?: CheckoutMode | undefined;
  readonly keep?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

export interface SettingsFacts {
  readonly target: RefName;
  /** The folder that the config's relative paths begin at. */
  readonly folder: string;
  /** The folder that the paths of flags begin at. */
  readonly cwd: string;
  /** What agents there are beside the built-in ones. */
  readonly roles: readonly Role[];
}

/** The name of the worker that `--command` or `--codemod` makes, in place of any such of the config. */
export const flagWorker = { command: "command", codemod: "codemod" } as const;

/** Throws a usage Failure with every problem of flags, or of the files that the config names. */
export async function settingsOf(
  config: Config,
  flags: RunFlags,
  facts: SettingsFacts,
): Promise<Settings> {
  const typed = await typedWorker(flags, facts);
  const flagProblems = [...numberProblems(flags), ...typed.problems];
  const { workers, problems } = await configWorkers(config, facts.folder);
  const all = { ...workers, ...typed.workers };
  const named = typed.name ?? flags.worker ?? config.worker ?? Object.keys(all)[0];
  const unknown = unknownWorker(named, flags, Object.keys({ ...config.workers, ...typed.workers }));
  if (flagProblems.length > 0) throw problemsFailure("usage", "the command line", flagProblems);
  const wrong = [...problems, ...unknown, ...hubProblems(config.hubs, Object.keys(config.workers))];
  if (wrong.length > 0) {
    throw flags.worker !== undefined && problems.length === 0
      ? problemsFailure("usage", "the command line", wrong)
      : problemsFailure("config_wrong", "the config", wrong);
  }
  if (named === undefined) throw noWorker();
  const { target } = facts;
  return { ...plainSettings(config, flags, facts), target, worker: named, workers: all };
}

function plainSettings(
  config: Config,
  flags: RunFlags,
  facts: SettingsFacts,
): Omit<Settings, "target" | "worker" | "workers"> {
  return {
    checks: flags.checks?.length ? flags.checks.map(typedCheck) : config.checks,
    unitChecks: flags.unitChecks?.length ? flags.unitChecks.map(typedCheck) : config.unitChecks,
    setup: config.setup,
    limits: limitsOf(config, flags),
    budget: {
      agent: spendable(config.budget.agent),
      unit: spendable(config.budget.unit),
      run: spendable({
        tokens: flags.budgetTokens ?? config.budget.run.tokens,
        usd: flags.budgetUsd ?? config.budget.run.usd,
      }),
      warnAt: config.budget.warnAt,
    },
    ...(config.context === undefined ? {} : { context: config.context }),
    ...(config.aggregate === undefined ? {} : { aggregate: config.aggregate }),
    roles: facts.roles,
    approval: flags.approval ?? config.approval,
    yes: flags.yes ?? false,
    policy: policyOf(config.tools),
    shell: {
      network: config.shell.network,
      timeoutMs: config.shell.timeout,
      caches: config.shell.caches,
    },
    protected: config.protected,
    checkout: flags.checkout ?? config.checkout,
    land: flags.land ?? config.land,
    sandbox: flags.sandbox ?? config.sandbox,
    keep: flags.keep ?? config.keep,
  };
}

function limitsOf(config: Config, flags: RunFlags): Settings["limits"] {
  const { agentTimeout, unitTimeout, runTimeout, ...limits } = config.limits;
  return {
    ...limits,
    concurrency: flags.concurrency ?? limits.concurrency,
    attempts: flags.attempts ?? limits.attempts,
    rounds: flags.rounds ?? limits.rounds,
    agentTimeoutMs: agentTimeout,
    unitTimeoutMs: flags.timeoutMs ?? unitTimeout,
    runTimeoutMs: runTimeout,
  };
}

function spendable(said: {
  readonly tokens?: number | undefined;
  readonly usd?: number | undefined;
}): Settings["budget"]["run"] {
  return {
    ...(said.tokens === undefined ? {} : { tokens: said.tokens }),
    ...(said.usd === undefined ? {} : { usd: said.usd }),
  };
}

function typedCheck(run: string): Check {
  return { name: run, run, timeoutMs: defaultCheckTimeoutMs };
}

function noWorker(): Failure {
  return new Failure("usage", "no_worker", "there is no worker to do the work", {
    advice: "add one under workers in .agentrc.json, or give --command CMD or --codemod FILE",
  });
}

function unknownWorker(
  name: string | undefined,
  flags: RunFlags,
  known: readonly string[],
): readonly Problem[] {
  if (name === undefined || known.includes(name)) return [];
  const field = flags.worker === name ? "--worker" : "worker";
  return [{ field, message: `there is no worker ${shown(name)}`, ...meantAdvice(name, known) }];
}

/** Numbers from flags must be as possible as those of the config. */
function numberProblems(flags: RunFlags): readonly Problem[] {
  const { limits, budget } = configSchema.shape;
  const limitProblems = [
    ...rangeProblems("--concurrency", flags.concurrency, (value) =>
      limits.safeParse({ concurrency: value }),
    ),
    ...rangeProblems("--attempts", flags.attempts, (value) =>
      limits.safeParse({ attempts: value }),
    ),
    ...rangeProblems("--rounds", flags.rounds, (value) => limits.safeParse({ rounds: value })),
    ...rangeProblems("--budget-tokens", flags.budgetTokens, (tokens) =>
      budget.safeParse({ run: { tokens } }),
    ),
    ...rangeProblems("--budget-usd", flags.budgetUsd, (usd) => budget.safeParse({ run: { usd } })),
  ];
  const twice = (field: string, list: readonly string[] = []): readonly Problem[] =>
    new Set(list).size === list.length ? [] : [{ field, message: "names the same command twice" }];
  const ways = [flags.worker, flags.command, flags.codemod].filter((one) => one !== undefined);
  const message = "only one of --worker, --command and --codemod can be given";
  return [
    ...limitProblems,
    ...twice("--check", flags.checks),
    ...twice("--unit-check", flags.unitChecks),
    ...(ways.length > 1 ? [{ field: "", message }] : []),
  ];
}

function rangeProblems(
  field: string,
  value: number | undefined,
  parse: (value: number) => {
    readonly error?: { readonly issues: readonly { readonly message: string }[] } | undefined;
  },
): readonly Problem[] {
  if (value === undefined) return [];
  return (parse(value).error?.issues ?? []).slice(0, 1).map(({ message }) => ({ field, message }));
}

interface Made {
  readonly name?: string;
  readonly workers: Readonly<Record<string, WorkerSettings>>;
  readonly problems: readonly Problem[];
}

async function typedWorker(flags: RunFlags, facts: SettingsFacts): Promise<Made> {
  if (flags.command !== undefined) {
    const name = flagWorker.command;
    if (flags.command.trim() === "") {
      return { workers: {}, problems: [{ field: "--command", message: "is empty" }] };
    }
    return { name, workers: { [name]: { type: "command", command: flags.command } }, problems: [] };
  }
  if (flags.codemod === undefined) return { workers: {}, problems: [] };
  const name = flagWorker.codemod;
  const said = saidByEnding(flags.codemod);
  if (said === undefined) {
    const message = `${shown(flags.codemod)} is neither a rule (.yml, .yaml) nor a module (.js, .mjs, .cjs)`;
    return { workers: {}, problems: [{ field: "--codemod", message }] };
  }
  const codemod = await codemodOf(said, facts.cwd, () => "--codemod");
  if ("message" in codemod) return { workers: {}, problems: [codemod] };
  return { name, workers: { [name]: { type: "codemod", codemod } }, problems: [] };
}

function saidByEnding(file: string): SaidCodemod | undefined {
  if (/\.ya?ml$/i.test(file)) return { rule: file };
  if (/\.[mc]?js$/i.test(file)) return { module: file };
  return undefined;
}

async function configWorkers(config: Config, folder: string): Promise<Made> {
  const workers: Record<string, WorkerSettings> = {};
  const problems: Problem[] = [];
  for (const [name, said] of Object.entries(config.workers)) {
    const made = await workerOf(said, folder, (key) => `workers.${name}.${key}`);
    if ("message" in made) problems.push(made);
    else workers[name] = made;
  }
  return { workers, problems };
}

async function workerOf(
  said: ConfigWorker,
  folder: string,
  field: (key: string) => string,
): Promise<WorkerSettings | Problem> {
  if (said.type === "model") return modelOf(said);
  if (said.type === "command") {
    const { type, command, stdin } = said;
    return { type, command, ...(stdin === undefined ? {} : { stdin }) };
  }
  const codemod = await codemodOf(said, folder, field);
  return "message" in codemod ? codemod : { type: "codemod", codemod };
}

function modelOf(said: Extract<ConfigWorker, { type: "model" }>): ModelSettings {
  const { price, idleTimeout, turnTimeout, ...told } = said;
  const known = price && { ...price, cached: price.cached ?? price.input };
  return {
    ...told,
    idleTimeoutMs: idleTimeout,
    turnTimeoutMs: turnTimeout,
    ...(known === undefined ? {} : { price: known }),
  };
}

interface SaidCodemod {
  readonly rule?: string | undefined;
  readonly module?: string | undefined;
  readonly command?: Command | undefined;
}

async function codemodOf(
  said: SaidCodemod,
  folder: string,
  field: (key: string) => string,
): Promise<Codemod | Problem> {
  if (said.command !== undefined) return { type: "command", command: said.command };
  const key = said.rule === undefined ? "module" : "rule";
  const file = path.resolve(folder, said.rule ?? said.module ?? "");
  const text = await readCodemod(file);
  if (text === undefined) return { field: field(key), message: `there is no file ${shown(file)}` };
  return key === "rule" ? { type: "rule", file, text } : { type: "module", file };
}

/** Undefined for a folder too. */
export async function readCodemod(file: string): Promise<string | undefined> {
  try {
    return await readTextIfThere(file);
  } catch (error) {
    const errno = error instanceof Failure ? error.details["errno"] : undefined;
    if (errno === "EISDIR" || errno === "ENAMETOOLONG") return undefined;
    throw error;
  }
}
