import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Survey } from "../../src/core/survey.ts";
import { hugeBytesMin } from "../../src/survey/read-facts.ts";
import { surveyCommit } from "../../src/survey/survey.ts";
import { makeRepository } from "../support/repository.ts";
import { isRunning } from "../support/scratch.ts";
import {
  cacheFolderOf,
  edgeLines,
  surveyFiles,
  surveyOf,
  surveyRequest,
} from "../support/surveyed.ts";

const small = {
  "a.ts": 'import { b } from "./b";\nexport const a = b;\n',
  "b.ts": "export const b = 1;\n",
};

function kindsOf({ files }: Survey): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, kind }) => [path, kind]));
}

function notesAbout(survey: Survey): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(survey.notes.map(({ about, paths }) => [about, paths]));
}

/** A parser that recurses ends at this, and its process with it. */
const deep = `export const x = ${"(".repeat(60_000)}1${")".repeat(60_000)};\n`;

describe("a survey of a commit", () => {
  it("says the files, what each offers and which imports which", async () => {
    const survey = await surveyFiles({
      ...small,
      "index.ts": 'export * from "./a";\nexport { b as c } from "./b";\n',
      "type.ts": 'import type { T } from "react";\nimport fs from "node:fs";\nexport default fs;\n',
      "README.md": "# Words\n",
    });
    expect(edgeLines(survey)).toEqual([
      "a.ts → b.ts static b",
      "index.ts → a.ts re-export *",
      "index.ts → b.ts re-export b",
    ]);
    expect(survey.files).toEqual([
      { path: "README.md", kind: "text", bytes: 8, offers: [], outside: [] },
      { path: "a.ts", kind: "text", bytes: 45, language: "typescript", offers: ["a"], outside: [] },
      { path: "b.ts", kind: "text", bytes: 20, language: "typescript", offers: ["b"], outside: [] },
      {
        path: "index.ts",
        kind: "text",
        bytes: 51,
        language: "typescript",
        offers: ["c"],
        outside: [],
      },
      {
        path: "type.ts",
        kind: "text",
        bytes: 77,
        language: "typescript",
        offers: ["default"],
        outside: ["node:fs", "react"],
      },
    ]);
    expect(survey.notes).toEqual([]);
  });

  it("is of the commit, whatever lies on the disk", async () => {
    const repository = await makeRepository(small);
    const base = await repository.git("rev-parse", "HEAD");
    await repository.commit({ "b.ts": null, "c.ts": "export const c = 1;\n" });
    repository.write({ "a.ts": 'import { c } from "./c";\n', "d.ts": "export const d = 1;\n" });
    const survey = await surveyOf(repository, { base });
    expect(edgeLines(survey)).toEqual(["a.ts → b.ts static b"]);
    expect(Object.keys(kindsOf(survey))).toEqual(["a.ts", "b.ts"]);
  });

  it("stays sound with files that cannot be read, and says which", async () => {
    const repository = await makeRepository({
      ...small,
      "binary.dat": Buffer.from([1, 0, 2]),
      "picture.png": "no picture at all, but called one",
      "latin.ts": Buffer.from('import "./a"; // caf\xe9\n', "latin1"),
      "broken.ts": 'import { a } from "./a";\nexport const = {{{ "\n',
      "broken.py": "import os\nclass (((\n",
      "deep.ts": deep,
      "huge.ts": `// ${"x".repeat(hugeBytesMin)}\nimport "./a";\n`,
    });
    const other = await makeRepository(small);
    await repository.git(
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "add",
      "-q",
      other.path,
      "sub",
    );
    await repository.git(
      "update-index",
      "--add",
      "--cacheinfo",
      `120000,${await linkTo(repository, "a.ts")},link.ts`,
    );
    await repository.git("commit", "-qm", "More");
    const survey = await surveyOf(repository);
    expect(kindsOf(survey)).toMatchObject({
      "binary.dat": "binary",
      "picture.png": "binary",
      "latin.ts": "not_utf8",
      "broken.ts": "unparsable",
      "broken.py": "unparsable",
      "deep.ts": "unparsable",
      "huge.ts": "huge",
      "link.ts": "symlink",
      sub: "submodule",
      "a.ts": "text",
    });
    expect(notesAbout(survey)).toMatchObject({
      binary: ["binary.dat", "picture.png"],
      not_utf8: ["latin.ts"],
      huge: ["huge.ts"],
      symlink: ["link.ts"],
      submodule: ["sub"],
      unparsable: ["broken.py", "broken.ts", "deep.ts"],
    });
    // What looks like an import in a broken file counts, and nobody's ruin touches the others.
    expect(edgeLines(survey)).toEqual(["a.ts → b.ts static b", "broken.ts → a.ts static *"]);
  });

  it("names imports of files that are not there, and circles", async () => {
    const survey = await surveyFiles({
      "a.ts": 'import "./b";\nimport "./gone";\n',
      "b.ts": 'import "./c";\n',
      "c.ts": 'import "./a";\n',
    });
    expect(survey.notes.map(({ about, message }) => `${about}: ${message}`)).toEqual([
      "unresolved: an import leads to no file of the commit (made by a build?): ./gone in a.ts",
      "circle: 3 files import each other in a circle: a.ts, b.ts, c.ts",
    ]);
  });

  it("of an empty commit is empty", async () => {
    const repository = await makeRepository();
    const base = await repository.commit({ "README.md": null }, "Nothing left");
    expect(await surveyOf(repository, { base })).toEqual({
      base,
      files: [],
      imports: [],
      cochanges: [],
      hubs: [],
      notes: [],
    });
  });

  it("tells hubs by name, by what they say of themselves, by .gitattributes and by degree", async () => {
    const users = Array.from({ length: 13 }, (_, at) => [`use${at}.ts`, 'import "./core";\n']);
    const survey = await surveyFiles({
      ...Object.fromEntries(users),
      ".gitattributes":
        "gen/** linguist-generated\n/gen/own.ts -linguist-generated\n*.x.ts linguist-vendored=true\n",
      "core.ts": "",
      "gen/made.ts": "",
      "gen/own.ts": "",
      "go.sum": "",
      "index.ts": 'export * from "./use0";\nexport * from "./use1";\nexport * from "./use2";\n',
      "lib/their.x.ts": "",
      "said.sql": "-- Code generated by sqlc. DO NOT EDIT.\n",
      "speaks.ts": 'export const text = "// @generated";\n',
    });
    expect(survey.hubs.map(({ path, reason, policy }) => `${path} ${reason} ${policy}`)).toEqual([
      "core.ts imported_by_many first",
      "gen/made.ts generated regenerate",
      "go.sum lockfile regenerate",
      "index.ts barrel last",
      "lib/their.x.ts vendored refuse",
      "said.sql generated regenerate",
    ]);
  });

  it("says what changed together", async () => {
    const repository = await makeRepository(small);
    for (const text of ["2", "3", "4"]) await repository.commit({ "a.ts": text, "c.md": text });
    await repository.commit({ "c.md": "alone" });
    const { cochanges } = await surveyOf(repository);
    expect(cochanges).toEqual([{ files: ["a.ts", "c.md"], together: 3, share: 0.75 }]);
  });
});

async function linkTo(repository: Awaited<ReturnType<typeof makeRepository>>, target: string) {
  repository.write({ "../target": target });
  return repository.git("hash-object", "-w", "--no-filters", "../target");
}

describe("a second survey", () => {
  it("of the same commit asks neither git nor the parsers", async () => {
    const repository = await makeRepository(small);
    const request = await surveyRequest(repository);
    const first = await surveyCommit(request);
    // Without its objects no git could answer.
    rmSync(path.join(repository.path, ".git/objects"), { recursive: true });
    expect(await surveyCommit(request)).toEqual(first);
  });

  it("of another commit reads only what has changed", async () => {
    const repository = await makeRepository(small);
    await surveyOf(repository);
    const before = readFacts(repository);
    await repository.commit({ "c.ts": 'import "./a";\n' });
    const survey = await surveyOf(repository);
    expect(edgeLines(survey)).toEqual(["a.ts → b.ts static b", "c.ts → a.ts static"]);
    expect(readFacts(repository)).toContain(before.split("\n")[1]?.slice(1, -1));
  });

  it("is right whatever became of the cache", async () => {
    const repository = await makeRepository(small);
    const first = await surveyOf(repository);
    const folder = cacheFolderOf(repository);
    const spoil: readonly ((text: string) => string)[] = [
      () => "",
      (text) => text.slice(0, -1),
      (text) => text.replace("a.ts", "z.ts"),
      (text) => text.replace("pleach-survey 1", "pleach-survey 0"),
      (text) => `${text.split("\n")[0]}\n[]`,
    ];
    for (const change of spoil) {
      for (const name of readdirSync(folder)) {
        const file = path.join(folder, name);
        writeFileSync(file, change(readFileSync(file, "utf8")));
      }
      expect(await surveyOf(repository)).toEqual(first);
    }
  });

  it("at the same time as others gives the same, and leaves a whole cache", async () => {
    const repository = await makeRepository(small);
    const all = await Promise.all(Array.from({ length: 4 }, () => surveyOf(repository)));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await surveyOf(repository)).toEqual(all[0]);
    expect(readdirSync(cacheFolderOf(repository)).sort()).toEqual(["facts.json", "survey.json"]);
  });

  it("needs no cache folder that can be written", async () => {
    const repository = await makeRepository(small);
    writeFileSync(cacheFolderOf(repository), "a file, where a folder should be");
    expect(edgeLines(await surveyOf(repository))).toEqual(["a.ts → b.ts static b"]);
  });
});

describe("a survey that is called off", () => {
  it("rejects with the reason, and leaves no process", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, at) => [
        `${at}.tsx`,
        `export const x${at} = <p>${at}</p>;\n`,
      ]),
    );
    const repository = await makeRepository(files);
    const stop = new AbortController();
    const survey = surveyOf(repository, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 120);
    await expect(survey).rejects.toThrow("enough");
    expect(childrenRunning()).toEqual([]);
  });
});

function readFacts(repository: Awaited<ReturnType<typeof makeRepository>>): string {
  return readFileSync(path.join(cacheFolderOf(repository), "facts.json"), "utf8");
}

function childrenRunning(): readonly number[] {
  const tasks = readdirSync(`/proc/${process.pid}/task`);
  const lists = tasks.map((task) =>
    readFileSync(`/proc/${process.pid}/task/${task}/children`, "utf8"),
  );
  return lists.join(" ").split(" ").filter(Boolean).map(Number).filter(isRunning);
}
