/** What an agent costs at each turn: what was said before is not looked at again. Counted, not timed. */
import { expect, test } from "vitest";
import { estimateRequest } from "../../src/host/model-tokens.ts";
import { bodyText, refusedFields, wireBody } from "../../src/host/model-wire.ts";
import { agentScene } from "../support/agent-scene.ts";
import { byAgent } from "../support/scripted-model.ts";

const turns = 12;

async function requestsOfOneAgent() {
  const reads = Array.from({ length: turns }, (_, at) => ({
    calls: [["read", { path: "a.txt", from: 1, to: at + 1 }] as const],
  }));
  const scene = await agentScene(byAgent({ coder: reads }));
  await scene.work();
  return scene.model.asked.map(({ request }) => request);
}

test("every message and the tools are the same values at each turn, and so counted and worded once", async () => {
  const requests = await requestsOfOneAgent();
  expect(requests).toHaveLength(turns + 1);
  const last = requests.at(-1);
  for (const { messages, tools } of requests) {
    expect(tools).toBe(last?.tools);
    for (const [at, message] of messages.entries()) expect(message).toBe(last?.messages[at]);
  }
});

test("what was made of a message for one request is sent again with the next", async () => {
  const [first, second] = await requestsOfOneAgent();
  if (first === undefined || second === undefined) throw new Error("it was not asked twice");
  const options = { baseURL: "http://localhost:1/v1", model: "m" };
  const refused = refusedFields(options.baseURL, options.model);
  const [before, after] = [first, second].map((request) =>
    wireBody(request, { ...options, refused }),
  );
  expect(after?.tools).toBe(before?.tools);
  expect(after?.messages.slice(0, before?.messages.length)).toEqual(before?.messages);
  for (const [at, message] of (before?.messages ?? []).entries()) {
    expect(after?.messages[at]).toBe(message);
  }
});

test("what was said before is not put into JSON again, and the body is the same to the byte", async () => {
  const [first, second] = await requestsOfOneAgent();
  if (first === undefined || second === undefined) throw new Error("it was not asked twice");
  const options = { baseURL: "http://localhost:1/v1", model: "m" };
  const refused = refusedFields(options.baseURL, options.model);
  let made = 0;
  const counted = {
    role: "user",
    content: "said",
    toJSON: () => {
      made += 1;
      return { role: "user", content: "said" };
    },
  };
  for (const request of [first, second]) {
    const plain = wireBody({ ...request, outputTokensMax: 9 }, { ...options, refused });
    const body = { ...plain, messages: [counted, ...plain.messages] };
    expect(bodyText(plain)).toBe(JSON.stringify(plain));
    expect(bodyText(body)).toContain('"messages":[{"role":"user","content":"said"},{');
  }
  expect(made).toBe(1);
});

test("the estimate reads each text once, however often it is sent", async () => {
  const [first] = await requestsOfOneAgent();
  let reads = 0;
  const message = {
    role: "user" as const,
    get text() {
      reads += 1;
      return "one two three";
    },
  };
  const request = { tools: first?.tools ?? [], messages: [message] };
  const estimate = estimateRequest(request);
  for (let turn = 0; turn < turns; turn += 1) {
    expect(estimateRequest({ ...request, messages: [message] })).toBe(estimate);
  }
  expect(reads).toBe(1);
});
