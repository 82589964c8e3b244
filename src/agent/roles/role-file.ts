/** A role in Markdown with front matter, as people write them for several programs. Front matter is plain data: nothing of it is
 *  ever run. What is not understood is warned of; what other programs alone understand is passed over. */
import path from "node:path";
import { parseYaml } from "../../config/yaml-document.ts";
import { meantAdvice } from "../../core/nearest.ts";
import type { Json } from "../../core/plan.ts";
import { type Role, type ToolName, toolNames } from "../../core/role.ts";
import { oneLine } from "../../core/text.ts";

export interface RoleFile {
  /** As it is shown. */
  readonly source: string;
  readonly text: string;
}

export interface ReadRole {
  readonly role?: Role;
  readonly warnings: readonly string[];
}

const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const descriptionCharactersMax = 2000;
const turnsMax = 1000;

const understood = [
  ...["name", "description", "tools", "disallowedTools", "model", "maxTurns", "gate", "approval"],
] as const;
/** Keys of other programs, without a meaning here. */
const elsewhere = new Set([
  ...["permissionMode", "skills", "mcpServers", "color", "hooks", "memory", "background"],
  ...["effort", "isolation", "temperature", "mode", "initialPrompt", "top_p"],
]);

/** What other programs call our tools. */
const toolsByOtherNames: Readonly<Record<string, readonly ToolName[]>> = {
  edit: ["edit", "patch"],
  multiedit: ["edit", "patch"],
  ls: ["list"],
  bash: ["shell"],
  agent: ["task"],
};

/** Models of one provider, which say nothing about another's. */
const modelsElsewhere = new Set(["sonnet", "opus", "haiku"]);

export function parseRoleFile(file: RoleFile): ReadRole {
  const split = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)([\s\S]*)$/.exec(
    file.text,
  );
  if (split === null) return { warnings: [`${file.source} has no front matter: it is left out`] };
  const [, head = "", body = ""] = split;
  const warnings: string[] = [];
  const warn = (what: string) => warnings.push(`${file.source}: ${what}`);
  const fields = fieldsOf(head);
  for (const key of Object.keys(fields)) warnOfKey(key, warn);
  const name = textOf(fields["name"]) ?? path.basename(file.source).replace(/\.md$/i, "");
  if (!nameForm.test(name)) {
    warn(`${JSON.stringify(name)} is no name for an agent: it is left out`);
    return { warnings };
  }
  const prompt = body.trim();
  if (prompt === "") {
    warn("it has no prompt: it is left out");
    return { warnings };
  }
  const description = oneLine(textOf(fields["description"]) ?? "").slice(
    0,
    descriptionCharactersMax,
  );
  return {
    role: {
      ...{ name, description, prompt, source: file.source },
      ...toolsPart(fields, warn),
      ...modelPart(textOf(fields["model"]), warn),
      ...turnsPart(fields["maxTurns"], warn),
      ...approvalPart(fields["approval"], warn),
      ...(fields["gate"] === true || fields["gate"] === "true" ? { gate: true } : {}),
    },
    warnings,
  };
}

type Fields = Readonly<Record<string, Json>>;
type Warn = (what: string) => void;

/** YAML, else line by line: `description: Use when: …` is common, and no YAML. */
function fieldsOf(head: string): Fields {
  const read = parseYaml(head);
  if (read.type === "value" && isFields(read.value)) return read.value;
  const fields = new Map<string, string>();
  let key: string | undefined;
  for (const line of head.split(/\r?\n/)) {
    const [, name, rest = ""] = /^([A-Za-z][\w-]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      key = name;
      fields.set(name, rest.trim());
    } else if (key !== undefined && line.trim() !== "") {
      const item = line.trim().replace(/^- /, "");
      const before = fields.get(key) ?? "";
      fields.set(key, before === "" ? item : `${before}${separatorOf(line)}${item}`);
    }
  }
  return Object.fromEntries([...fields].map(([name, value]) => [name, unquoted(value)]));
}

function separatorOf(line: string): string {
  return line.trim().startsWith("- ") ? ", " : " ";
}

function unquoted(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function warnOfKey(key: string, warn: Warn): void {
  if ((understood as readonly string[]).includes(key) || elsewhere.has(key)) return;
  const { advice } = meantAdvice(key, understood);
  warn(`unknown key ${JSON.stringify(key)}${advice === undefined ? "" : ` (${advice})`}`);
}

/** Absent means all; whoever may end at all may end with data. */
function toolsPart(fields: Fields, warn: Warn): Pick<Role, "tools" | "shell"> {
  const wanted = listOf(fields["tools"]);
  const unwanted = listOf(fields["disallowedTools"]);
  if (wanted === undefined && unwanted === undefined) return {};
  const given = (wanted ?? toolNames).map((name) => toolOf(name, warn));
  const taken = (unwanted ?? []).flatMap((name) => toolOf(name, warn).tools);
  const names = new Set<ToolName>([...given.flatMap(({ tools }) => tools), "finish"]);
  for (const name of taken) names.delete(name);
  const isLimited = given.every(({ tools, words }) => !tools.includes("shell") || words);
  const words = given.flatMap((each) => (each.words === undefined ? [] : [each.words]));
  return {
    tools: toolNames.filter((name) => names.has(name)),
    ...(isLimited && words.length > 0 ? { shell: words } : {}),
  };
}

interface NamedTool {
  readonly tools: readonly ToolName[];
  /** First words of the commands that it is for. */
  readonly words?: readonly string[];
}

/** Such as `Read`, `shell` or `Bash(npm test:*)`. */
function toolOf(said: string, warn: Warn): NamedTool {
  const [, plain = said, inside] = /^([\w-]+)\((.*)\)$/.exec(said) ?? [];
  const lower = plain.toLowerCase();
  const known = toolNames.find((name) => name === lower);
  const other = Object.hasOwn(toolsByOtherNames, lower) ? toolsByOtherNames[lower] : undefined;
  const tools = other ?? (known === undefined ? [] : [known]);
  if (tools.length === 0) {
    const { advice } = meantAdvice(lower, toolNames);
    warn(`there is no tool ${JSON.stringify(said)}${advice === undefined ? "" : ` (${advice})`}`);
  }
  const words = inside?.replace(/:?\*$/, "").trim().split(/\s+/).filter(Boolean) ?? [];
  return tools.includes("shell") && words.length > 0 ? { tools, words } : { tools };
}

/** A list, or names with commas between them; those in brackets may hold some. */
function listOf(value: Json | undefined): readonly string[] | undefined {
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string");
  if (typeof value !== "string") return undefined;
  if (value.trim() === "*") return undefined;
  return value.match(/[^,()\s][^,()]*(?:\([^)]*\))?/g)?.map((name) => name.trim()) ?? [];
}

function modelPart(model: string | undefined, warn: Warn): Pick<Role, "model"> {
  if (model === undefined || model === "inherit") return {};
  if (!modelsElsewhere.has(model)) return { model };
  warn(`the model ${model} is another program's: the worker's own is used`);
  return {};
}

/** What is not understood asks: whoever wrote it wanted something. */
function approvalPart(value: Json | undefined, warn: Warn): Pick<Role, "approval"> {
  if (value === undefined || value === "auto") return {};
  if (value !== "required") warn("approval must be auto or required: it is taken for required");
  return { approval: "required" };
}

function turnsPart(value: Json | undefined, warn: Warn): Pick<Role, "turnsMax"> {
  if (value === undefined) return {};
  const turns = Number(value);
  if (Number.isInteger(turns) && turns >= 1 && turns <= turnsMax) return { turnsMax: turns };
  warn(`maxTurns must be a whole number from 1 to ${turnsMax}`);
  return {};
}
