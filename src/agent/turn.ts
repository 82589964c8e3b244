/** What an agent does next, as its transcript has it: ask the model, make the calls of its last answer, or, where it has nothing
 *  more to do, be judged. */
import { unreachable } from "../core/failure.ts";
import type { AgentAtWork } from "./agent-door.ts";
import { emptyAnswersMax, repeatsMax, strikesMax } from "./agent-limits.ts";
import { combineTasks } from "./combined-tasks.ts";
import { hear } from "./inbox.ts";
import { shortened } from "./shortened.ts";
import type { AgentEnd, AgentFinal } from "./transcript-line.ts";
import { makeCalls } from "./turn-calls.ts";
import { askModel } from "./turn-question.ts";

/** Undefined while there is a next step. */
export async function takeStep(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  const { stage, finals } = agent.conversation;
  switch (stage) {
    case "calls":
      return makeCalls(agent);
    case "rest":
      return rest(agent);
    case "ended":
      return finals.at(-1);
    case "ask": {
      const hopeless = hopelessEnd(agent);
      if (hopeless !== undefined) return agent.end(hopeless);
      await listen(agent);
      return askModel(agent);
    }
    default:
      return unreachable(stage);
  }
}

function hopelessEnd({ conversation, turnsMax }: AgentAtWork): AgentFinal | undefined {
  const { strikes, repeated, turnsOfStint, said: summary } = conversation;
  const failed = (why: "worker_failed" | "out_of_turns", message: string): AgentFinal => {
    return { type: "failed", why, message, summary };
  };
  if (strikes >= strikesMax) {
    const last = shortened(conversation.entries.at(-1)?.message.text ?? "");
    const message = `none of the last ${strikes} calls of the model could be made: ${last}`;
    return failed("worker_failed", message);
  }
  if (repeated >= repeatsMax) {
    const message = `the model made the same call ${repeated} times with the same result`;
    return failed("worker_failed", message);
  }
  if (turnsOfStint < turnsMax) return undefined;
  return failed("out_of_turns", `not done after ${turnsMax} turns`);
}

/** What was said to it since its last turn. */
async function listen(agent: AgentAtWork): Promise<void> {
  await combineTasks(agent);
  for (const text of agent.takeNotes()) await agent.record({ type: "told", from: "budget", text });
  await reportChildren(agent);
  await hear(agent);
}

async function reportChildren(agent: AgentAtWork): Promise<void> {
  for (const [child, end] of agent.background.take()) {
    const text = agent.keeper.report(child, end);
    await agent.record({ type: "told", from: "child", text, child });
  }
}

/** An answer that is nothing is not the word that all is done. */
async function askAgain(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  const { empties } = agent.conversation;
  if (empties < emptyAnswersMax) {
    const text =
      "Your answer was empty: no words and no call. Go on with your work; when it is done, say so in words or call finish.";
    await agent.record({ type: "told", from: "empty", text });
    return undefined;
  }
  const message = `the model gave ${empties} empty answers in a row`;
  return agent.end({ type: "failed", why: "worker_failed", message, summary: "" });
}

/** The model has nothing more to do: whether it is done is for others to say. */
async function rest(agent: AgentAtWork): Promise<AgentEnd | undefined> {
  const { said, finished, background } = agent.conversation;
  if (background.length > 0) {
    await agent.away(() => agent.background.next(agent.lifetime));
    if (agent.lifetime.aborted) return { type: "stopped" };
    if (agent.background.areAllParked) return { type: "parked", summary: said };
    await reportChildren(agent);
    return undefined;
  }
  if (await hear(agent)) return undefined;
  if (agent.conversation.empties > 0) return askAgain(agent);
  const judgement = await agent.judge(agent, agent.lifetime);
  if (agent.lifetime.aborted) return { type: "stopped" };
  if (judgement.type === "bad") {
    const { message } = judgement;
    return agent.end({ type: "failed", why: "worker_failed", message, summary: said });
  }
  if (judgement.type === "again") {
    await agent.record({ type: "told", from: judgement.from, text: judgement.text });
    return undefined;
  }
  const { type: _, ...judged } = judgement;
  // Who calls finish without data has said it in words.
  const data = finished === undefined || finished.data === null ? {} : { data: finished.data };
  return agent.end({ type: "completed", summary: said, ...data, ...judged });
}
