/** A server that answers with whatever bytes a test wants, for what no proper server sends. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface RawRequest {
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
  /** How many came before. */
  readonly position: number;
}

export interface RawModelServer {
  readonly baseURL: string;
  readonly requests: readonly RawRequest[];
}

export type RawAnswer = (response: ServerResponse, request: RawRequest) => void;

/** Stops when the test has finished; connections that hang are cut. */
export async function rawModelServer(answer: RawAnswer): Promise<RawModelServer> {
  const requests: RawRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as RawRequest["body"];
    const raw = { headers: request.headers, body, position: requests.length };
    requests.push(raw);
    answer(response, raw);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}

/** A stream of these texts, ended. */
export function streamed(...texts: readonly string[]): RawAnswer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const text of texts) response.write(text);
    response.end();
  };
}

/** A body that is no stream. */
export function bodied(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): RawAnswer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(body);
  };
}

/** The first answer to the first request and so on; the last to all that come after. */
export function inTurn(...answers: readonly [RawAnswer, ...RawAnswer[]]): RawAnswer {
  return (response, request) => {
    const answer = answers[Math.min(request.position, answers.length - 1)];
    answer?.(response, request);
  };
}

/** An event with this delta. */
export function delta(value: unknown, reason: string | null = null): string {
  return event({ choices: [{ index: 0, delta: value, finish_reason: reason }] });
}

/** An event with pieces of calls. */
export function callDelta(...calls: readonly unknown[]): string {
  return delta({ tool_calls: calls });
}

export function usage(promptTokens: number, completionTokens: number): string {
  return event({
    choices: [],
    usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens },
  });
}

export function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export const done = "data: [DONE]\n\n";
