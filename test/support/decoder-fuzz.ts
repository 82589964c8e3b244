/** The decoders of config and plan against hostile text; a little in every test run, much in the long one. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import * as yaml from "yaml";
import { parseConfig } from "../../src/config/read-config.ts";
import type { TextFormat } from "../../src/config/text-document.ts";
import { planWarnings } from "../../src/core/plan-problem.ts";
import { parsePlan, problemsOfPlan } from "../../src/plan/plan-file.ts";
import { writePlan } from "../../src/plan/plan-text.ts";
import { blotted, expectReadable, noise, spoilt } from "./hostile-text.ts";

const example = path.join(import.meta.dirname, "../../.agentrc.example.json");
const facts = {
  files: [
    { path: "src/a.ts", mode: "100644" },
    { path: "src/line\nbreak.ts", mode: "100644" },
    { path: "vendor/lib", mode: "160000" },
  ],
  unitsMax: 3,
  workers: ["model"],
};

const plan = {
  version: 1,
  goal: "Give every relative import its ending",
  context: { conventions: ["a", { b: null }] },
  base: "v1",
  units: [
    { id: "core", title: "Core", instructions: "x", owns: ["src/a.ts"], checks: ["npm test"] },
    {
      id: "rest",
      title: "Rest",
      instructions: "y",
      owns: ["src/**", "!src/a.ts", "src/{b,c}/[d]*"],
      after: ["core"],
      worker: "model",
      agent: "coder",
      checks: [{ name: "t", run: ["tsc", "-p", "."], timeout: "90s" }],
      approval: "required",
      budget: { tokens: 5, usd: 0.5 },
    },
  ],
  doneWhen: [{ name: "n", run: "node x.mjs" }],
};

/** One decoder: a valid value for it, and what it does with text, checked for sense. Answers whether it was accepted. */
interface Decoder {
  readonly valid: unknown;
  decode(text: string, format: TextFormat): Promise<boolean>;
}

export async function decoders(): Promise<Readonly<Record<"config" | "plan", Decoder>>> {
  return {
    config: { valid: JSON.parse(await readFile(example, "utf8")), decode: decodeConfigText },
    plan: { valid: plan, decode: decodePlanText },
  };
}

async function decodeConfigText(text: string, format: TextFormat): Promise<boolean> {
  const parsed = await parseConfig(text, format);
  if (parsed.type === "wrong") expectReadable(parsed.problems);
  return parsed.type === "config";
}

async function decodePlanText(text: string, format: TextFormat): Promise<boolean> {
  const read = await parsePlan(text, format);
  const problems = problemsOfPlan(read, facts);
  if (problems.length > 0) expectReadable(problems);
  if (read.type === "wrong") {
    expectReadable(read.problems);
    expect(problems.length).toBeGreaterThanOrEqual(read.problems.length);
    return false;
  }
  planWarnings(read.plan, facts);
  // What was accepted was understood whole: it can be written and read again.
  expect(await parsePlan(await writePlan(read.plan), "json")).toEqual(read);
  return problems.length === 0;
}

export async function fuzzNoise(decoder: Decoder, runs: number): Promise<void> {
  const format = fc.constantFrom<TextFormat>("json", "yaml");
  await fc.assert(
    fc.asyncProperty(noise, format, async (text, said) => {
      await decoder.decode(text, said);
    }),
    { numRuns: runs },
  );
}

export async function fuzzSpoilt(decoder: Decoder, runs: number): Promise<void> {
  const { valid, decode } = decoder;
  await fc.assert(
    fc.asyncProperty(spoilt(valid), fc.boolean(), async (value, asYaml) => {
      if (asYaml) await decode(yaml.stringify(value), "yaml");
      else await decode(JSON.stringify(value), "json");
    }),
    { numRuns: runs },
  );
}

export async function fuzzBlotted(decoder: Decoder, runs: number): Promise<void> {
  const json = JSON.stringify(decoder.valid, undefined, 1);
  const text = yaml.stringify(decoder.valid);
  await fc.assert(
    fc.asyncProperty(blotted(json), blotted(text), async (one, other) => {
      await decoder.decode(one, "json");
      await decoder.decode(other, "yaml");
    }),
    { numRuns: runs },
  );
}

/** No beginning of a JSON file is taken for a file. YAML that is cut off may still be YAML: it only must not crash. */
export async function fuzzPrefixes(decoder: Decoder, step: number): Promise<void> {
  const json = JSON.stringify(decoder.valid);
  expect(await decoder.decode(json, "json")).toBe(true);
  for (let end = 0; end < json.length; end += step) {
    expect([end, await decoder.decode(json.slice(0, end), "json")]).toEqual([end, false]);
  }
  const text = yaml.stringify(decoder.valid);
  expect(await decoder.decode(text, "yaml")).toBe(true);
  for (let end = 0; end < text.length; end += step * 3)
    await decoder.decode(text.slice(0, end), "yaml");
}
