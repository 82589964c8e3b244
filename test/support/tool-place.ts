/** A worktree for the tools of an agent: real files, real locks, real outputs. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { FileStates } from "../../src/agent/file-state.ts";
import { PathLocks } from "../../src/agent/path-locks.ts";
import type { Tool, ToolResult, Workplace } from "../../src/agent/tool.ts";
import { fileTools } from "../../src/agent/tools/file-tools.ts";
import type { ToolName } from "../../src/core/role.ts";
import { workerEnvironment } from "../../src/host/environment.ts";
import { scratchFolder } from "./scratch.ts";

export interface ToolPlace {
  readonly root: string;
  readonly workplace: Workplace;
  /** Writes a file of the worktree behind the tools' back. */
  put(name: string, content: string | Buffer): void;
  text(name: string): string;
  /** Calls a tool as the loop does: arguments by their shape, then the effect. */
  call(name: ToolName, given: unknown, signal?: AbortSignal): Promise<ToolResult>;
}

export const never = new AbortController().signal;

export function makeToolPlace(
  files: Readonly<Record<string, string | Buffer>> = {},
  facts: Partial<Workplace> = {},
): ToolPlace {
  const root = scratchFolder();
  const worktree = path.join(root, "worktree");
  mkdirSync(worktree);
  const put = (name: string, content: string | Buffer) => {
    const file = path.join(worktree, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  for (const [name, content] of Object.entries(files)) put(name, content);
  const workplace: Workplace = {
    worktree,
    mayChange: () => ({ type: "yes" }),
    files: new FileStates(),
    locks: new PathLocks(),
    outputs: path.join(root, "outputs"),
    redact: (text) => text,
    shell: { sandbox: undefined, env: workerEnvironment(), timeoutMs: 20_000, mark: {} },
    ...facts,
  };
  const tools = new Map(fileTools(workplace).map((tool) => [tool.name, tool]));
  return {
    root,
    workplace,
    put,
    text: (name) => readFileSync(path.join(worktree, name), "utf8"),
    call: (name, given, signal = never) => callTool(tools.get(name), given, signal),
  };
}

export async function callTool(
  tool: Tool | undefined,
  given: unknown,
  signal = never,
): Promise<ToolResult> {
  if (tool === undefined) throw new Error("there is no such tool");
  const parsed = tool.shape.safeParse(given);
  return parsed.success
    ? tool.call(parsed.data, signal)
    : { type: "failed", text: `wrong arguments: ${parsed.error.issues[0]?.code}` };
}

/** What a result says to the model. */
export function said(result: ToolResult): string {
  return "text" in result ? `${result.type}: ${result.text}` : result.type;
}
