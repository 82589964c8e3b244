/** A person's consent before a subagent starts: to the agent itself where approval is required, and to the command that it is
 *  to pass where the policy asks for it. The answer holds for exactly what was shown. */
import type { Question } from "../core/desk.ts";
import type { AgentDoor, TaskRequest } from "./agent-door.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ToolResult } from "./tool.ts";
import { refusalOf } from "./tool-call.ts";

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
  if (around.approval === "required") {
    const content = `task ${JSON.stringify(request)}`;
    questions.push({ agent: parent.id, kind: "agent", content });
  }
  for (const question of questions) {
    const answer = await around.desk.ask(question, parent.lifetime);
    if (answer.type === "nobody") return { type: "parked" };
    if (answer.type === "denied") {
      const why = answer.text === undefined || answer.text === "" ? "" : `: ${answer.text}`;
      return { type: "failed", text: `a person has denied this${why}. Go on without it.` };
    }
  }
  return undefined;
}
