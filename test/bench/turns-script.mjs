// What the model of the bench says: each agent looks around, reads, searches and edits the one file that is its own.
import { fileOf } from "./synthetic.mjs";

const turnsOfScript = [
  (n) => [
    ["list", { path: folderOf(n) }],
    ["grep", { pattern: `compute${n}x\\d+`, path: folderOf(n) }],
  ],
  (n) => [["read", { path: fileOf(n) }]],
  (n) => [edit(n, [0])],
  (n) => [
    ["read", { path: fileOf(n + 1), from: 1, to: 40 }],
    ["read", { path: fileOf(n + 2), from: 20, to: 60 }],
  ],
  (n) => [edit(n, [1, 2])],
  (n) => [["read", { path: fileOf(n), from: 1, to: 60 }]],
  (n) => [edit(n, [3])],
  (n) => [["read", { path: fileOf(n + 3) }]],
  (n) => [edit(n, [4, 5])],
  (n) => [edit(n, [6])],
  (n) => [["grep", { pattern: "boundOf\\(", path: fileOf(n) }]],
  (n) => [["read", { path: fileOf(n), from: 60, to: 130 }]],
  (n) => [edit(n, [7, 8])],
  (n) => [["read", { path: fileOf(n + 4), from: 1, to: 50 }]],
  (n) => [edit(n, [9, 10, 11])],
  (n) => [["read", { path: fileOf(n) }]],
];

/** Answers that call tools. */
export const scriptTurns = turnsOfScript.length;

/** As a stream of events. */
export function answerOf(agent, turn) {
  const calls = turnsOfScript[turn](agent);
  return stream(
    `I look at what there is and go on with step ${turn + 1}.`,
    calls.map(([name, given], index) => ({ index, name, text: JSON.stringify(given), turn })),
  );
}

export const finalAnswer = stream("All functions of the file use boundOf now.", []);

function edit(n, functions) {
  const edits = functions.map((at) => {
    const head = `export function compute${n}x${at}(input: number, options: Options): Result {\n`;
    return {
      old: `${head}  const limit = options.limit ??`,
      new: `${head}  const limit = boundOf(options.limit) ??`,
    };
  });
  return ["edit", { path: fileOf(n), edits }];
}

function folderOf(n) {
  return fileOf(n).replace(/\/[^/]*$/, "");
}

function stream(text, calls) {
  const usage = { prompt_tokens: 5_000, completion_tokens: 60, total_tokens: 5_060 };
  return Buffer.from(
    [
      chunk({ role: "assistant", content: "" }),
      ...pieces(text, 6).map((content) => chunk({ content })),
      ...calls.flatMap(callChunks),
      chunk({}, calls.length === 0 ? "stop" : "tool_calls"),
      event({ ...head(), choices: [], usage }),
      "data: [DONE]\n\n",
    ].join(""),
  );
}

function callChunks({ index, name, text, turn }) {
  const id = `call_${turn}_${index}`;
  const first = { index, id, type: "function", function: { name, arguments: "" } };
  return [
    chunk({ tool_calls: [first] }),
    ...pieces(text, 8).map((piece) =>
      chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
    ),
  ];
}

function pieces(text, length) {
  return text.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];
}

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
