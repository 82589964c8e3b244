/** The bytes of an answer with text and two calls, as the scripted model sends them. */
import { startModelServer } from "./model-server.ts";

export const recordedCalls = [
  {
    id: "call_a",
    name: "write",
    text: JSON.stringify({ path: "src/ä.ts", text: "const a = 1;\n" }),
  },
  { id: "call_b", name: "read", text: JSON.stringify({ path: "src/b.ts" }) },
];

export interface RecordedStream {
  readonly bytes: Buffer;
  /** So many bytes hold the last byte of the event that ends the answer. */
  readonly wholeFrom: number;
}

export async function recordStream(): Promise<RecordedStream> {
  const toolCalls = recordedCalls.map(({ id, name, text }) => ({ id, name, arguments: text }));
  const response = { content: "I write.", toolCalls };
  const server = await startModelServer([{ match: { userMessage: "go" }, response }]);
  try {
    const answer = await fetch(`${server.baseURL}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "fake-model",
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: "user", content: "go" }],
      }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const reason = bytes.indexOf('"finish_reason":"tool_calls"');
    if (reason < 0) throw new Error(`no end in ${bytes}`);
    return { bytes, wholeFrom: bytes.indexOf("\n", reason) };
  } finally {
    await server.stop();
  }
}
