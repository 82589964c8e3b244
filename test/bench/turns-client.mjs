// Asks again what agents of ours have asked: `node turns-client.mjs WHO ADDRESS RECORD [WORKTREE]`. Each agent's history grows by
// what was added to it then. With WORKTREE the calls of the answers are made there, in the plainest way; without it nothing is
// done with the answers but to put them together.
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const [, , who, baseURL, record, worktree] = process.argv;
/** Each answers with a function that sends one request and gives the calls of its answer, and with a message in its words. */
const ways = { bare, door };
const tools = {
  list: (file) => readdir(file),
  read: async (file, { from = 1, to }) => {
    const lines = (await readFile(file, "utf8")).split("\n").slice(from - 1, to);
    return lines.map((line, at) => `${from + at}\t${line}`).join("\n");
  },
  edit: async (file, { edits }) => {
    const before = await readFile(file, "utf8");
    await writeFile(
      file,
      edits.reduce((text, { old, new: now }) => text.replace(old, () => now), before),
    );
  },
  grep: (file, { pattern }) =>
    promisify(execFile)("git", ["grep", "--no-index", "-nP", "-e", pattern, "--", file], {
      cwd: worktree,
    }),
};

const agents = [];
/** All of a request but its messages: the same for everybody. */
let rest;
for await (const line of createInterface({ input: createReadStream(record) })) {
  const { rest: told, ...agent } = JSON.parse(line);
  rest ??= told;
  agents.push(agent);
}
const { ask, wordsOf } = await ways[who]();
await Promise.all(agents.map(takeTurns));
process.exit(0);

async function takeTurns({ messages, lengths }) {
  let history = [];
  for (const length of lengths) {
    history = [...history, ...messages.slice(history.length, length).map(wordsOf)];
    const calls = await ask(history);
    if (worktree !== undefined) await Promise.all(calls.map(makeCall));
  }
}

function makeCall({ name, text }) {
  const given = JSON.parse(text);
  return tools[name](path.join(worktree, given.path), given);
}

/** The openai package as its manual shows it. */
async function bare() {
  const { OpenAI } = await import("openai");
  const client = new OpenAI({ baseURL, apiKey: process.env.BENCH_KEY, maxRetries: 0 });
  const ask = async (messages) => {
    const stream = await client.chat.completions.create({ ...rest, messages });
    const calls = [];
    let text = "";
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta;
      text += delta?.content ?? "";
      for (const { index, function: piece } of delta?.tool_calls ?? []) {
        calls[index] ??= { name: piece.name, text: "" };
        calls[index].text += piece.arguments ?? "";
      }
    }
    if (text === "") throw new Error("the model said nothing");
    return calls;
  };
  return { ask, wordsOf: (message) => message };
}

/** Our own door to models, with the lane, the retries, the estimate and the budget of each try. */
async function door() {
  const { createModel } = await import("../../build/host/model.js");
  const { modelLanes } = await import("../../build/host/model-lane.js");
  const { askPatiently } = await import("../../build/host/model-retry.js");
  const { spendingHooks } = await import("../../build/agent/spending.js");
  const { Account } = await import("../../build/core/budget.js");
  const outputTokensMax = rest.max_tokens;
  const settings = {
    ...{ type: "model", baseURL, apiKeyEnv: "BENCH_KEY", model: rest.model, window: 128_000 },
    ...{ price: { input: 1, cached: 0.1, output: 10 }, outputTokensMax },
    ...{ idleTimeoutMs: 60_000, turnTimeoutMs: 600_000 },
  };
  const model = await createModel(settings, { name: "model", key: process.env.BENCH_KEY });
  const { signal } = new AbortController();
  const lane = modelLanes.of(baseURL);
  const account = new Account({ level: "run", name: "run", limit: { usd: 1e9 }, warnAt: 0.8 });
  const specs = rest.tools.map((tool) => tool.function);
  const nothing = async () => undefined;
  const record = { asked: nothing, answered: nothing, unanswered: nothing, warned: nothing };
  const ask = async (messages) => {
    const request = { messages, tools: specs, outputTokensMax };
    const hooks = spendingHooks({ model, account, outputTokensMax }, request, record);
    const outcome = await askPatiently(model, request, { signal, lane, ...hooks });
    if (outcome.type !== "answered") throw new Error(JSON.stringify(outcome));
    return outcome.answer.calls;
  };
  return { ask, wordsOf: ourWords };
}

function ourWords({ role, content, tool_calls: calls = [], tool_call_id: call }) {
  if (role === "tool") return { role, text: content, call };
  if (role !== "assistant") return { role, text: content };
  const made = calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, text }));
  return { role, text: content ?? "", calls: made };
}
