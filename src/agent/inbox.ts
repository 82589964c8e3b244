/** What was said to an agent since it last listened: it becomes a user message, fenced, for whoever said it is not the one who
 *  gave the task. */
import type { Message } from "../core/desk.ts";
import type { AgentAtWork, AgentDoor } from "./agent-door.ts";
import { fence } from "./fence.ts";
import type { Surroundings } from "./surroundings.ts";

/** Told at once; more come at the next turn. */
const messagesMax = 20;
const messageCharactersMax = 10_000;

/** Whether there was anything. */
export async function hear(agent: AgentAtWork): Promise<boolean> {
  const messages = newMessages(agent, agent.around).slice(0, messagesMax);
  const last = messages.at(-1);
  if (last === undefined) return false;
  const text = `Messages for you:\n\n${messages.map(messageText).join("\n\n")}`;
  await agent.record({ type: "told", from: "inbox", text, upTo: last.id });
  return true;
}

export function newMessages(
  { id, conversation, hearsUnit }: Pick<AgentDoor, "id" | "conversation" | "hearsUnit">,
  { desk }: Surroundings,
): readonly Message[] {
  return desk
    .messages(conversation.seen)
    .filter((message) => (message.agent === undefined ? hearsUnit : message.agent === id));
}

/** A person's words are the user's own; those of agents are data. */
export function messageText({ from, text }: Message): string {
  const shown = text.slice(0, messageCharactersMax);
  return from === "person"
    ? `From the person who runs this:\n${shown}`
    : fence(shown, `message from ${from}`);
}
