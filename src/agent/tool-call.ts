/** One tool call: text that nobody trusts, then strict JSON, the tool's shape, the policy, and only then its effect. Whatever is
 *  wrong with it is a result for the model; it must never begin an effect that is not allowed or not whole. */
import { createHash } from "node:crypto";
import { messageOf, unreachable } from "../core/failure.ts";
import type { ToolCall } from "../core/model.ts";
import { meantAdvice } from "../core/nearest.ts";
import { fence } from "./fence.ts";
import type { Ruling } from "./surroundings.ts";
import type { Effect, Tool, ToolResult } from "./tool.ts";

/** A call of more characters is none. */
const callCharactersMax = 4_000_000;
/** What one result shows to the model; tools keep what is longer in files. */
const resultCharactersMax = 60_000;
const problemsToldMax = 8;

export type ReadCall =
  | {
      readonly type: "ready";
      readonly tool: Tool;
      readonly given: unknown;
      readonly effect: Effect;
    }
  | { readonly type: "bad"; readonly text: string };

export function readCall(tools: ReadonlyMap<string, Tool>, { name, text }: ToolCall): ReadCall {
  const tool = tools.get(name);
  if (tool === undefined) return { type: "bad", text: unknownTool(name, tools) };
  if (text.length > callCharactersMax) {
    const max = callCharactersMax.toLocaleString("en");
    return { type: "bad", text: `the arguments of ${name} have more than ${max} characters` };
  }
  const value = parse(text);
  if ("problem" in value) {
    return { type: "bad", text: `the arguments of ${name} are not JSON: ${value.problem}` };
  }
  const read = tool.shape.safeParse(value.json);
  if (!read.success) {
    const said = read.error.issues.slice(0, problemsToldMax).map(({ code, path, message }) => {
      if (path.length === 0) return message;
      const isMissing = code !== "custom" && !isThere(value.json, path);
      return `${path.join(".")}: ${isMissing ? "is missing" : message}`;
    });
    return { type: "bad", text: `the arguments of ${name} are wrong: ${said.join("; ")}` };
  }
  const given = read.data;
  return { type: "ready", tool, given, effect: tool.effectOf?.(given) ?? tool.effect };
}

function isThere(value: unknown, path: readonly PropertyKey[]): boolean {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return true;
}

/** What a person is shown, and agrees to: the tool and its arguments as the model wrote them. */
export function contentOf({ name, text }: ToolCall): string {
  return `${name} ${text.trim()}`;
}

export function refusalOf(name: string, { why }: Ruling): string {
  return `${name} is not allowed here${why === undefined ? "" : `: ${why}`}. Go on without it.`;
}

/** What the model is shown of a result. */
export function shownResult(name: string, result: Extract<ToolResult, { text: string }>): string {
  const { text, isForeign } = result;
  const cut = text.length > resultCharactersMax ? middleLeftOut(text) : text;
  const shown = isForeign === true ? fence(cut, `output of ${name}`) : cut;
  return result.type === "failed" ? `Error: ${shown}` : shown;
}

/** Stands for this call with this result; how long it took and where its output is kept make no difference. */
export function sameness({ name, text }: ToolCall, result: string): string {
  const plain = result
    .replace(/<\/?data [0-9a-f]+/g, "")
    .replace(/\d+(?:\.\d+)? seconds/g, "")
    .replace(/\/\w+-\d+\.(?:log|txt)\b/g, "");
  return createHash("sha256").update(`${name}\0${text}\0${plain}`).digest("base64url");
}

function parse(text: string): { readonly json: unknown } | { readonly problem: string } {
  // Tools without arguments are often called with nothing at all.
  if (text.trim() === "") return { json: {} };
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function unknownTool(name: string, tools: ReadonlyMap<string, Tool>): string {
  const names = [...tools.keys()];
  const shown = JSON.stringify(name.slice(0, 100));
  const { advice } = meantAdvice(name.slice(0, 100), names);
  const meant = advice === undefined ? "" : ` (${advice})`;
  return `there is no tool ${shown}${meant}; you have ${names.join(", ")}`;
}

function middleLeftOut(text: string): string {
  const half = Math.floor(resultCharactersMax / 2);
  const left = text.length - 2 * half;
  return `${text.slice(0, half)}\n… ${left} characters left out …\n${text.slice(-half)}`;
}

/** Whether the tool has changed files, so that what was tried before may go another way now. */
export function hasChanged({ name }: Tool, result: ToolResult): boolean {
  switch (name) {
    case "edit":
    case "patch":
    case "write":
    case "remove":
    case "rename":
      return result.type === "done";
    case "read":
    case "list":
    case "glob":
    case "grep":
    case "shell":
    case "task":
    case "message":
    case "inbox":
    case "context_read":
    case "context_write":
    case "claim":
    case "ask":
    case "finish":
    case "survey":
    case "declare_plan":
      return false;
    default:
      return unreachable(name);
  }
}
