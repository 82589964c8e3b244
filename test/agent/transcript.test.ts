/** Transcripts on the disk: whole lines or none, in their order, without secrets, and what they say was spent. */
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { foldTranscript } from "../../src/agent/conversation.ts";
import {
  openTranscript,
  readTranscript,
  transcriptFile,
  transcriptSpend,
  transcriptSpends,
} from "../../src/agent/transcript.ts";
import type { TranscriptLine } from "../../src/agent/transcript-line.ts";
import { agentScene } from "../support/agent-scene.ts";
import { eventually } from "../support/eventually.ts";
import { scratchFolder } from "../support/scratch.ts";
import { byAgent } from "../support/scripted-model.ts";
import { smallDisk } from "../support/small-disk.ts";

const plain = (text: string) => text;
const spend = (inputTokens: number) => ({ inputTokens, cachedTokens: 0, outputTokens: 1, usd: 0 });

function told(text: string, at = 1): TranscriptLine {
  return { type: "told", from: "parent", text, at };
}

test("lines keep their order, however many are given at once", async () => {
  const file = path.join(scratchFolder(), "agents", "coder.jsonl");
  const transcript = await openTranscript(file, plain);
  const lines = Array.from({ length: 200 }, (_, at) => told(`line ${at}`, at));
  await Promise.all(lines.map((line) => transcript.append(line)));
  await transcript.close();
  expect((await readTranscript(file)).lines).toEqual(lines);
});

test("lines that may wait keep their order too, and are there as soon as a later line is, or somebody waits for them", async () => {
  const file = path.join(scratchFolder(), "coder.jsonl");
  const transcript = await openTranscript(file, plain);
  const texts = async () =>
    (await readTranscript(file)).lines.map((line) => line.type === "told" && line.text);
  transcript.appendSoon(told("one"));
  transcript.appendSoon(told("two"));
  await transcript.append(told("three"));
  expect(await texts()).toEqual(["one", "two", "three"]);
  transcript.appendSoon(told("four"));
  await transcript.written();
  expect(await texts()).toEqual(["one", "two", "three", "four"]);
  transcript.appendSoon(told("five"));
  await eventually(async () => (await texts()).includes("five"));
  transcript.appendSoon(told("six"));
  await transcript.close();
  expect(await texts()).toEqual(["one", "two", "three", "four", "five", "six"]);
});

test("after a line that could not be written there is none, though there be room again, and everybody hears of it", async () => {
  const disk = smallDisk(1);
  const file = path.join(disk.folder, "coder.jsonl");
  const transcript = await openTranscript(file, plain);
  await transcript.append(told("one"));
  disk.fill(0);
  transcript.appendSoon(told("x".repeat(10_000)));
  await expect(transcript.append(told("three"))).rejects.toThrow(/cannot write/);
  disk.empty();
  await expect(transcript.append(told("four"))).rejects.toThrow(/cannot write/);
  transcript.appendSoon(told("five"));
  await expect(transcript.written()).rejects.toThrow(/cannot write/);
  await transcript.close();
  expect((await readTranscript(file)).lines).toEqual([told("one")]);
});

test("a last line that was cut short never happened, and is cut off before the next", async () => {
  const file = path.join(scratchFolder(), "coder.jsonl");
  const first = await openTranscript(file, plain);
  await first.append(told("one"));
  await first.append(told("two"));
  await first.close();
  const { length } = readFileSync(file);
  for (const cut of [length - 1, length - 5, length - 30]) {
    truncateSync(file, cut);
    expect((await readTranscript(file)).lines).toEqual([told("one")]);
  }
  const second = await openTranscript(file, plain);
  expect(second.before).toEqual([told("one")]);
  await second.append(told("three"));
  await second.close();
  expect((await readTranscript(file)).lines).toEqual([told("one"), told("three")]);
});

test("any other bad line is named", async () => {
  const file = path.join(scratchFolder(), "coder.jsonl");
  writeFileSync(file, `${JSON.stringify(told("one"))}\nno json\n`);
  await expect(readTranscript(file)).rejects.toThrow(/line 2 is no line of a transcript/);
  writeFileSync(file, "[]\n");
  await expect(readTranscript(file)).rejects.toThrow(/line 1/);
});

test("every text in a line is redacted, however deep it lies", async () => {
  const file = path.join(scratchFolder(), "coder.jsonl");
  const transcript = await openTranscript(file, (text) => text.replaceAll("secret", "[key]"));
  const calls = [{ id: "1", name: "write", text: '{"content":"secret"}' }];
  const text = "the secret";
  await transcript.append({
    type: "answered",
    text,
    calls,
    spend: spend(1),
    estimated: false,
    at: 1,
  });
  await transcript.close();
  expect(readFileSync(file, "utf8")).not.toContain("secret");
});

test("what was spent is summed over agents, a call without an answer as it was reserved", async () => {
  const folder = scratchFolder();
  const write = (agent: string, lines: readonly object[]) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    appendFileSync(transcriptFile(folder, agent), text);
  };
  const answer = { type: "answered", text: "", calls: [], estimated: false, at: 1 };
  write("coder", [
    { type: "asked", reserved: spend(100), at: 1 },
    { ...answer, spend: spend(10) },
    { type: "asked", reserved: spend(100), at: 1 },
    { type: "unanswered", why: "429", spend: spend(0), at: 1 },
    { type: "asked", reserved: spend(1000), at: 1 },
  ]);
  write("coder.1", [
    { type: "asked", reserved: spend(5), at: 1 },
    { ...answer, spend: spend(4) },
  ]);
  expect(
    [...(await transcriptSpends(folder))].map(([agent, { inputTokens }]) => [agent, inputTokens]),
  ).toEqual([
    ["coder.1", 4],
    ["coder", 1010],
  ]);
  expect((await transcriptSpend(folder)).inputTokens).toBe(1014);
  expect((await transcriptSpend(path.join(folder, "none"))).inputTokens).toBe(0);
});

test("every prefix of a transcript can be folded, and tells what comes next", async () => {
  const task: readonly [string, object] = ["task", { description: "x", background: true }];
  const scene = await agentScene(
    byAgent({ coder: [{ calls: [["read", { path: "a.txt" }], task] }, { text: "a" }] }),
  );
  await scene.work();
  const lines = scene.transcript("coder");
  const stages = lines.map((_, at) => foldTranscript(lines.slice(0, at + 1)).stage);
  expect(new Set(stages)).toEqual(new Set(["ask", "calls", "rest", "ended"]));
});
