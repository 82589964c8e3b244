/** The import graph beside that of dependency-cruiser, edge for edge: another parser, another resolver, the same files. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Survey } from "../../src/core/survey.ts";
import { type CruisedEdge, type CruiseOptions, cruisedEdges } from "../support/cruised.ts";
import { moduleForest } from "../support/module-forest.ts";
import { rxjsFiles } from "../support/rxjs.ts";
import { surveyFiles } from "../support/surveyed.ts";

const zod = path.resolve(import.meta.dirname, "../../node_modules/zod");

/** The sources that zod's package ships, beside its manifest, whose `exports` name them under a condition of its own. */
function zodFiles(): Record<string, string> {
  const names = readdirSync(path.join(zod, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(zod, path.join(entry.parentPath, entry.name)));
  const files = [...names, "package.json"].sort();
  return Object.fromEntries(
    files.map((name) => [name, readFileSync(path.join(zod, name), "utf8")]),
  );
}

function pairs(edges: readonly { readonly from: string; readonly to: string }[]): string[] {
  return [...new Set(edges.map(({ from, to }) => `${from} → ${to}`))].sort();
}

function typePairs(survey: Survey): string[] {
  const others = new Set(pairs(survey.imports.filter(({ kind }) => kind !== "type")));
  return pairs(survey.imports.filter(({ kind }) => kind === "type")).filter(
    (pair) => !others.has(pair),
  );
}

async function bothGraphs(
  files: Readonly<Record<string, string>>,
  options: CruiseOptions,
): Promise<{ readonly survey: Survey; readonly cruised: readonly CruisedEdge[] }> {
  return { survey: await surveyFiles(files), cruised: await cruisedEdges(files, options) };
}

describe("the import graph is dependency-cruiser's, edge for edge", { timeout: 240_000 }, () => {
  it("on the sources of rxjs", async () => {
    const { survey, cruised } = await bothGraphs(await rxjsFiles(), { tsconfig: "tsconfig.json" });
    expect(pairs(survey.imports)).toEqual(pairs(cruised));
    expect(cruised.length).toBeGreaterThan(1200);
  });

  it("on the sources of zod, which import their own package by its name", async () => {
    const { survey, cruised } = await bothGraphs(zodFiles(), { conditions: ["@zod/source"] });
    expect(pairs(survey.imports)).toEqual(pairs(cruised));
    expect(cruised.length).toBeGreaterThan(500);
  });

  it("on repositories made up, as large as TypeScript's", async () => {
    const files = moduleForest({ packages: 12, modules: 60, seed: 4 });
    const linked = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`@forest/part${at}`, `packages/part${at}`]),
    );
    const { survey, cruised } = await bothGraphs(files, { tsconfig: "tsconfig.json", linked });
    expect(pairs(survey.imports)).toEqual(pairs(cruised));
    expect(typePairs(survey)).toEqual(pairs(cruised.filter(({ typeOnly }) => typeOnly)));
    expect(cruised.length).toBeGreaterThan(2000);
  });
});
