/** Names of tools as people write them: ours, and those that other agents have for the same. */
import { type ToolName, toolNames } from "./role.ts";

const others: Readonly<Record<string, ToolName>> = {
  bash: "shell",
  ls: "list",
  multiedit: "edit",
  agent: "task",
  askuserquestion: "ask",
};

const known: ReadonlyMap<string, ToolName> = new Map([
  ...toolNames.map((name) => [name, name] as const),
  ...Object.entries(others),
]);

/** `Read` is read, `Bash` is shell; undefined for a tool that there is not. */
export function toolNamed(text: string): ToolName | undefined {
  return known.get(text.toLowerCase());
}

/** What may be written, for advice. */
export const toolNamesKnown: readonly string[] = [...known.keys()];
