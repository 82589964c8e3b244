/** A refactor of real sources by agents: every relative import of rxjs gets its `.js` ending, in eight units, one of which gives
 *  its work to subagents. The edits are worked out here; that they are made, merged and whole is what is tried. */
import path from "node:path";
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { brokenPromises } from "../support/kept-promises.ts";
import { makeModelScene, runPlan, type Said, script, unitCalled } from "../support/model-run.ts";
import { rxjsFiles } from "../support/rxjs.ts";
import { unitIn } from "../support/scene.ts";

const root = path.resolve(import.meta.dirname, "../..");
const modules = path.join(root, "node_modules");

const units: Readonly<Record<string, readonly string[]>> = {
  entries: ["src/*.ts", "src/{operators,webSocket,fetch,ajax,testing}/**"],
  core: ["src/internal/*.ts"],
  util: ["src/internal/util/**", "src/internal/symbol/**"],
  scheduled: ["src/internal/scheduled/**"],
  operators: ["src/internal/operators/**"],
  scheduler: ["src/internal/scheduler/**"],
  outside: ["src/internal/ajax/**", "src/internal/testing/**"],
  observable: ["src/internal/observable/**"],
};
const folders: Readonly<Record<string, RegExp>> = {
  entries: /^src\/(?:[^/]+|(?:operators|webSocket|fetch|ajax|testing)\/.*)$/,
  core: /^src\/internal\/[^/]+$/,
  util: /^src\/internal\/(?:util|symbol)\//,
  scheduled: /^src\/internal\/scheduled\//,
  operators: /^src\/internal\/operators\//,
  scheduler: /^src\/internal\/scheduler\//,
  outside: /^src\/internal\/(?:ajax|testing)\//,
  observable: /^src\/internal\/observable\//,
};

interface FileEdit {
  readonly file: string;
  readonly edits: readonly { readonly old: string; readonly new: string; readonly all?: true }[];
}

type Files = Readonly<Record<string, string>>;

/** Statements and imports of types whose path has no ending yet. */
const bareImport = /((?:from|import\()\s*['"])(\.[^'"]*)(['"])/g;

function editsOf(files: Files, file: string): FileEdit {
  const lines = (files[file] ?? "").split("\n");
  const wanted = [...new Set(lines.filter((line) => line.search(bareImport) >= 0))];
  const edits = wanted.flatMap((old) => {
    if (/^\s*(?:\*|\/\/)/.test(old)) return [];
    const now = old.replace(bareImport, (_, start: string, said: string, end: string) => {
      return `${start}${said}${endingOf(files, file, said)}${end}`;
    });
    if (now === old) return [];
    const text = files[file] ?? "";
    const isOften = text.indexOf(old) !== text.lastIndexOf(old);
    return [{ old, new: now, ...(isOften ? { all: true as const } : {}) }];
  });
  return { file, edits };
}

function endingOf(files: Files, file: string, said: string): string {
  const target = path.posix.join(path.posix.dirname(file), said);
  if (said.endsWith(".js")) return "";
  return `${target}.ts` in files ? ".js" : "/index.js";
}

/** Looks at every file, then changes all that need it. */
function work(edits: readonly FileEdit[], summary: string): readonly Said[] {
  return [
    { calls: edits.map(({ file }) => ["read", { path: file, to: 30 }] as const) },
    { calls: edits.flatMap(editCalls) },
    { text: summary },
  ];
}

/** As many at once as one call takes. */
const editsMax = 100;

function editCalls({ file, edits }: FileEdit) {
  return Array.from({ length: Math.ceil(edits.length / editsMax) }, (_, at) => {
    const part = edits.slice(at * editsMax, (at + 1) * editsMax);
    return ["edit", { path: file, edits: part }] as const;
  });
}

function halves<T>(list: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

test("eight units of agents give every relative import of rxjs its ending, and land it whole", async () => {
  const files = await rxjsFiles();
  const sources = Object.keys(files).filter((name) => name.endsWith(".ts"));
  const all = new Map(
    Object.entries(folders).map(([id, folder]) => {
      const own = sources.filter((name) => folder.test(name)).map((name) => editsOf(files, name));
      return [id, own.filter(({ edits }) => edits.length > 0)] as const;
    }),
  );
  const [first, second] = halves(all.get("operators") ?? []);
  const alone = [...all].filter(([id]) => id !== "operators");
  const scene = await makeModelScene({
    fixtures: [
      ...alone.flatMap(([id, edits]) => script(unitCalled(id), work(edits, `Ended ${id}.`))),
      ...script(unitCalled("operators"), [
        {
          calls: [
            ["task", { description: "The operators, FIRST HALF", subagent_type: "coder" }],
            ["task", { description: "The operators, SECOND HALF", subagent_type: "coder" }],
          ],
        },
        { text: "Both halves are ended." },
      ]),
      ...script("FIRST HALF", work(first, "The first half.")),
      ...script("SECOND HALF", work(second, "The second half.")),
    ],
    files: { ...files, ".gitignore": "node_modules\n" },
    model: { window: 400_000 },
    config: {
      limits: { attempts: 1, concurrency: 4 },
      unitChecks: [{ name: "ends somewhere", run: ["node", "-e", endsSomewhere] }],
      checks: [{ name: "ends somewhere", run: ["node", "-e", endsSomewhere] }],
    },
  });
  const endings = path.join(root, "scripts/quickstart/check-endings.mjs");
  const tsc = [process.execPath, path.join(modules, "typescript/bin/tsc")];
  const plan = scene.plan({
    goal: "Give every relative import its .js ending",
    units: Object.entries(units).map(([id, owns]) => {
      return { id, title: `Endings of ${id}`, instructions: `End the imports of ${id}.`, owns };
    }),
    doneWhen: [
      { name: "no bare imports", run: [process.execPath, endings, "all"] },
      {
        name: "types",
        run: [...tsc, "-p", "src/tsconfig.cjs.json", "--noEmit", "--skipLibCheck"],
      },
    ],
  });
  const changed = [...all.values()].flat().map(({ file }) => file);
  expect(changed.length).toBeGreaterThan(200);
  const { code, document, stderr } = await scene.ask<FinalDocument>(runPlan(plan), {
    kept: ["refs/heads/pleach/"],
    lands: { paths: changed },
  });
  expect(document.units.map(({ id, status, reason }) => [id, status, reason])).toEqual(
    Object.keys(units).map((id) => [id, "merged", null]),
  );
  expect({ code, doneWhen: document.doneWhen.map(({ passed }) => passed) }, stderr).toEqual({
    code: 0,
    doneWhen: [true, true],
  });
  const [{ file = "", edits = [] } = {}] = all.get("observable") ?? [];
  expect(scene.repository.read(file)).toContain(edits[0]?.new);
  const landed = await scene.repository.git("diff", "--name-only", document.base, "main");
  expect(landed.split("\n").sort()).toEqual([...changed].sort());
  expect(unitIn(document, "operators").agents.map(({ id, turns }) => [id, turns])).toEqual([
    ["coder", 2],
    ["coder.1", 3],
    ["coder.2", 3],
  ]);
  const requests = await scene.server.requests();
  expect(requests.map(({ response }) => response.status)).toEqual(
    Array.from({ length: 7 * 3 + 2 + 2 * 3 }, () => 200),
  );
  const place = { checkout: scene.repository.path, stateHome: scene.stateHome };
  expect(await brokenPromises(place, document)).toEqual([]);
});

/** An import that has its ending leads to a file: on every merged tree, half-way too. */
const endsSomewhere = `
const fs = require("fs"), path = require("path");
const files = fs.readdirSync("src", { recursive: true }).map((name) => path.join("src", name));
for (const file of files.filter((name) => name.endsWith(".ts"))) {
  for (const [, said] of fs.readFileSync(file, "utf8").matchAll(/from ['"](\\.[^'"]*)\\.js['"]/g)) {
    if (!fs.existsSync(path.join(path.dirname(file), said + ".ts"))) {
      console.log(file + ": " + said);
      process.exitCode = 1;
    }
  }
}
`;
