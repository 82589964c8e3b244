// Many agents at once, each with turns of its own over a history that grows: `node turns-client.mjs WHO ADDRESS AGENTS TURNS`.
// It prints what that took as JSON. To measure more of ours, add a way to take a turn to `ways`.
const [, , who, baseURL, agents, turns] = process.argv;
const system = "You are a coder. ".repeat(100);
const result = "export const value = 1; // a line of a file that was read\n".repeat(40);
const tools = ["read", "edit", "write", "grep", "shell"].map((name) => ({
  name,
  description: `The tool ${name}. `.repeat(10),
  parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
}));

/** Each makes a function that takes the turns of one agent, and answers with the calls of the last. */
const ways = { bare, ours };

const takeTurns = await ways[who]();
// What is loaded at the first request is no part of a turn.
await takeTurns(1);
const block = watchLoop();
const cpu = process.cpuUsage();
const began = performance.now();
const calls = await Promise.all(
  Array.from({ length: Number(agents) }, () => takeTurns(Number(turns))),
);
const ms = performance.now() - began;
const { user, system: inKernel } = process.cpuUsage(cpu);
if (!calls.every((made) => made.length === 1 && made[0].id === "call_1"))
  throw new Error("a turn failed");
const count = agents * turns;
console.log(
  JSON.stringify({
    msPerTurn: ms / count,
    processorMsPerTurn: (user + inKernel) / 1_000 / count,
    peakMb: process.resourceUsage().maxRSS / 1_024,
    longestBlockMs: block(),
  }),
);
process.exit(0);

/** The longest that a timer had to wait while this process worked: what others took of the machine meanwhile does not count. */
function watchLoop() {
  let longest = 0;
  let wall = performance.now();
  let processor = process.cpuUsage();
  const look = () => {
    const { user, system: inKernel } = process.cpuUsage(processor);
    longest = Math.max(longest, Math.min(performance.now() - wall, (user + inKernel) / 1_000));
    wall = performance.now();
    processor = process.cpuUsage();
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

/** The openai package as its manual shows it. */
async function bare() {
  const { OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL, apiKey: "sk-bench", maxRetries: 0 });
  const wired = tools.map((one) => ({ type: "function", function: one }));
  return async (count) => {
    const messages = [
      { role: "system", content: system },
      { role: "user", content: "go" },
    ];
    let made = [];
    for (let turn = 0; turn < count; turn += 1) {
      const answer = await bareTurn(client, messages, wired);
      made = answer.calls;
      messages.push({
        role: "assistant",
        content: answer.text,
        tool_calls: made.map(({ id, name, text }) => ({
          id,
          type: "function",
          function: { name, arguments: text },
        })),
      });
      for (const call of made)
        messages.push({ role: "tool", tool_call_id: call.id, content: result });
    }
    return made;
  };
}

async function bareTurn(client, messages, wired) {
  const stream = await client.chat.completions.create({
    model: "fake-model",
    messages,
    tools: wired,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 4_000,
  });
  let text = "";
  const calls = [];
  for await (const { choices } of stream) {
    const delta = choices[0]?.delta;
    text += delta?.content ?? "";
    for (const { index, id, function: piece } of delta?.tool_calls ?? []) {
      calls[index] ??= { id, name: piece.name, text: "" };
      calls[index].text += piece.arguments ?? "";
    }
  }
  return { text, calls };
}

/** Our own door, with all that goes before and after a try. */
async function ours() {
  const { createModel } = await import("../../build/host/model.js");
  const { modelLanes } = await import("../../build/host/model-lane.js");
  const { askPatiently } = await import("../../build/host/model-retry.js");
  const { Account } = await import("../../build/core/budget.js");
  const settings = {
    ...{ type: "model", baseURL, apiKeyEnv: "KEY", model: "fake-model", window: 128_000 },
    ...{ price: { input: 1, cached: 0.1, output: 10 }, outputTokensMax: 4_000 },
    ...{ idleTimeoutMs: 60_000, turnTimeoutMs: 600_000 },
  };
  const model = await createModel(settings, { name: "model", key: "sk-bench" });
  const { signal } = new AbortController();
  const lane = modelLanes.of(baseURL);
  const account = new Account({ level: "run", name: "run", limit: { usd: 1e9 }, warnAt: 0.8 });
  return async (count) => {
    let messages = [
      { role: "system", text: system },
      { role: "user", text: "go" },
    ];
    let made = [];
    for (let turn = 0; turn < count; turn += 1) {
      const request = { messages, tools, outputTokensMax: 4_000 };
      const { text, calls } = await ourTurn({ model, request, account, lane, signal });
      made = calls;
      const results = calls.map(({ id }) => ({ role: "tool", call: id, text: result }));
      messages = [...messages, { role: "assistant", text, calls }, ...results];
    }
    return made;
  };

  async function ourTurn({ model, request, account, lane, signal }) {
    let reservation;
    const outcome = await askPatiently(model, request, {
      signal,
      lane,
      beforeTry: async () => {
        const inputTokens = model.countTokens(request);
        const tokens = { inputTokens, cachedTokens: 0, outputTokens: request.outputTokensMax };
        reservation = account.reserve({ ...tokens, usd: model.priceOf(tokens) });
        return { type: "go" };
      },
      afterTry: async (tried) => void reservation.settle(tried.answer.spend),
    });
    if (outcome.type !== "answered") throw new Error(JSON.stringify(outcome));
    return outcome.answer;
  }
}
