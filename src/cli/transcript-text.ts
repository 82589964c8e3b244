/** A transcript as a person reads it: who was told what, what they answered, which tools they called and what came of it. */
import { statusOf } from "../agent/agent-status.ts";
import type { TranscriptLine } from "../agent/transcript-line.ts";
import { tokensOf } from "../core/spend.ts";
import { saySpend, sayTime } from "../view/words.ts";

/** Of one message, call or result; the whole is in the file. */
const charsMax = 4000;

/** `text` is JSONL; a first line that is not whole, because the file was cut there, is passed over, and so is anything that is
 *  no line of a transcript. */
export function transcriptText(text: string): string {
  const told: string[] = [];
  let turn = 0;
  for (const line of linesOf(text)) {
    if (line.type === "answered") turn += 1;
    const said = say(line, turn);
    if (said !== undefined) told.push(`${sayTime(line.at)} ${said}`);
  }
  return told.join("\n");
}

function say(line: TranscriptLine, turn: number): string | undefined {
  switch (line.type) {
    case "begun":
      return sayBegun(line);
    case "told":
      return `is told (${line.from})\n${body(line.text)}`;
    case "answered":
      return sayAnswered(line, turn);
    case "resumed":
      return `is spoken to again (${line.from})\n${body(line.text)}`;
    case "unanswered":
      return sayUnanswered(line);
    case "child":
      return `[${line.index}] starts ${line.agent}${line.background ? " in the background" : ""}`;
    case "waiting":
      return `[${line.index}] waits for a person`;
    case "cleared":
      return `[${line.index}] was approved`;
    case "result":
      return `[${line.index}] ${line.failed ? "failed" : "result"}\n${body(line.text)}`;
    case "dropped":
      return "old output of tools is left out of what the model sees from here on";
    case "ended":
      return sayEnded(line);
    default:
      return undefined;
  }
}

type Line<T extends TranscriptLine["type"]> = Extract<TranscriptLine, { type: T }>;

function sayBegun({ agent, role, parent, entries }: Line<"begun">): string {
  const under = parent === undefined ? "" : `, below ${parent}`;
  const messages = entries.map(({ message }) => body(message.text));
  return [`${agent} (${role}${under}) begins`, ...messages].join("\n");
}

function sayAnswered(line: Line<"answered">, turn: number): string {
  const calls = line.calls.map(({ name, text }, index) => `  [${index}] ${name} ${cut(text)}`);
  const words = line.text === "" ? [] : [body(line.text)];
  const spend = `${saySpend(line.spend)}${line.estimated ? " (estimated)" : ""}`;
  return [`turn ${turn}, ${spend}`, ...words, ...calls].join("\n");
}

function sayUnanswered({ spend, why }: Line<"unanswered">): string {
  const paid = tokensOf(spend) === 0 ? "" : ` (${saySpend(spend)})`;
  return `no answer${paid}: ${why}`;
}

function sayEnded({ final }: Line<"ended">): string {
  const message = "message" in final ? `: ${final.message}` : "";
  return `${statusOf(final).replace("_", " ")}${message}${final.summary === "" ? "" : `\n${body(final.summary)}`}`;
}

function linesOf(text: string): readonly TranscriptLine[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith('{"type":')) return [];
    try {
      return [JSON.parse(line) as TranscriptLine];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}

function body(text: string): string {
  return cut(text).replace(/^/gm, "    ");
}

function cut(text: string): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}… (${text.length} characters)`;
}
