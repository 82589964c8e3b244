import { expect, it } from "vitest";
import type { RepoPath, Sha } from "../../src/core/id.ts";
import type { ImportKind, Survey } from "../../src/core/survey.ts";
import { surveyQuestions } from "../../src/core/survey-questions.ts";

const offers: Readonly<Record<string, readonly string[]>> = {
  "a.ts": ["a", "default"],
  "b.ts": ["b"],
  "index.ts": [],
  "outer.ts": ["own"],
};

function edge(from: string, to: string, kind: ImportKind, ...names: string[]) {
  return { from: from as RepoPath, to: to as RepoPath, kind, names };
}

function tie(one: string, other: string, together: number, share: number) {
  return { files: [one as RepoPath, other as RepoPath] as const, together, share };
}

const survey: Survey = {
  base: "0".repeat(40) as Sha,
  files: Object.entries(offers).map(([path, names]) => ({
    path: path as RepoPath,
    kind: "text",
    bytes: 1,
    language: "typescript",
    offers: names,
    outside: [],
  })),
  imports: [
    edge("b.ts", "index.ts", "static", "a"),
    edge("index.ts", "a.ts", "re-export", "*"),
    edge("index.ts", "b.ts", "re-export", "*"),
    edge("outer.ts", "index.ts", "re-export", "*"),
  ],
  cochanges: [tie("a.ts", "b.ts", 2, 0.2), tie("a.ts", "index.ts", 3, 0.9)],
  hubs: [{ path: "index.ts" as RepoPath, reason: "barrel", why: "", policy: "last" }],
  notes: [],
};
const ask = surveyQuestions(survey);

it("who imports what", () => {
  expect(ask.importersOf("index.ts").map(({ from }) => from)).toEqual(["b.ts", "outer.ts"]);
  expect(ask.importsOf("index.ts").map(({ to }) => to)).toEqual(["a.ts", "b.ts"]);
  expect(ask.importsOf("none.ts")).toEqual([]);
  expect(ask.file("none.ts")).toBe(undefined);
});

it("names are offered by whoever passes them on, but for the default", () => {
  expect(ask.offeredBy("outer.ts")).toEqual(["a", "b", "own"]);
  expect(ask.offering("a")).toEqual(["a.ts", "index.ts", "outer.ts"]);
  expect(ask.offering("default")).toEqual(["a.ts"]);
  expect(ask.offering("none")).toEqual([]);
});

it("what changed together, the strongest first, and what is a hub", () => {
  expect(ask.changedWith("a.ts").map(({ share }) => share)).toEqual([0.9, 0.2]);
  expect(ask.hub("index.ts")?.policy).toBe("last");
  expect(ask.hub("a.ts")).toBe(undefined);
});
