/** A goal in words, split by a scripted model: what it declares is judged, what it says is not, and nothing changes by planning. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { eventually } from "../support/eventually.ts";
import {
  eventsIn,
  expectScripted,
  type ModelScene,
  makeModelScene,
  modelKey,
  resultsTold,
  type Said,
  script,
  unitCalled,
  wordsOf,
} from "../support/model-run.ts";
import type { ModelFixture } from "../support/model-server.ts";
import type { ErrorDocument } from "../support/scene.ts";

const files = {
  "AGENTS.md": "Speak plainly.\n",
  "src/cart/cart.ts": "import { log } from '../log.ts';\nexport const cart = () => log('cart');\n",
  "src/shop/shop.ts": "import { log } from '../log.ts';\nexport const shop = () => log('shop');\n",
  "src/log.ts": "export const log = (text: string) => text;\n",
};
const task = "Split the goal above into units";
const goal = "Say hello everywhere";

const unit = (id: string, more: object = {}) => ({
  id,
  title: `The ${id}`,
  instructions: `Write hello into ${id}.ts.`,
  owns: [`src/${id}/**`],
  ...more,
});
const declare = (...units: readonly object[]): Said => ({
  calls: [["declare_plan", { units }]],
  usage: { prompt_tokens: 1000, completion_tokens: 50 },
});
const planner = (...answers: readonly Said[]) => script(task, answers);
const hello = (id: string) =>
  script(unitCalled(id), [
    { calls: [["write", { path: `src/${id}/hello.ts`, content: "// hello\n" }]] },
    { text: "Said hello." },
  ]);

async function scene(
  fixtures: readonly ModelFixture[],
  config: object = {},
  model: object = {},
): Promise<ModelScene> {
  const made = await makeModelScene({
    fixtures,
    files,
    config: { ...config },
    model: { ...model },
  });
  const TMPDIR = path.join(made.repository.folder, "temporary");
  mkdirSync(TMPDIR);
  return {
    ...made,
    ask: (args, how = {}) => made.ask(args, { ...how, env: { TMPDIR, ...how.env } }),
    start: (args) => made.start(args, { TMPDIR }),
  };
}

const planIt = ["plan", goal, "--trust"];
const runIt = ["run", goal, "--trust", "--sandbox", "none"];
const lands = { lands: { paths: ["src/cart/hello.ts", "src/shop/hello.ts"] } };

interface Preview {
  readonly plan: {
    readonly units: readonly { readonly id: string; readonly owns: readonly string[] }[];
  };
  readonly warnings: readonly string[];
  readonly planning: { readonly outputTokens: number } | null;
}

/** What planning keeps while it goes on: in a folder of its own for temporary files. */
function plansInTheMaking({ repository }: ModelScene): readonly string[] {
  const names = readdirSync(path.join(repository.folder, "temporary"));
  return names.filter((name) => name.startsWith("pleach-plan-"));
}

function expectNothingBegan({ repository }: ModelScene): void {
  expect(existsSync(path.join(repository.path, ".git/pleach/runs"))).toBe(false);
}

async function expectNoPlan(made: ModelScene, exit: number, error: string, args = planIt) {
  const { code, document } = await made.ask<ErrorDocument>(args);
  expect({ code, error: document.error.code }).toEqual({ code: exit, error });
  expectNothingBegan(made);
  return document.error;
}

describe("a goal alone", () => {
  it("is looked into, and split by what the model declares", async () => {
    const made = await scene(
      planner(
        {
          calls: [
            ["list", { path: "src" }],
            ["glob", { pattern: "*.ts" }],
            ["grep", { pattern: "from '.*log", files: "src/**" }],
            ["read", { path: "src/log.ts" }],
            ["survey", { path: "src/log.ts", about: "imported_by" }],
            ["survey", { path: "src/log.ts", about: "offers" }],
          ],
        },
        declare(unit("cart"), unit("shop", { after: ["cart"], agent: "coder" })),
      ),
    );
    // What lies in the checkout is not what is planned for.
    writeFileSync(path.join(made.repository.path, "src/cart/more.ts"), "from '../log.ts'\n");
    const out = path.join(made.repository.folder, "made.json");
    const { code, document, stderr } = await made.ask<Preview>([...planIt, "--out", out]);
    expect(code).toBe(0);
    const lines = stderr.split("\n").flatMap((line) => line.match(/ plan {4}(.*)/)?.[1] ?? []);
    expect(lines).toEqual([
      "list src",
      "glob *.ts",
      "grep from '.*log src/**",
      "read src/log.ts",
      "survey src/log.ts imported_by",
      "survey src/log.ts offers",
      "declare_plan",
    ]);
    expect(document.planning?.outputTokens).toBeGreaterThanOrEqual(50);
    expect(document.plan.units.map(({ id, owns }) => [id, owns])).toEqual([
      ["cart", ["src/cart/**"]],
      ["shop", ["src/shop/**"]],
    ]);
    const [first, second] = await made.server.requests();
    const told = wordsOf(
      first ?? { path: "", headers: {}, body: { messages: [] }, response: { status: 0 } },
    );
    expect(told).toContain(goal);
    expect(told).toContain("Speak plainly.");
    expect(told).toMatch(/survey of the repository.*6 files, 2 imports/s);
    const results = second === undefined ? [] : resultsTold(second);
    expect(results.map((text) => text.split("\n").slice(1, -1))).toEqual([
      ["cart/", "log.ts", "shop/"],
      ["src/cart/cart.ts", "src/log.ts", "src/shop/shop.ts"],
      [
        "src/cart/cart.ts:1:import { log } from '../log.ts';",
        "src/shop/shop.ts:1:import { log } from '../log.ts';",
      ],
      [expect.stringContaining("export const log")],
      ["src/cart/cart.ts (static): log", "src/shop/shop.ts (static): log"],
      ["log"],
    ]);
    expectNothingBegan(made);
    await expectScripted(made.server);
  });

  it("is told what is wrong with a plan, and units that share files are put in order", async () => {
    const made = await scene(
      planner(
        declare(
          unit("cart", { after: ["nobody"] }),
          unit("cart"),
          unit("git", { owns: [".git/x"] }),
        ),
        declare(unit("cart", { agent: "wizard" })),
        declare(
          unit("cart", { owns: ["src/cart/**", "src/cart/new.ts", "src/log.ts"] }),
          unit("shop", { owns: ["src/shop/**", "src/shop/new.ts", "src/log.ts"] }),
        ),
      ),
    );
    const { code, document } = await made.ask<Preview>(planIt);
    expect(code).toBe(0);
    expect(document.warnings).toContainEqual(
      "shop comes after cart and alone changes src/log.ts, which both were to change",
    );
    const requests = await made.server.requests();
    const [, second, third] = requests.map((request) => resultsTold(request).join("\n"));
    expect(second).toContain("there is no unit nobody");
    expect(second).toContain("the id cart is used twice");
    expect(second).toContain(".git");
    expect(third).toContain("there is no agent wizard");
  });

  it("is run by what was planned, and planning is paid by the run's budget", async () => {
    const made = await scene([
      ...planner(declare(unit("cart"), unit("shop"))),
      ...hello("cart"),
      ...hello("shop"),
    ]);
    const { code, document } = await made.ask<FinalDocument>(runIt, lands);
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    const [started] = eventsIn(made, document.run, "run-started");
    expect(started?.planning).toMatchObject({ inputTokens: 1000, outputTokens: 50 });
    const units = document.units.reduce((sum, { spend }) => sum + spend.inputTokens, 0);
    expect(document.spend.inputTokens).toBe(units + 1000);
    expect(plansInTheMaking(made)).toEqual([]);
  });

  it("may bring commands along, which nobody runs before a person has approved them", async () => {
    const checks = { checks: ["test -e src/cart/hello.ts"] };
    const fixtures = [...planner(declare(unit("cart", checks))), ...hello("cart")];
    const asked = await scene(fixtures);
    const error = await expectNoPlan(asked, 4, "plan_not_approved", runIt);
    expect(error.details).toEqual({ commands: checks.checks });
    const shown = await (await scene(fixtures)).ask<Preview>(planIt);
    expect(shown.document.warnings.join("\n")).toContain("not approved yet");
    const approved = await (await scene(fixtures)).ask<FinalDocument>([...runIt, "-y"], lands);
    expect(approved.code).toBe(0);
  });
});

describe("a model that makes no plan is one error, and nothing changes", () => {
  it("where it talks and declares nothing", async () => {
    const said = Array.from({ length: 6 }, (_, at): Said => ({ text: `I would split it. ${at}` }));
    const made = await scene([
      ...planner(...said),
      ...script("Words are no plan", said, { from: 0 }),
    ]);
    const { message } = await expectNoPlan(made, 2, "no_plan");
    expect(message).toContain("without declaring one");
  });

  it("where what it declares has no shape", async () => {
    const nonsense = Array.from(
      { length: 6 },
      (): Said => ({ calls: [["declare_plan", { units: "all" }]] }),
    );
    const { message } = await expectNoPlan(await scene(planner(...nonsense)), 2, "no_plan");
    expect(message).toContain("the model made no plan");
  });

  it("where its plans are wrong to the last", async () => {
    const wrong = [1, 2, 3, 4, 5].map((at) => declare(unit("cart", { after: [`nobody-${at}`] })));
    const made = await scene(planner(...wrong));
    const { details } = await expectNoPlan(made, 2, "no_plan");
    expect(JSON.stringify(details)).toContain("nobody-4");
    expect(await made.server.requests()).toHaveLength(4);
  });

  it("where it takes too long", async () => {
    const slow = planner({ ...declare(unit("cart")), latency: 8000 });
    const made = await scene(slow, { limits: { agentTimeout: "1s" } });
    const { message } = await expectNoPlan(made, 2, "no_plan");
    expect(message).toContain("limits.agentTimeout");
  });

  it("where its provider refuses the key", async () => {
    const made = await makeModelScene({
      fixtures: planner(declare(unit("cart"))),
      files,
      server: { key: modelKey },
    });
    const { code, document } = await made.ask<ErrorDocument>(runIt, {
      env: { MODEL_KEY: "sk-another-key-that-is-wrong" },
    });
    expect({ code, error: document.error.code }).toEqual({
      code: 6,
      error: "provider_refused_key",
    });
    expect(document.error.advice).toBe(
      "set a key that works in MODEL_KEY, then type the same command again: no run has begun",
    );
    expectNothingBegan(made);
  });

  it("where the budget of the run is spent on it", async () => {
    const looks = [1, 2, 3, 4, 5, 6].map(
      (at): Said => ({
        calls: [["glob", { pattern: `x${at}` }]],
        usage: { prompt_tokens: 3000, completion_tokens: 100 },
      }),
    );
    const made = await scene(planner(...looks), {}, { outputTokensMax: 500 });
    await expectNoPlan(made, 5, "over_budget", [...runIt, "--budget-tokens", "9000"]);
  });

  it("where somebody presses Ctrl-C", async () => {
    const made = await scene(planner({ ...declare(unit("cart")), latency: 20_000 }));
    const started = made.start(planIt);
    await eventually(() => plansInTheMaking(made).length > 0);
    started.signal("SIGINT");
    expect(await started.ended).toMatchObject({ by: "SIGINT" });
    expect(plansInTheMaking(made)).toEqual([]);
    expectNothingBegan(made);
  });

  it("where nobody trusts the configuration that names it: it is not even asked", async () => {
    const made = await scene(planner(declare(unit("cart"))));
    await expectNoPlan(made, 4, "not_trusted", ["plan", goal]);
    expect(await made.server.requests()).toEqual([]);
  });

  it("where there is none", async () => {
    const made = await scene(planner(declare(unit("cart"))));
    made.repository.write({ ".agentrc.json": "{}" });
    await expectNoPlan(made, 2, "no_planner", ["plan", goal, "--command", "true"]);
  });
});
