import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Doors, RunRequest } from "../../src/cli/doors.ts";
import { Failure } from "../../src/core/failure.ts";
import type { RefName } from "../../src/core/id.ts";
import { noSpend } from "../../src/core/spend.ts";
import type { PlanPreview } from "../../src/view/preview.ts";
import { eventually } from "../support/eventually.ts";
import { base, startRun, unit } from "../support/run-state.ts";
import { type } from "../support/scripted-doors.ts";

const preview: PlanPreview = {
  plan: { goal: "Tidy", base, units: [unit("a")], doneWhen: [] },
  file: null,
  target: "refs/heads/main" as RefName,
  base,
  units: [],
  checks: [],
  warnings: [],
};
const finished = () =>
  startRun({ units: [unit("a")] })
    .complete("a")
    .finish("complete")
    .land()
    .state();
const line = ["plan", "Tidy", "--files", "*.ts", "--units", "2", "--check", "c"];

/** A terminal at which these lines are typed, each once it is asked for. */
async function typeAt(
  words: readonly string[],
  doors: Partial<Doors>,
  { arguments: typed = line, env = {}, tty = true } = {},
) {
  const stdin = Object.assign(new PassThrough(), { isTTY: tty });
  const asked: RunRequest[] = [];
  const saved: [string, string][] = [];
  const all: Partial<Doors> = {
    plan: async (request) => {
      asked.push(request);
      return preview;
    },
    savePlan: async (file) => {
      saved.push([file, "saved"]);
      if (existsSync(path.dirname(file))) writeFileSync(file, "saved");
    },
    run: async (request) => {
      asked.push(request);
      return finished();
    },
    ...doors,
  };
  let shown = "";
  const sees = (text: string) => {
    shown += text;
  };
  const ended = type(typed, all, { tty: true, env, stdin, sees });
  for (const [at, word] of words.entries()) {
    await eventually(() => (shown.match(/\[r\/e\/s\/q\] |Save as/g)?.length ?? 0) > at);
    stdin.write(`${word}\n`);
  }
  stdin.end();
  return { ...(await ended), asked, saved };
}

describe("a plan shown at a terminal", () => {
  it("is run as it was shown: by its file, from the commit that it was made for", async () => {
    const { code, asked, saved } = await typeAt(["x", "r"], {});
    const [, run] = asked;
    expect(code).toBe(0);
    expect(run).toMatchObject({ plan: saved[0]?.[0], files: [], base, checks: ["c"] });
    expect([run?.goal, run?.units]).toEqual([undefined, undefined]);
    expect(existsSync(path.dirname(saved[0]?.[0] ?? ""))).toBe(false);
  });

  it("takes along what its file does not say", async () => {
    const weights = new Map([["a.ts", 256]]);
    const asked: RunRequest[] = [];
    const run = async (request: RunRequest) => {
      asked.push(request);
      return finished();
    };
    const planning = { ...noSpend, inputTokens: 7 };
    await typeAt(["r"], { plan: async () => ({ ...preview, weights, planning }), run });
    expect(asked.map(({ shown }) => shown)).toEqual([{ weights, spend: planning }]);
  });

  it("is saved under a name, plan.json if none is said", async () => {
    const named = await typeAt(["s", "other.yml"], {});
    expect(named.saved.map(([file]) => file)).toContain("/somewhere/other.yml");
    const unnamed = await typeAt(["s", ""], {});
    expect(unnamed.saved.map(([file]) => file)).toContain("/somewhere/plan.json");
    expect(unnamed.stderr).toContain("plan saved: /somewhere/plan.json");
  });

  it("is edited by the person's editor, flags and all, and run as it is then", async () => {
    const seen: string[] = [];
    const plan = async (request: RunRequest) => {
      if (request.plan !== undefined) seen.push(readFileSync(request.plan, "utf8"));
      return preview;
    };
    const env = { EDITOR: "sed -i s/saved/edited/" };
    const { code, asked } = await typeAt(["e", "r"], { plan }, { env });
    expect([code, seen, asked.length]).toEqual([0, ["edited"], 1]);
  });

  it("that was edited into nonsense can be edited again or left, not run", async () => {
    const plan = async (request: RunRequest) => {
      if (request.plan === undefined) return preview;
      throw new Failure("usage", "plan_wrong", "the plan has no unit", { advice: "add one" });
    };
    const words = ["e", "r", "s", "q"];
    const { code, stderr, asked } = await typeAt(words, { plan }, { env: { EDITOR: "true" } });
    expect([code, asked]).toEqual([0, []]);
    expect(stderr).toContain("the plan has no unit");
    expect(stderr.match(/edit it again, or quit/g)).toHaveLength(2);
  });

  it("is left alone where the editor fails, or nothing more is typed", async () => {
    const { stderr, code } = await typeAt(["e"], {}, { env: { EDITOR: "false" } });
    expect(stderr).toContain("the editor false ended with 1");
    expect(code).toBe(0);
  });

  it.each([
    ["in CI", { env: { CI: "true" } }],
    ["for a program", { arguments: [...line, "--json"] }],
    ["with -y", { arguments: [...line, "-y"] }],
    ["with -q", { arguments: [...line, "-q"] }],
    ["where it was saved by --out", { arguments: [...line, "--out", "p.json"] }],
    ["where nobody can answer", { tty: false }],
    ["on a dumb terminal", { env: { TERM: "dumb" } }],
  ])("asks nothing %s", async (_, options) => {
    const { stderr, code } = await typeAt([], {}, options);
    expect(code).toBe(0);
    expect(stderr).not.toContain("[r/e/s/q]");
  });
});

describe("--graph", () => {
  it("draws the plan to a file beside what is printed", async () => {
    const drawn: [string, string][] = [];
    const doors: Partial<Doors> = {
      plan: async () => preview,
      saveText: async (file, text) => void drawn.push([file, text]),
    };
    const { stdout, stderr } = await type([...line, "--graph", "g.svg"], doors);
    expect(drawn.map(([file]) => file)).toEqual(["/somewhere/g.svg"]);
    expect(drawn[0]?.[1]).toMatch(/^<svg xmlns/);
    expect(stderr).toContain("graph saved: /somewhere/g.svg");
    expect(stdout).toContain("Tidy");
  });
});
