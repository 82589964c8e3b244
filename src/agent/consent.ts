/** A person's consent before an agent starts that somebody else has worked out: to the agent itself where approval is required,
 *  and to the command that it is to pass where the policy asks for it. The answer holds for exactly what was shown. */
import type { AgentId, Answer, Question } from "../core/desk.ts";
import type { Role } from "../core/role.ts";
import type { AgentDoor, TaskRequest } from "./agent-door.ts";
import { childRole } from "./child.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ToolResult } from "./tool.ts";
import { refusalOf } from "./tool-call.ts";
import type { AgentEnd } from "./transcript-line.ts";

/** What stands in the way; undefined where it may start. */
export async function askBefore(
  around: Surroundings,
  parent: AgentDoor,
  request: TaskRequest,
): Promise<ToolResult | undefined> {
  const questions: Question[] = [];
  if (request.verify !== undefined) {
    const given = { command: request.verify };
    const ruling = around.decide({ role: parent.role, tool: "shell", given });
    if (ruling.decision === "deny") return { type: "failed", text: refusalOf("verify", ruling) };
    const content = `shell ${JSON.stringify(given)}`;
    if (ruling.decision === "ask") questions.push({ agent: parent.id, kind: "tool", content });
  }
  const { approval } = childRole(around, parent, request) ?? {};
  if (around.approval === "required" || approval === "required") {
    const content = `task ${JSON.stringify(request)}`;
    questions.push({ agent: parent.id, kind: "agent", content });
  }
  for (const question of questions) {
    const answer = await around.desk.ask(question, parent.lifetime);
    if (answer.type === "nobody") return { type: "parked" };
    if (answer.type === "denied") {
      return {
        type: "failed",
        text: `a person has denied this${whyOf(answer)}. Go on without it.`,
      };
    }
  }
  return undefined;
}

/** The next agent of a unit, and what it is given. */
export interface NextAgent {
  readonly agent: AgentId;
  readonly role: Role;
  readonly after: readonly { readonly role: string; readonly summary: string }[];
}

/** How the unit ends where the next of its agents may not start; undefined where it may. Where the unit itself needs approval,
 *  that the first may start was asked with it. */
export async function askBeforeNext(
  { approval, desk, unit }: Surroundings,
  { agent, role, after }: NextAgent,
  stopping: AbortSignal,
): Promise<AgentEnd | undefined> {
  const isFirst = after.length === 0;
  const asks = approval === "required" ? !isFirst : role.approval === "required";
  if (!asks) return undefined;
  const summary = after.at(-1)?.summary ?? "";
  const content = isFirst ? `${role.name} on ${unit}` : `${role.name} ${JSON.stringify({ after })}`;
  const answer = await desk.ask({ agent, kind: "agent", content }, stopping);
  if (answer.type === "approved") return undefined;
  if (answer.type === "nobody") {
    return stopping.aborted ? { type: "stopped" } : { type: "parked", summary };
  }
  const message = `a person has denied the ${role.name}${whyOf(answer)}`;
  return { type: "failed", why: "denied", message, summary };
}

function whyOf({ text = "" }: Extract<Answer, { type: "denied" }>): string {
  return text === "" ? "" : `: ${text}`;
}
