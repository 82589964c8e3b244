/** A provider that fails, seen from outside: nobody's work fails with it, and no key ever leaves the one request it is for. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import {
  eventsIn,
  expectScripted,
  makeModelScene,
  modelKey,
  paidTwice,
  runPlan,
  type Said,
  script,
  unitCalled,
} from "../support/model-run.ts";
import type { ModelFixture } from "../support/model-server.ts";
import { type ErrorDocument, planned, unitIn } from "../support/scene.ts";

const waits = { kept: ["refs/heads/pleach/"], keepsWorktrees: true };

const easyAnswers = (id: string): readonly Said[] => [
  { calls: [["write", { path: `${id}.txt`, content: `${id}\n` }]] },
  { text: `Done ${id}.` },
];
const easy = ["a", "b"].flatMap((id) => script(unitCalled(id), easyAnswers(id)));
const lands = { lands: { paths: ["a.txt", "b.txt"] } };

test("a key that is refused ends the run at once, names its variable, and fails no unit", async () => {
  const scene = await makeModelScene({ fixtures: easy, server: { key: modelKey } });
  const plan = scene.plan({ units: [planned("a"), planned("b")] });
  const { code, document, stderr } = await scene.ask<FinalDocument>(runPlan(plan), {
    ...waits,
    env: { MODEL_KEY: "sk-another-key-that-is-wrong" },
  });
  expect({ code, outcome: document.outcome }).toEqual({ code: 6, outcome: "provider_unavailable" });
  expect(document.error).toMatchObject({ code: "provider_refused_key" });
  expect(`${document.error?.message} ${document.error?.advice}`).toContain("MODEL_KEY");
  expect(stderr).toContain("MODEL_KEY");
  expect(stderr).toContain("401");
  expect(stderr).not.toContain("sk-another-key");
  expect(document.units.map(({ reason }) => reason)).toEqual([null, null]);
  const resumed = await scene.ask<FinalDocument>(["resume"], lands);
  expect({ code: resumed.code, outcome: resumed.document.outcome }).toEqual({
    code: 0,
    outcome: "complete",
  });
});

test("no key for the provider that needs one is said before a run begins", async () => {
  const scene = await makeModelScene({
    fixtures: easy,
    model: { baseURL: "https://api.openai.com/v1" },
  });
  const plan = scene.plan({ units: [planned("a")] });
  const { code, document } = await scene.ask<ErrorDocument>(runPlan(plan), {
    env: { MODEL_KEY: "" },
  });
  expect(code).toBe(6);
  expect(document.error).toMatchObject({ code: "no_key" });
  expect(document.error.message).toContain("MODEL_KEY");
  expect(existsSync(path.join(scene.repository.path, ".git/pleach/runs"))).toBe(false);
});

test("a provider that is busy is asked again when it says so", async () => {
  const busy: ModelFixture = {
    match: { userMessage: unitCalled("a"), turnIndex: 0, sequenceIndex: 0 },
    response: {
      error: { message: "slow down", type: "rate_limit_error" },
      status: 429,
      retryAfter: 1,
    },
  };
  const scene = await makeModelScene({ fixtures: [busy, ...easy] });
  const plan = scene.plan({ units: [planned("a"), planned("b")] });
  const began = performance.now();
  const { code, document } = await scene.ask<FinalDocument>(runPlan(plan), lands);
  expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  expect(performance.now() - began).toBeGreaterThan(1000);
  const requests = await scene.server.requests();
  expect(requests.map(({ response }) => response.status).sort()).toEqual([200, 200, 200, 200, 429]);
  expect(unitIn(document, "a").attempts).toBe(1);
});

test("a provider that is out ends the run so that it can be resumed, with nothing lost or paid twice", async () => {
  const gone: ModelFixture = {
    match: { userMessage: unitCalled("b"), turnIndex: 1, sequenceIndex: 0 },
    response: {
      error: { message: "You exceeded your current quota", type: "insufficient_quota" },
      status: 429,
    },
  };
  const scene = await makeModelScene({ fixtures: [gone, ...easy] });
  const plan = scene.plan({ units: [planned("a"), planned("b", { after: ["a"] })] });
  const first = await scene.ask<FinalDocument>(runPlan(plan), waits);
  expect({ code: first.code, outcome: first.document.outcome }).toEqual({
    code: 6,
    outcome: "provider_unavailable",
  });
  expect(first.document.error).toMatchObject({ code: "provider_no_credit" });
  expect(first.document.units.map(({ status, reason }) => [status === "merged", reason])).toEqual([
    [true, null],
    [false, null],
  ]);
  expect(eventsIn(scene, first.document.run, "run-interrupted")).toMatchObject([
    { cause: "provider" },
  ]);
  const { stdout } = await scene.type(["status"], waits);
  expect(stdout).toContain("pleach resume");
  const { code, document } = await scene.ask<FinalDocument>(["resume"], lands);
  await expectScripted(scene.server);
  expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
  expect(await paidTwice(scene.server)).toEqual([]);
  expect(unitIn(document, "b").agents).toMatchObject([{ turns: 2, status: "completed" }]);
});

test("the key of a provider is nowhere but in its requests", async () => {
  const secret = "sk-proj-Zx9wPlanted7Key5Q2";
  const scene = await makeModelScene({
    server: { key: secret },
    fixtures: [
      ...script(unitCalled("a"), [
        {
          calls: [
            [
              "shell",
              {
                command:
                  "env; cat /proc/self/environ | tr '\\0' '\\n'; cat /proc/$PPID/environ | tr '\\0' '\\n'",
              },
            ],
          ],
        },
        { text: `My key is ${secret}.`, calls: [["write", { path: "a.txt", content: "a\n" }]] },
        { calls: [["context_write", { key: "k", value: `it is ${secret}` }]] },
        { calls: [["glob", { pattern: secret }]] },
        { calls: [["task", { description: `Say nothing of ${secret}, PART` }]] },
        { text: `I did not say ${secret}.` },
      ]),
      ...script("PART", [{ text: `Not even ${secret}.` }]),
      {
        match: { userMessage: unitCalled("b"), turnIndex: 0, sequenceIndex: 0 },
        response: {
          error: { message: `Incorrect API key provided: ${secret}`, type: "server_error" },
          status: 500,
        },
      },
      ...script(unitCalled("b"), [
        { calls: [["write", { path: "b.txt", content: "b\n" }]] },
        { text: "Done b." },
      ]),
    ],
  });
  const plan = scene.plan({
    units: [planned("a"), planned("b", { checks: ["env; test -f b.txt"] })],
  });
  const env = { MODEL_KEY: secret };
  const ran = await scene.type(
    ["run", "--plan", plan, "--trust", "--keep", "--ndjson", "--check", "env", "-v"],
    { ...waits, ...lands, env },
  );
  await expectScripted(scene.server);
  expect(ran.code).toBe(0);
  const [run = ""] = readdirSync(path.join(scene.repository.path, ".git/pleach/runs"));
  const said = [ran.stdout, ran.stderr];
  for (const args of [
    ["report"],
    ["report", "--format", "html"],
    ["report", "--format", "json"],
    ["status", "--json"],
    ["status", "--context"],
    ["logs", "a"],
    ["doctor"],
  ]) {
    const { stdout, stderr } = await scene.type(args, { ...waits, env });
    said.push(stdout, stderr);
  }
  expect(said.filter((text) => text.includes(secret))).toEqual([]);
  const searched = [scene.stateHome, scene.repository.path].flatMap(filesBelow);
  const told = searched.filter((file) => readFileSync(file).includes(secret));
  expect(told).toEqual([]);
  // What was searched is what there is: the transcripts, the journal, the worktrees that were kept.
  for (const part of [`runs/${run}/journal.jsonl`, "agents/coder.jsonl", "agents/coder.1.jsonl"]) {
    expect(searched.some((file) => file.endsWith(part))).toBe(true);
  }
  expect(searched.some((file) => /worktrees\/.*\/slot-\d+\/a\.txt$/.test(file))).toBe(true);
  expect(scene.record(run, "units/a/1/agents/coder.jsonl")).toContain("My key is [key].");
  expect(scene.record(run, "units/a/1/agents/coder.jsonl")).toContain("PLEACH_UNIT=a");
});

test("a key that lies in a file is in no log of what set-up, checks and commands print", async () => {
  const secret = "sk-proj-Zx9wInAFile7Key5Q2";
  const config = { setup: { copy: ["keys.env"], run: ["cat keys.env"] } };
  const scene = await makeModelScene({
    fixtures: [
      ...script(unitCalled("a"), [{ text: "Nothing yet." }]),
      ...script("a check of your unit", easyAnswers("a"), { from: 1 }),
      ...script(unitCalled("b"), easyAnswers("b")),
    ],
    config,
    files: { ".gitignore": "keys.env\n" },
  });
  const { repository } = scene;
  writeFileSync(path.join(repository.path, "keys.env"), `KEY=${secret}\n`);
  const how = { ...waits, env: { MODEL_KEY: secret } };
  const prints = "cat keys.env; cat keys.env >&2";
  const checks = ["--check", prints, "--unit-check", `${prints}; ls [ab].txt`];
  const plan = (...ids: readonly string[]) => scene.plan({ units: ids.map((id) => planned(id)) });
  const agents = await scene.type(runPlan(plan("a", "b"), ...checks), {
    ...how,
    lands: { paths: ["a.txt", "b.txt"] },
  });
  const says = `printf '{"output":"%s"}' "$(cat keys.env)" > $AGENT_RESULT_FILE; cp keys.env $PLEACH_OUTBOX/x`;
  const printed = ["--command", `${prints}; ${says}; exit 1`, "--attempts", "2"];
  const commands = await scene.type(runPlan(plan("c"), ...printed, ...checks, "-v"), how);
  const silent = ["--command", `${prints}; echo d > d.txt`, "--unit-check", `${prints}; exit 1`];
  const refused = await scene.type(runPlan(plan("d"), ...silent, "--json"), how);
  expect([agents.code, commands.code, refused.code]).toEqual([0, 1, 1]);
  const said = [agents, commands, refused].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  expect(said.filter((text) => text.includes(secret))).toEqual([]);
  const kept = filesBelow(path.join(repository.path, ".git/pleach"));
  expect(kept.filter((file) => readFileSync(file).includes(secret))).toEqual([]);
  const logs = kept.filter((file) => readFileSync(file).includes("KEY=[key]"));
  const names = [...new Set(logs.map((file) => path.basename(file)))].sort();
  expect(names.filter((name) => !/^[0-9a-f]{12}-/.test(name))).toEqual([
    ...["RESULT.json", "agents-check-1.log", "check-1.log", "coder.jsonl"],
    ...["journal.jsonl", "output.log", "report.md", "setup.log", "x"],
  ]);
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
