// What we add to a turn of a model: many agents at once before a model that answers at once, beside the same requests sent by
// the bare openai client. Server and clients are processes of their own.
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const folder = path.resolve(import.meta.dirname, "..");
const agents = 64;
const turns = 15;
const seen = new Map();

const bare = "bare openai client";
const ours = "pleach";
const whos = { [bare]: "bare", [ours]: "ours" };

export const row = {
  title: "A turn of a model",
  unit: "ms",
  note: `${agents} agents at once, ${turns} turns each over a history that grows by 2 KB a turn, all in one process. Ours has the door, the lane, the retries, the estimate and the budget of each try.`,
  parts: [
    time,
    () =>
      seenPart("processor time of the client per turn", "processorMsPerTurn", "ms", [
        { of: ours, over: bare, most: 1.25 },
      ]),
    () => seenPart("peak resident memory", "peakMb", "MB", [{ of: ours, over: bare, most: 2 }]),
    () =>
      seenPart("longest block of the event loop", "longestBlockMs", "ms", [{ of: ours, most: 50 }]),
  ],
};

async function time() {
  const server = spawn(process.execPath, [path.join(folder, "turns-server.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise((resolve) => {
    server.stdout.once("data", (text) => resolve(String(text).trim()));
  });
  const measure = (name) => async () => {
    const figures = await runClient(whos[name], address);
    const before = seen.get(name) ?? [];
    seen.set(name, [...before, figures]);
    return figures.msPerTurn;
  };
  return {
    label: "time per turn",
    repeats: 7,
    variants: [
      { name: bare, role: "floor", measure: measure(bare) },
      { name: ours, role: "ours", measure: measure(ours) },
    ],
    ratios: [{ of: ours, over: bare, most: 1.25 }],
    dispose: () => void server.kill(),
  };
}

async function runClient(who, address) {
  const client = path.join(folder, "turns-client.mjs");
  const args = [client, who, address, agents, turns].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

/** What the rounds of the first part have told beside their time, but for the round that counts for nothing. */
function seenPart(label, figure, unit, ratios) {
  const rounds = [...seen.values()][0].length - 1;
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
    variants: [
      { name: bare, role: "floor", measure: next(bare) },
      { name: ours, role: "ours", measure: next(ours) },
    ],
    ratios,
  };
}
