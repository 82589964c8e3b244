/** Policy: which tools an agent of a role may use. The strictest rule that fits wins; where none fits, a tool may be used. */
import type { ToolName } from "./role.ts";

export type Decision = "allow" | "ask" | "deny";

export interface PolicyRule {
  /** `*` for every role. */
  readonly role: string;
  /** `*` for every tool. */
  readonly tool: ToolName | "*";
  /** Of `shell`: the first words of a simple command. */
  readonly prefix?: readonly string[];
  readonly decision: Decision;
  readonly why?: string;
}
