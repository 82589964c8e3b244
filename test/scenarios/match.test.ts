/** `--match` from outside: what is found becomes units, the same rule must find nothing in the end, and rounds see to it. */
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { type ErrorDocument, makeScene, planned, type Scene } from "../support/scene.ts";

const sources = {
  "src/a/one.ts": "wrap(wrap(wrap(1)));\n",
  "src/a/two.ts": "wrap(2);\n",
  "src/b/one.ts": "wrap(3);\n",
  "src/c/none.ts": "wrapped(4);\n",
  "lib/old.ts": "wrap(5);\n",
};
const rule = "id: unwrap\nlanguage: TypeScript\nrule: { pattern: wrap($A) }\nfix: $A\n";
const kept = ["refs/heads/pleach/"];
const all = { lands: { paths: Object.keys(sources) } };

function codemod(scene: Scene): readonly string[] {
  return ["--codemod", scene.beside("unwrap.yml", rule)];
}

function statusesOf({ units }: FinalDocument): readonly string[] {
  return units.map(({ id, status, round }) => `${id} ${status} ${round ?? 0}`);
}

describe("--match", () => {
  it("does what it finds, and in rounds what is left over, until the rule finds nothing", async () => {
    const scene = await makeScene(sources);
    const args = ["run", "--match", "wrap($A)", "--files", "src/**", "--units", "2"];
    const { code, document, stderr } = await scene.ask([...args, ...codemod(scene)], all);
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    const owner = document.units.find(({ changed }) =>
      changed.some((path) => path === "src/a/one.ts"),
    )?.id;
    expect(statusesOf(document).slice(-2)).toEqual([
      `${owner}-r1 merged 1`,
      `${owner}-r2 merged 2`,
    ]);
    expect(document.doneWhen).toEqual([expect.objectContaining({ passed: true })]);
    expect(document.units.at(-1)?.changed).toEqual(["src/a/one.ts"]);
    expect(scene.repository.read("src/a/one.ts")).toBe("1;\n");
    expect(scene.repository.read("lib/old.ts")).toBe("wrap(5);\n");
    expect(stderr).toContain("round 1 of 2: 1 unit for what is left over");
    expect((await scene.type(["status"])).stdout).toContain("round 2 of 2");
    expect((await scene.type(["report"])).stdout).toContain("round 2 of 2");
  });

  it("is partial, and lands nothing by itself, where something is left over after the last round", async () => {
    const scene = await makeScene(sources);
    const args = ["run", "--match", "wrap($A)", "--rounds", "1", ...codemod(scene)];
    const { code, document } = await scene.ask(args, { kept });
    expect({ code, outcome: document.outcome, landed: document.landed }).toEqual({
      code: 1,
      outcome: "partial",
      landed: null,
    });
    const [done] = document.doneWhen;
    expect(done?.message).toContain("1 place left over in src/a/one.ts");
    expect(scene.record(document.run, done?.log ?? "")).toContain("src/a/one.ts:1: wrap(1);");
  });

  it("tells each worker its places", async () => {
    const scene = await makeScene(sources);
    const command = `sh -c 'grep -q "1: wrap(3);" "$AGENT_TASK_FILE" && ! grep -q "old.ts" "$AGENT_TASK_FILE" && echo done > src/b/one.ts'`;
    const where = ["--files", "src/b/**"];
    const args = ["run", "Unwrap", "--match", "/WRAP\\(/i", ...where, "--command", command];
    const { code, document } = await scene.ask(args, all);
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  });

  it("weighs a file by its places, in the split and in the estimate alike", async () => {
    const large = `wrap(1);\n${"// more\n".repeat(100_000)}`;
    const scene = await makeScene({ ...sources, "src/a/large.ts": large });
    const args = ["plan", "--match", "wrap($A)", "--command", "true"];
    const { stdout } = await scene.type(args);
    const [, reason] = /one worker does it in (about [^,]+),/.exec(stdout) ?? [];
    const [, estimate] = /^Estimate: (.+)$/m.exec(stdout) ?? [];
    expect({ reason, estimate }).toEqual({ reason: "about 2 min", estimate: "about 2 min" });
  });

  it("may be met by what stays there", async () => {
    const scene = await makeScene(sources);
    const args = ["run", "Note it", "--match", "wrap($A)", "--matches-stay", "--units", "1"];
    const command = "for f in {files}; do echo '// noted' >> $f; done";
    const { code, document } = await scene.ask([...args, "--command", command], all);
    expect({ code, doneWhen: document.doneWhen }).toEqual({ code: 0, doneWhen: [] });
  });

  it("is in the plan that is saved, and in what is run of it", async () => {
    const scene = await makeScene(sources);
    const out = scene.beside("plan.yaml", "");
    const match = scene.beside("rule.yml", rule);
    const saved = await scene.type(["plan", "--match", match, ...codemod(scene), "--out", out]);
    expect(saved.code).toBe(0);
    const { code, document } = await scene.ask(["run", "--plan", out, ...codemod(scene)], all);
    expect(code).toBe(0);
    expect(document.doneWhen).toEqual([
      { name: "nothing left of rule.yml", passed: true, log: expect.any(String) },
    ]);
    expect(statusesOf(document)).toContain(
      "a-r2 merged 2".replace("a-", `${document.units[0]?.id}-`),
    );
  });

  it.each([
    ["made binary", "printf '\\0' >> src/b/one.ts", "src/b/one.ts is binary now"],
    [
      "suppressed",
      "sed -i '1i // ast-grep-ignore' src/b/one.ts",
      "1 place newly suppressed in src/b/one.ts",
    ],
  ])("is not met by what is %s", async (_, command, message) => {
    const scene = await makeScene(sources);
    const args = [
      "run",
      "Unwrap",
      "--match",
      "wrap($A)",
      "--files",
      "src/b/**",
      "--command",
      command,
    ];
    const { code, document } = await scene.ask(args, { kept });
    expect({ code, outcome: document.outcome }).toEqual({ code: 1, outcome: "partial" });
    expect(document.doneWhen[0]?.message).toContain(message);
  });
});

describe("a rule that cannot be looked for", () => {
  it.each<readonly [string, readonly string[], string]>([
    ["finds nothing", ["--match", "nowhere"], "nothing at the base matches /nowhere/"],
    [
      "finds nothing in what it cannot look into",
      ["--match", "wrap", "--files", "art/*"],
      "nothing at the base matches /wrap/ in art/*; not looked into: art/a.bin (is binary)",
    ],
    ["is no expression", ["--match", "/(/"], "--match"],
    ["is a file that is not there", ["--match", "no.yml"], "no.yml does not exist"],
    ["is in no language", ["--match", "x", "--language", "klingon"], "klingon"],
    ["is not there", ["--language", "ts", "--files", "src/**"], "--language needs --match"],
    ["is not there for rounds", ["--rounds", "2", "--files", "src/**"], "--rounds needs --match"],
    ["has too many rounds", ["--match", "wrap", "--rounds", "21"], "--rounds"],
    ["stands beside a plan", ["--match", "x", "--plan", "p.json"], "--match"],
  ])("because it %s is exit 2 and changes nothing", async (_, args, message) => {
    const scene = await makeScene({ ...sources, "art/a.bin": "wrap\0\n" });
    const asked = ["run", ...args, "--command", "true"];
    const { code, document } = await scene.ask<ErrorDocument>(asked);
    expect(code).toBe(2);
    expect(JSON.stringify(document.error)).toContain(message);
  });

  it("in a plan is named by where it stands", async () => {
    const scene = await makeScene();
    const doneWhen = [
      { name: "a", match: { regex: "(" } },
      { name: "b", match: { pattern: "x", regex: "y" } },
      { name: "c", match: { regex: "c" }, files: ["../x"] },
    ];
    const told = async (wrong: readonly unknown[]) => {
      const plan = scene.plan({ units: [planned("a")], doneWhen: wrong });
      const ran = await scene.ask<ErrorDocument>(["run", "--plan", plan, "--command", "true"]);
      expect(ran.code).toBe(2);
      return JSON.stringify(ran.document.error.details);
    };
    expect(await told(doneWhen.slice(0, 1))).toContain("doneWhen[0].match");
    const both = await told(doneWhen);
    expect(both).toContain("doneWhen[1].match");
    expect(both).toContain("doneWhen[2].files[0]");
  });
});
