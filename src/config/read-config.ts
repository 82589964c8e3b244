/** Finds and reads the repository's config. It must never run anything: JSON and YAML only. */
import path from "node:path";
import { Failure } from "../core/failure.ts";
import { meantAdvice } from "../core/nearest.ts";
import type { Json } from "../core/plan.ts";
import { type Problem, problemsFailure } from "../core/problem.ts";
import { isFifo, readFifo } from "../host/fifo.ts";
import { errorCode, readTextIfThere } from "../host/file.ts";
import { withFurther } from "./document-value.ts";
import { type Config, configSchema, emptyConfig } from "./schema.ts";
import { schemaProblems } from "./schema-problem.ts";
import { formatOf, parseDocument, type TextFormat } from "./text-document.ts";

export const configNames = [".agentrc.json", ".agentrc.yaml", ".agentrc.yml"] as const;
const packageName = "package.json";
const packageKey = "agentrc";

export interface ReadConfig {
  readonly config: Config;
  /** The file it came from, absolute; absent where there is none. */
  readonly file?: string;
  readonly text?: string;
  /** The folder that the config's relative paths begin at. */
  readonly folder: string;
  /** One line each, to be told once. */
  readonly warnings: readonly string[];
}

export type ParsedConfig =
  | { readonly type: "config"; readonly config: Config }
  | { readonly type: "wrong"; readonly problems: readonly Problem[] };

/** `folder` is the repository's top level; `file` is what `--config` names, absolute. Throws a usage Failure with every
 *  problem in its details. Of several config files the first is read, and a warning names the others. */
export async function readConfig(folder: string, file?: string): Promise<ReadConfig> {
  if (file !== undefined) {
    const text = await readText(file);
    if (text !== undefined) return await configFrom(file, text, []);
    throw new Failure("usage", "config_missing", `the config ${file} does not exist`, {
      advice: "name an existing file with --config, or leave it out",
    });
  }
  const found = await candidates(folder);
  const [first, ...others] = found;
  if (first === undefined) return { config: emptyConfig, folder, warnings: [] };
  const ignored = others.map((other) => path.basename(other.file));
  const warnings = ignored.length > 0 ? [ignoredWarning(first.file, ignored)] : [];
  return await configFrom(first.file, first.text, warnings);
}

export async function parseConfig(text: string, format: TextFormat): Promise<ParsedConfig> {
  const document = await parseDocument(text, format);
  if (document.type === "value") return decodeConfig(document.value);
  return wrongWith(document.problems, document.draft);
}

function wrongWith(problems: readonly Problem[], draft: Json | undefined): ParsedConfig {
  const further = draft === undefined ? undefined : decodeConfig(draft);
  if (further?.type !== "wrong") return { type: "wrong", problems };
  return { type: "wrong", problems: withFurther(problems, further.problems) };
}

export function decodeConfig(value: Json): ParsedConfig {
  const parsed = configSchema.safeParse(value);
  const problems = [
    ...(parsed.success ? [] : schemaProblems(configSchema, value, parsed.error)),
    ...hiddenKeys(value),
    ...(parsed.success ? unknownWorker(parsed.data) : []),
  ];
  if (problems.length > 0 || !parsed.success) return { type: "wrong", problems };
  return { type: "config", config: parsed.data };
}

function unknownWorker({ worker, workers }: Config): readonly Problem[] {
  if (worker === undefined || Object.hasOwn(workers, worker)) return [];
  const message = `there is no worker ${worker} under workers`;
  return [{ field: "worker", message, ...meantAdvice(worker, Object.keys(workers)) }];
}

/** Zod passes over a key `__proto__` where any name may stand. */
function hiddenKeys(value: Json): readonly Problem[] {
  return ["workers", "tools"].flatMap((field) => {
    const inner = memberOf(value, field);
    const isHidden = memberOf(inner, "__proto__") !== undefined;
    return isHidden ? [{ field: `${field}.__proto__`, message: "is no name" }] : [];
  });
}

function memberOf(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, Json>>)[key] : undefined;
}

interface Candidate {
  readonly file: string;
  readonly text: string;
}

async function candidates(folder: string): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const name of [...configNames, packageName]) {
    const file = path.join(folder, name);
    const text = await readText(file);
    if (text === undefined) continue;
    if (name !== packageName || text.includes(`"${packageKey}"`)) found.push({ file, text });
  }
  return found;
}

function ignoredWarning(file: string, ignored: readonly string[]): string {
  return `several configs: ${path.basename(file)} is used, ${ignored.join(" and ")} is ignored`;
}

async function configFrom(
  file: string,
  text: string,
  warnings: readonly string[],
): Promise<ReadConfig> {
  const folder = path.dirname(file);
  const isPackage = path.basename(file) === packageName;
  const parsed = isPackage
    ? await packageConfig(text)
    : await parseConfig(text, formatOf(file, text));
  if (parsed.type === "wrong") {
    throw problemsFailure("config_wrong", path.basename(file), parsed.problems);
  }
  return { config: parsed.config, file, text, folder, warnings };
}

async function packageConfig(text: string): Promise<ParsedConfig> {
  const document = await parseDocument(text, "json");
  if (document.type === "wrong") return document;
  const said = memberOf(document.value, packageKey);
  if (said === undefined) return { type: "config", config: emptyConfig };
  const parsed = decodeConfig(said);
  if (parsed.type === "config") return parsed;
  const problems = parsed.problems.map((problem) => ({
    ...problem,
    field: problem.field === "" ? packageKey : `${packageKey}.${problem.field}`,
  }));
  return { type: "wrong", problems };
}

/** Of a pipe; what lies on the disk is as long as it is. */
const configBytesMax = 16 * 1024 * 1024;

async function readText(file: string): Promise<string | undefined> {
  try {
    if (await isFifo(file)) return (await readFifo(file, configBytesMax)).toString();
    return await readTextIfThere(file);
  } catch (error) {
    const isFolder = error instanceof Failure && errorCode(error.cause) === "EISDIR";
    if (!isFolder) throw error;
    throw new Failure("usage", "config_wrong", `the config ${file} is a folder`, {
      advice: "a config is a file such as .agentrc.json",
      cause: error,
    });
  }
}
