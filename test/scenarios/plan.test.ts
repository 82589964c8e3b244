import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { rxjsFiles, rxjsTies } from "../support/rxjs.ts";
import { type ErrorDocument, makeScene } from "../support/scene.ts";

interface Shown {
  readonly plan: {
    readonly units: readonly { readonly id: string; readonly owns: readonly string[] }[];
  };
  readonly units: readonly {
    readonly id: string;
    readonly files: readonly string[];
    readonly wave: number;
  }[];
  readonly waves: readonly (readonly string[])[];
  readonly cut: { readonly imports: number; readonly crossing: number } | null;
  readonly estimate: { readonly parallel: { readonly seconds: number } };
  readonly split: { readonly reasons: readonly string[]; readonly hubs: readonly unknown[] };
}

const lines = (count: number) => "export const x = 1;\n".repeat(count);
const crossing = (
  groups: readonly (readonly string[])[],
  ties: readonly { readonly from: string; readonly to: string }[],
): number => {
  const homes = new Map(groups.flatMap((files, at) => files.map((file) => [file, at] as const)));
  const pairs = new Set(
    ties.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from} ${to}`),
  );
  return [...pairs].filter((pair) => {
    const [from = "", to = ""] = pair.split(" ");
    return homes.get(from) !== homes.get(to);
  }).length;
};

describe("pleach plan on the sources of rxjs", () => {
  it("cuts 30 % fewer imports than folders do, in 8 even units that share nothing, always alike", async () => {
    const files = await rxjsFiles();
    const scene = await makeScene(files);
    const line = ["plan", "Tidy up", "--files", "src/**/*.ts", "--units", "8", "--command", "true"];
    const { code, document } = await scene.ask<Shown>(line);
    expect(code).toBe(0);
    const { files: sized, ties } = await rxjsTies();
    const groups = document.units.map((unit) => unit.files);
    const wanted = sized.map((file) => file.path).filter((name) => name.startsWith("src/"));
    expect(groups.flat().sort()).toEqual(wanted.sort());
    expect(document.waves.flat().sort()).toEqual(document.units.map(({ id }) => id).sort());

    const work = new Map(sized.map((file) => [file.path, file.work]));
    const loads = groups.map((group) =>
      group.reduce((sum, name) => sum + (work.get(name) ?? 0), 0),
    );
    const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
    const found = crossing(groups, ties);
    // Whoever cuts by folder, in path order and even by length, gets this.
    const byFolder: string[][] = Array.from({ length: 8 }, () => []);
    let done = 0;
    for (const name of wanted) {
      byFolder[Math.min(7, Math.floor(done / mean))]?.push(name);
      done += work.get(name) ?? 0;
    }
    expect(found).toBeLessThanOrEqual(crossing(byFolder, ties) * 0.7);
    expect(Math.abs((document.cut?.crossing ?? 0) - found)).toBeLessThan(found * 0.02);
    const counts = groups.map((group) => group.length);
    expect(loads.length).toBe(8);
    expect(Math.max(...loads) / mean).toBeLessThanOrEqual(1.3);
    expect((Math.max(...counts) * 8) / wanted.length).toBeLessThanOrEqual(1.3);

    const again = await scene.ask<Shown>(line);
    expect(JSON.stringify(again.document)).toBe(JSON.stringify(document));
  });

  it("draws the graph, and saves what run --plan takes", async () => {
    const scene = await makeScene(await rxjsFiles());
    const cwd = scene.repository.path;
    const [graph, out] = ["../graph.svg", "../plan.json"];
    const line = ["plan", "Tidy up", "--files", "src/**/*.ts", "--units", "8", "--command", "true"];
    const { code, stdout, stderr } = await scene.type([...line, "--graph", graph, "--out", out]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("graph saved: ")]);
    expect(stdout).toMatch(/^Split: 8 units, as asked$/m);
    expect(stdout).toMatch(/^Cut: \d+ of \d+ imports go from one unit to another \(\d+ %\)/m);
    expect(stdout).toMatch(
      /^Estimate: about \d+ min with 4 units at once; about \d+ min by one worker$/m,
    );
    expect(stdout).toMatch(/^ {2}assumed of an agent: 30 s a unit/m);
    expect(readFileSync(path.join(cwd, graph), "utf8")).toMatch(/^<svg[^>]*>[\s\S]*<\/svg>\n$/);
    const planned = await scene.ask<Shown>([
      "plan",
      "--plan",
      path.join(cwd, out),
      "--command",
      "true",
    ]);
    expect([planned.code, planned.document.units.length]).toEqual([0, 8]);
    expect(planned.document.cut?.crossing).toBeGreaterThan(100);
  });
});

describe("what is split", () => {
  it("is not what one worker does in ten minutes, and is told", async () => {
    const scene = await makeScene({ "a/a.ts": lines(9), "b/b.ts": lines(9) });
    const line = ["plan", "Tidy up", "--files", "**/*.ts", "--command", "true"];
    const { document } = await scene.ask<Shown>(line);
    expect(document.units.map(({ files }) => files)).toEqual([["a/a.ts", "b/b.ts"]]);
    expect(document.split.reasons).toEqual([
      "one unit: one worker does it in about 67 s, and nothing under 10 min is split (--units splits all the same)",
    ]);
  });

  it.each([
    [["--files", "docs/**"], "no_files", "no file at the base matches docs/**"],
    [["--files", "**", "--units", "60"], "plan_wrong", "more than limits.units allows (50)"],
    [["--files", "**", "--units", "0"], "invalid_argument", "a whole number, 1 or more"],
  ])("is refused where it makes no sense: %j", async (flags, wanted, message) => {
    const many = Array.from({ length: 70 }, (_, n) => [`src/${n}.ts`, lines(1)] as const);
    const scene = await makeScene(Object.fromEntries(many));
    const { code, document } = await scene.ask<ErrorDocument>([
      "plan",
      "x",
      ...flags,
      "--command",
      "true",
    ]);
    expect([code, document.error.code]).toEqual([2, wanted]);
    expect(document.error.message).toContain(message);
  });

  it("is fewer units where there are fewer files, and that is told", async () => {
    const scene = await makeScene({ "a.ts": lines(1), "b.ts": lines(1) });
    const line = ["plan", "x", "--files", "*.ts", "--units", "9", "--command", "true"];
    const { code, stdout } = await scene.type(line);
    expect(code).toBe(0);
    expect(stdout).toContain("Split: 9 units were asked for, but there are only 2 files to split");
  });
});

describe("hubs", () => {
  const files = {
    "src/a.ts": 'import "./core.ts";\n',
    "src/b.ts": lines(3),
    "src/core.ts": lines(3),
    "src/index.ts": 'export * from "./a.ts";\nexport * from "./b.ts";\n',
    "package-lock.json": "{}\n",
    ".agentrc.json": JSON.stringify({
      workers: { lockfile: { type: "command", command: "echo {} > package-lock.json" } },
      hubs: [
        { files: ["src/core.ts"], policy: "first" },
        { files: ["src/index.ts"], policy: "last" },
        { files: ["package-lock.json"], policy: "regenerate", worker: "lockfile" },
      ],
    }),
  };

  it("run in their order, and one that is made anew as it was is no failure", async () => {
    const scene = await makeScene(files);
    const change = "for f in {files}; do cat src/core.ts >> $f; echo // done >> $f; done";
    const line = ["run", "x", "--files", "src/**", "--files", "package-lock.json", "--units", "5"];
    const more = ["--command", change, "--trust", "--check", "true"];
    const { code, document } = await scene.ask<FinalDocument>([...line, ...more], {
      lands: { paths: ["src/a.ts", "src/b.ts", "src/core.ts", "src/index.ts"] },
    });
    expect([code, document.outcome]).toEqual([0, "complete"]);
    expect(document.units.map(({ id, status }) => [id, status])).toEqual(
      ["hubs-first", "src", "src-2", "hubs-last", "made-anew"].map((id) => [id, "merged"]),
    );
    // Who comes after the hub has seen its change.
    expect(scene.repository.read("src/a.ts")).toContain("// done\n// done\n");
    expect(document.estimate?.serial.seconds).toBeGreaterThan(0);
    const status = await scene.type(["status"]);
    expect(status.stdout).toMatch(/^estimated about .* \(by one worker about .*\); took \d/m);
    const report = await scene.type(["report"]);
    expect(report.stdout).toMatch(/\| Estimate \| estimated about/);
  });

  it("that are refused by the config are in no unit", async () => {
    const scene = await makeScene(files);
    const config = JSON.parse(files[".agentrc.json"]);
    const hubs = [{ files: ["src/index.ts"], policy: "refuse" }];
    writeFileSync(
      path.join(scene.repository.path, ".agentrc.json"),
      JSON.stringify({ ...config, hubs }),
    );
    const line = ["plan", "x", "--files", "src/**", "--units", "2", "--command", "true"];
    const { stdout } = await scene.type(line);
    expect(stdout).toMatch(/^Hubs in no unit, as the config says: src\/index.ts/m);
    expect(stdout).not.toMatch(/^ *src.*index/m);
    expect(existsSync(path.join(scene.repository.path, "src/index.ts"))).toBe(true);
  });
});
