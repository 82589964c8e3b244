/** What `.agentrc.json` may say, its defaults and its JSON Schema: one description, from which the parser, the editor's help
 *  and the types come. It must never read anything itself. */
import * as z from "zod";
import { durationForm, parseDuration } from "../core/duration.ts";
import { invalidPath } from "../core/glob-problem.ts";
import type { Glob } from "../core/id.ts";
import type { Check, Command, Json } from "../core/plan.ts";
import { shown } from "../core/problem.ts";
import { hubRules } from "./hub-rules.ts";
import { toolRules } from "./tool-rules.ts";

export const defaultCheckTimeoutMs = 600_000;
export const defaultBaseUrl = "https://api.openai.com/v1";
export const defaultKeyName = "OPENAI_API_KEY";

const noSubmodules: ReadonlySet<string> = new Set();

export const text = z
  .string()
  .min(1, "must not be empty")
  .regex(/^[^\0]*$/, "holds a NUL character");

export const duration = z
  .string()
  .regex(durationForm, "is no duration such as 90s, 15m or 2h")
  .refine((said) => !durationForm.test(said) || parseDuration(said) !== undefined, {
    message: "must be between 1ms and 24d",
  })
  .transform((said) => parseDuration(said) ?? 0);

/** A string is run by `sh -c`; a list is run without a shell. */
export const command = z
  .union([
    text,
    z.array(z.string().regex(/^[^\0]*$/, "holds a NUL character")).min(1, "must not be empty"),
  ])
  .refine((said) => typeof said === "string" || said[0] !== "", { message: "names no program" })
  .transform((said): Command => said);

const checkObject = z.strictObject({
  name: text.optional().describe("What the check is called; its command if absent"),
  run: command.describe("A string is run by sh -c, a list without a shell"),
  timeout: duration.optional().describe("10m if absent"),
});

export const check = z.union([text, checkObject]).transform((said): Check => {
  if (typeof said === "string") return { name: said, run: said, timeoutMs: defaultCheckTimeoutMs };
  const run = said.run;
  return {
    name: said.name ?? (typeof run === "string" ? run : run.join(" ")),
    run,
    timeoutMs: said.timeout ?? defaultCheckTimeoutMs,
  };
});

/** Checks are told apart by their names: in logs, in reports, in what is re-used. */
export const checks = z.array(check).superRefine((list, context) => {
  const names = new Set<string>();
  list.forEach((one, at) => {
    if (names.has(one.name)) {
      context.addIssue({
        code: "custom",
        path: [at],
        message: `another check is called ${shown(one.name)} too`,
      });
    }
    names.add(one.name);
  });
});

export const budget = z.strictObject({
  tokens: count(1_000_000_000_000).optional(),
  usd: z.number().positive("must be more than 0").optional(),
});

export const aggregate = z.enum(["concatenate", "structured_merge", "ai_summarize", "pipeline"]);

const glob = z
  .string()
  .superRefine((said, context) => {
    const wrong = invalidPath(said, noSubmodules);
    if (wrong) context.addIssue({ code: "custom", message: wrong.message });
  })
  .transform((said) => said as Glob);

const localPath = text.superRefine((said, context) => {
  const parts = said.split("/");
  if (/^(?:[/~]|[A-Za-z]:)/.test(said) || parts.includes("..") || said.includes("\\")) {
    context.addIssue({
      code: "custom",
      message: "must lie inside the repository, with / between folders",
    });
  } else if (parts.some((part) => part.toLowerCase() === ".git")) {
    context.addIssue({ code: "custom", message: "names .git" });
  }
});

const price = z.strictObject({
  input: z.number().min(0, "must be at least 0"),
  cached: z.number().min(0, "must be at least 0").optional().describe("As input if absent"),
  output: z.number().min(0, "must be at least 0"),
});

const worker = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("model"),
    baseURL: z
      .url({ protocol: /^https?$/, error: "must be an http or https address" })
      .refine((said) => !hasPassword(said), {
        message: "must not hold a user or a password: name the variable of the key (apiKeyEnv)",
      })
      .default(defaultBaseUrl),
    apiKeyEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable, not a key")
      .default(defaultKeyName),
    model: text,
    price: price.optional().describe("USD per million tokens; the provider's list price if absent"),
    window: count(100_000_000).default(128_000).describe("Tokens that fit the model"),
    outputTokensMax: count(10_000_000).default(16_000).describe("Tokens of one answer"),
    idleTimeout: duration
      .prefault("60s")
      .describe("A turn without any content for so long is given up"),
    turnTimeout: duration.prefault("10m").describe("For one turn"),
  }),
  z.strictObject({
    type: z.literal("command"),
    command: command.describe("{task} and {files} stand for the task file and the unit's files"),
    stdin: z.literal("task").optional().describe("Give it the task text as input"),
  }),
  z
    .strictObject({
      type: z.literal("codemod"),
      rule: text.optional().describe("An ast-grep rule file with a fix"),
      module: text.optional().describe("An ES module: (source, { path }) => string | undefined"),
      command: command.optional().describe("Any program, run with the unit's files"),
    })
    .refine(
      (said) =>
        [said.rule, said.module, said.command].filter((one) => one !== undefined).length === 1,
      { message: "must have exactly one of rule, module and command" },
    ),
]);

const limits = z.strictObject({
  concurrency: count(1000).default(4).describe("Units at work at once"),
  units: count(100_000).default(50).describe("Units in a plan"),
  attempts: count(100).default(2).describe("Tries of a unit"),
  rounds: z
    .int("must be a whole number")
    .min(0, "must be at least 0")
    .max(20, "must be at most 20")
    .default(2)
    .describe("How often units are made for what doneWhen still finds"),
  agentTimeout: duration.prefault("15m").describe("For one agent"),
  unitTimeout: duration.prefault("15m").describe("For one attempt"),
  runTimeout: duration.prefault("2h"),
  checks: count(1000).default(1).describe("Check runs at once"),
  agents: count(10_000).default(8),
  agentsPerParent: count(10_000).default(5),
  agentsPerRun: count(1_000_000).default(50).describe("Subagents only"),
  depth: count(100).default(3),
  turns: count(100_000).default(30),
});

const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "is no name: letters, digits, _ . and -, at most 64");

/** `*` is for every role. */
const role = z
  .string()
  .regex(/^(?:\*|[A-Za-z0-9][\w.-]{0,63})$/, "is no role: a name, or * for all of them");

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  target: z
    .string()
    .regex(/^[^-\0\s][^\0\s]*$/, "is no branch name")
    .optional()
    .describe("The branch the work is for"),
  worker: name.optional().describe("The worker of units that name none; the first one if absent"),
  workers: z.record(name, worker).default({}),
  checks: checks.default([]).describe("Must pass on every merged tree"),
  unitChecks: checks.default([]).describe("Must pass in a unit's worktree"),
  setup: z
    .strictObject({
      copy: z.array(localPath).default([]).describe("Files copied into each worktree"),
      clone: z.array(localPath).default([]).describe("Folders cloned into each worktree"),
      run: z.array(command).default([]).describe("Commands run in each worktree"),
    })
    .prefault({}),
  limits: limits.prefault({}),
  budget: z
    .strictObject({
      agent: budget.default({}),
      unit: budget.default({}),
      run: budget.default({}),
      warnAt: z.number().gt(0, "must be more than 0").max(1, "must be at most 1").default(0.8),
    })
    .prefault({}),
  context: z
    .unknown()
    .transform((said) => said as Json | undefined)
    .optional()
    .describe("Text or JSON that every worker gets"),
  aggregate: aggregate.optional().describe("How the results of several agents become one"),
  approval: z.enum(["auto", "required"]).default("auto"),
  tools: z.record(role, toolRules).default({}).describe("What agents may use, by role"),
  shell: z
    .strictObject({
      network: z.boolean().default(false).describe("Whether agents' commands reach the network"),
      timeout: duration.prefault("2m").describe("For one command of an agent"),
      caches: z
        .array(localPath)
        .max(100, "must have at most 100 folders")
        .default([])
        .describe("Folders of the home directory that agents' commands may use"),
    })
    .prefault({})
    .describe("The shell tool of agents"),
  protected: z
    .array(glob)
    .max(1000, "must have at most 1000 globs")
    .default([])
    .describe("Changed only with approval"),
  hubs: hubRules(glob)
    .default([])
    .describe("What is done about files that many units would change"),
  checkout: z.enum(["auto", "full", "sparse"]).default("auto"),
  land: z.enum(["auto", "partial", "never", "pr"]).default("auto"),
  sandbox: z.enum(["auto", "bwrap", "none"]).default("auto"),
  keep: z.boolean().default(false).describe("Keep the worktrees after the run"),
});

/** Parsed and complete; times are milliseconds. */
export type Config = Readonly<z.output<typeof configSchema>>;
export type ConfigWorker = Config["workers"][string];

export const emptyConfig: Config = configSchema.parse({});

/** The JSON Schema for editors, as committed in `agentrc.schema.json`. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: "input",
    unrepresentable: "any",
  });
  return { $schema, title: "The configuration of Pleach", ...rest };
}

function count(max: number) {
  return z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(max, `must be at most ${max}`);
}

function hasPassword(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password } = new URL(address);
  return username !== "" || password !== "";
}
