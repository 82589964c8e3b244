// What we add to a turn of a model: a whole run of many agents at once before a model that answers at once, beside the very
// same requests sent by the bare openai client. The model, the run and the clients are processes of their own.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { forgetRuns } from "../runs.mjs";
import { benchFolder, git, syntheticRepository } from "../synthetic.mjs";
import { scriptTurns } from "../turns-script.mjs";

const folder = path.resolve(import.meta.dirname, "..");
const program = path.resolve(folder, "../../dist/main.js");
const agents = 64;
const files = 300;
const rounds = 7;
const seen = new Map();

const bare = "bare openai client";
const plain = "bare openai client, calls made plainly";
const door = "our door to models alone";
const ours = "pleach run";
const roles = { [bare]: "floor", [plain]: "rival", [door]: "ours", [ours]: "ours" };

export const row = {
  title: "A turn of a model",
  unit: "ms",
  note: [
    `${agents} agents at once, ${scriptTurns} turns each, in one process, before a model that answers at once. Each agent lists, reads, edits and searches files of 4 KB. Compared are four ways to the same answers, by the very same bytes on the wire (the requests of a run are recorded, and asked again):`,
    "- `bare openai client`: the package as its manual shows it; it puts the answers together and does nothing with them. The floor: no agent can do less, and nothing is done with it. The target of SPEED-FACTS.md is against it.",
    "- `bare openai client, calls made plainly`: the same, and it makes the tool calls of the answers in the plainest way (`readFile`, `writeFile`, `git grep`): the same work on the disk, but nothing is durable, locked, checked or written down. The fair rival of a whole run.",
    "- `our door to models alone`: lane, retries, estimate and budget of each try, and no tools: what is ours in asking a model.",
    "- `pleach run`: the program itself: plan, a worktree for each agent, tools, transcripts and journal before anything rests on them, budgets, redaction.",
    "Timed from when all have asked for the first time until all have asked for the last time: starting, worktrees and merges are not in it. Processor time and memory (the highest of the process's life until then) are those of the process and of what it keeps beside it, such as the one that starts programs for ours; of programs that come and go, `git grep`, they are nobody's. Processor time tells more where the machine has other work.",
    "Commands run without the sandbox, and state and worktrees are in memory: what a disk takes to make a line durable is not in it.",
  ].join("\n"),
  parts: [
    time,
    () =>
      seenPart("processor time per turn", "processorMsPerTurn", "ms", [
        { of: door, over: bare, most: 1.25 },
        { of: ours, over: bare, most: 1.25 },
        { of: ours, over: plain, most: 1.25 },
      ]),
    () => seenPart("peak resident memory", "peakMb", "MB", [{ of: ours, over: bare, most: 2 }]),
    () =>
      seenPart("longest block of the event loop", "longestBlockMs", "ms", [{ of: ours, most: 50 }]),
    () => seenPart("the same before the first turn", "startBlockMs", "ms", []),
  ],
};

async function time() {
  const record = path.join(benchFolder(), "requests.jsonl");
  const { bytes } = await takePart(ours, { record, keep: true });
  const measure = (name) => async () => {
    const figures = await takePart(name, { record });
    if (figures.bytes !== bytes) throw new Error(`${name} sent other requests`);
    const count = agents * scriptTurns;
    const processorMsPerTurn = figures.processorMs / count;
    seen.set(name, [...(seen.get(name) ?? []), { ...figures, processorMsPerTurn }]);
    return figures.ms / count;
  };
  return {
    label: "time per turn",
    repeats: rounds,
    variants: Object.entries(roles).map(([name, role]) => ({ name, role, measure: measure(name) })),
    ratios: [
      { of: door, over: bare, most: 1.25 },
      { of: ours, over: bare, most: 1.25 },
      { of: ours, over: plain, most: 1.25 },
    ],
  };
}

/** What the server and the probe saw of one client. With `keep` its requests are recorded. */
async function takePart(name, { record, keep = false }) {
  const told = [agents, scriptTurns, ...(keep ? [record] : [])].map(String);
  const server = spawn(process.execPath, [path.join(folder, "turns-server.mjs"), ...told], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const { address, probe } = JSON.parse((await lines.next()).value);
  const repository = syntheticRepository(files);
  const place = { repository, address, record };
  const { args, env = {} } = name === ours ? runArguments(place) : clientArguments(name, place);
  const client = spawn(
    process.execPath,
    ["--import", path.join(folder, "turns-probe.mjs"), ...args],
    {
      cwd: repository.dir,
      env: { ...process.env, ...env, BENCH_PROBE: String(probe), BENCH_KEY: "sk-bench-0123456789" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const ended = endOf(client);
  try {
    const figures = await Promise.race([lines.next(), ended]);
    if (figures.said !== undefined) throw new Error(`${name} ended early: ${figures.said}`);
    await ended;
    return JSON.parse(figures.value);
  } finally {
    client.kill();
    server.kill();
    tidy(repository);
  }
}

function endOf(client) {
  let said = "";
  client.stderr.on("data", (text) => {
    said += text;
  });
  return new Promise((resolve) => client.once("close", () => resolve({ said })));
}

function tidy(repository) {
  forgetRuns(repository);
  rmSync(stateHome(), { recursive: true, force: true });
  git(repository.dir, "worktree", "prune");
  git(repository.dir, "reset", "--quiet", "--hard");
}

function clientArguments(name, { repository, address, record }) {
  const client = path.join(folder, "turns-client.mjs");
  const way = name === door ? "door" : "bare";
  return { args: [client, way, address, record, ...(name === plain ? [repository.dir] : [])] };
}

function runArguments({ repository, address }) {
  mkdirSync(stateHome(), { recursive: true });
  const plan = path.join(stateHome(), "plan.json");
  const config = path.join(stateHome(), "config.json");
  writeFileSync(plan, JSON.stringify(planOf(repository)));
  writeFileSync(config, JSON.stringify(configOf(address)));
  return {
    args: [
      ...[program, "run", "--plan", plan, "--config", config, "--land", "never"],
      ...["--trust", "--quiet", "--sandbox", "none"],
    ],
    env: { PLEACH_STATE_HOME: stateHome() },
  };
}

function configOf(baseURL) {
  const price = { input: 1, cached: 0.1, output: 10 };
  const fake = { type: "model", baseURL, apiKeyEnv: "BENCH_KEY", model: "fake-model", price };
  return {
    worker: "fake",
    workers: { fake },
    budget: { run: { usd: 1e6 } },
    limits: { units: agents, concurrency: agents, agents },
  };
}

function planOf(repository) {
  return {
    version: 1,
    goal: "Bound what the functions work out",
    units: Array.from({ length: agents }, (_, n) => ({
      id: `u${n}`,
      title: `Unit ${n}`,
      instructions: `You are agent ${n} of many. Let every function of your file use boundOf.`,
      owns: [repository.files[n]],
    })),
  };
}

function stateHome() {
  return path.join(benchFolder(), "turns");
}

/** What the rounds of the first part have told beside their time, but for the round that counts for nothing. */
function seenPart(label, figure, unit, ratios) {
  const taken = new Map();
  const next = (name) => () => {
    const at = (taken.get(name) ?? 0) + 1;
    taken.set(name, at);
    return seen.get(name)[at][figure];
  };
  return {
    label,
    unit,
    repeats: rounds,
    coldStart: true,
    variants: Object.entries(roles).map(([name, role]) => ({ name, role, measure: next(name) })),
    ratios,
  };
}
