/** Roles: what an agent is for. Plain data, so that a run can record the roles it was told. */

export const toolNames = [
  "read",
  "list",
  "glob",
  "grep",
  "edit",
  "patch",
  "write",
  "remove",
  "rename",
  "shell",
  "task",
  "message",
  "inbox",
  "context_read",
  "context_write",
  "claim",
  "ask",
  "finish",
] as const;

/** Of whoever plans before there is a run; no role can be given them. */
export const planningToolNames = ["survey", "declare_plan"] as const;

export type ToolName = (typeof toolNames)[number] | (typeof planningToolNames)[number];

export interface Role {
  readonly name: string;
  /** The field's other names for it. */
  readonly aliases?: readonly string[];
  /** When to use it, one line. */
  readonly description: string;
  /** The system prompt. */
  readonly prompt: string;
  /** Absent: every tool. */
  readonly tools?: readonly ToolName[];
  /** A worker of type model, or a model's name at the same endpoint. */
  readonly model?: string;
  readonly turnsMax?: number;
  /** First words of the simple commands that its shell may run; absent: any that the policy allows. */
  readonly shell?: readonly (readonly string[])[];
  /** Where it comes from: `built in`, or the file. */
  readonly source: string;
  /** A person is asked before each agent of this role starts. */
  readonly approval?: "required";
  /** Its verdict decides whether the agents before it may go on. */
  readonly gate?: boolean;
}
