// A model that answers at once: always the same stream, with some text and one call of a tool. It prints its address.
import { createServer } from "node:http";

const words = Array.from({ length: 20 }, (_, at) => chunk({ content: `word ${at} ` }));
const call = {
  index: 0,
  id: "call_1",
  type: "function",
  function: { name: "read", arguments: "" },
};
const args = JSON.stringify({ path: "src/a/rather/long/path/of/a/file.ts", from: 1, to: 200 });
const pieces = (args.match(/.{1,4}/g) ?? []).map((text) =>
  chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
);
const usage = { prompt_tokens: 5_000, completion_tokens: 60, total_tokens: 5_060 };
const answer = Buffer.from(
  [
    chunk({ role: "assistant", content: "" }),
    ...words,
    chunk({ tool_calls: [call] }),
    ...pieces,
    chunk({}, "tool_calls"),
    event({ ...head(), choices: [], usage }),
    "data: [DONE]\n\n",
  ].join(""),
);

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/v1`));

function chunk(delta, reason = null) {
  return event({
    ...head(),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  });
}

function event(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function head() {
  return {
    id: "chatcmpl-0123456789abcdefghijklmnop",
    object: "chat.completion.chunk",
    created: 1_800_000_000,
    model: "fake-model",
    system_fingerprint: "fp_0123456789",
  };
}
