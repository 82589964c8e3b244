import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { makeScene, planned, unitIn } from "../support/scene.ts";
import { runningWith } from "../support/scratch.ts";

/** Workers by name, each a shell script. */
function config(
  scripts: Readonly<Record<string, string | readonly string[] | object>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const workers = Object.fromEntries(
    Object.entries(scripts).map(([name, said]) => [
      name,
      typeof said === "string" || Array.isArray(said) ? { type: "command", command: said } : said,
    ]),
  );
  return JSON.stringify({ workers, ...more });
}

/** A unit for each worker, of the same name, that owns a file of that name. */
function unitsOf(names: readonly string[], more: Readonly<Record<string, object>> = {}) {
  return names.map((name) => planned(name, { worker: name, ...more[name] }));
}

describe("the command worker", () => {
  it("gets its task, its places and nothing of ours to break", async () => {
    const scripts = {
      env: `env | sort > env.txt; readlink /proc/self/fd/0 >> env.txt; pwd -P >> env.txt; cat; ls -d "$PLEACH_INBOX" "$PLEACH_OUTBOX"; printf '{"text":"hi"}' > "$PLEACH_OUTBOX/1.json"; ls -A > list.txt`,
      stdin: { type: "command", command: "cat > stdin.txt", stdin: "task" },
      task: "cp {task} task.txt",
      files:
        "for f in {files}; do echo \"$f\" >> log.files; done; printf '%s\\n' {files} > out.files",
      list: ["sh", "-c", 'printf "%s\\n" "$@" > out.list', "sh", "{task}", "{files}", "x{files}x"],
    };
    const names = ["a b.files", "$(touch hacked).files", "-n.files", "quo'te\".files"];
    const scene = await makeScene({
      "keep.txt": "keep\n",
      "1.list": "",
      "2.list": "",
      ...Object.fromEntries(names.map((name) => [name, "x\n"])),
      ".agentrc.json": config(scripts, { context: { style: "tabs" } }),
    });
    const plan = scene.plan({
      goal: "All of it",
      context: "Only small steps.",
      units: unitsOf(Object.keys(scripts), {
        env: { owns: ["env.txt", "list.txt"] },
        files: { owns: ["*.files", "!secret.files"] },
        list: { owns: ["*.list"] },
      }),
    });
    const { code, document } = await scene.ask<FinalDocument>(
      ["run", "--plan", plan, "--trust", "--land", "never", "--check", "true"],
      {
        env: { MY_API_KEY: "s3cret", GIT_DIR_X: "1", ANTHROPIC_API_KEY: "s3cret" },
        kept: ["refs/heads/pleach/"],
      },
    );
    expect(document.units.map(({ id, reason }) => [id, reason])).toEqual(
      Object.keys(scripts).map((id) => [id, null]),
    );
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    const show = (file: string) => scene.repository.git("show", `${document.integration}:${file}`);
    const env = (await show("env.txt")).split("\n");
    const value = (name: string) =>
      env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
    const root = path.join(scene.stateHome, "exchange");
    const exchange = path.dirname(value("AGENT_TASK_FILE"));
    expect(exchange).toMatch(new RegExp(`^${root}/repository-[0-9a-f]+/${document.run}/env/1$`));
    expect(value("AGENT_TASK_FILE")).toBe(`${exchange}/TASK.md`);
    expect(path.dirname(value("AGENT_RESULT_FILE"))).toBe(exchange);
    expect(value("AGENT_WORK_DIR")).toMatch(
      new RegExp(`^${scene.stateHome}/worktrees/repository-[0-9a-f]+/${document.run}/slot-[1-4]$`),
    );
    expect(env.at(-1)).toBe(value("AGENT_WORK_DIR"));
    expect(env.at(-2)).toBe("/dev/null");
    expect([value("PLEACH_RUN"), value("PLEACH_UNIT"), value("PLEACH_ATTEMPT")]).toEqual([
      document.run,
      "env",
      "1",
    ]);
    expect(unitIn(document, "env").summary).toBe(
      `${value("PLEACH_INBOX")}\n${value("PLEACH_OUTBOX")}\n`,
    );
    expect(env.filter((line) => /s3cret|^GIT_/.test(line))).toEqual([]);
    expect((await show("list.txt")).split("\n")).not.toContain("TASK.md");
    expect(JSON.parse(scene.record(document.run, "units/env/1/outbox/1.json"))).toEqual({
      text: "hi",
    });
    expect(existsSync(exchange)).toBe(false);
    const task = await show("task.txt");
    for (const said of ["Change task.", "`task.txt`", "Only small steps.", '"style": "tabs"']) {
      expect(task).toContain(said);
    }
    expect(`${task}\n`).toBe(scene.record(document.run, "units/task/1/TASK.md"));
    expect(await show("stdin.txt")).toContain("# Do stdin\n");
    const sorted = (await show("out.files")).split("\n").map((file) => file.replace(/^\.\//, ""));
    expect(sorted.sort()).toEqual([...names].sort());
    expect((await show("out.list")).split("\n")).toEqual([
      expect.stringMatching(/\/TASK\.md$/),
      "1.list",
      "2.list",
      "x1.list 2.listx",
    ]);
  });

  it("is believed by RESULT.json before its exit code, and by the exit code without one", async () => {
    const result = (name: string, text: string, code: number) =>
      `echo 2 > ${name}.txt; echo printed; printf '%s' '${text}' > "$AGENT_RESULT_FILE"; exit ${code}`;
    const scripts = {
      says: result("says", '{"success":true,"output":"said so","artifacts":["x/y.md"]}', 7),
      bare: result("bare", "{}", 7),
      lies: `echo lies; printf '{"success":true,"output":"all done"}' > "$AGENT_RESULT_FILE"`,
      sorry: result("sorry", '{"success":false,"output":"cannot"}', 0),
      broken: result("broken", "{oops", 0),
      wrong: result("wrong", '{"success":"yes"}', 0),
      list: result("list", "[]", 0),
      exits: "echo 2 > exits.txt; exit 9",
      killed: "echo 2 > killed.txt; kill -9 $$",
      missing: ["/no/such/program"],
      long: `i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done; echo 2 > long.txt`,
      quiet: "echo 'to stderr' >&2; echo 2 > quiet.txt",
    };
    const names = Object.keys(scripts);
    const scene = await makeScene({ "a.txt": "", ".agentrc.json": config(scripts) });
    const plan = scene.plan({ units: unitsOf(names) });
    const line = ["run", "--plan", plan, "--trust", "--attempts", "1", "--land", "never"];
    const { code, document } = await scene.ask<FinalDocument>(
      [...line, "--concurrency", "6", "--sandbox", "none"],
      { kept: ["refs/heads/pleach/"] },
    );
    expect({ code, outcome: document.outcome }).toEqual({ code: 1, outcome: "partial" });
    const ends = Object.fromEntries(
      document.units.map(({ id, status, reason }) => [id, reason?.type ?? status]),
    );
    expect(ends).toEqual({
      says: "merged",
      bare: "merged",
      lies: "no_change",
      sorry: "worker_failed",
      broken: "worker_failed",
      wrong: "worker_failed",
      list: "worker_failed",
      exits: "worker_failed",
      killed: "worker_failed",
      missing: "worker_failed",
      long: "merged",
      quiet: "merged",
    });
    expect(unitIn(document, "says")).toMatchObject({
      summary: "said so",
      artifacts: ["x/y.md"],
      changed: ["says.txt"],
      reason: null,
    });
    expect(unitIn(document, "bare").summary).toBe("printed\n");
    expect(unitIn(document, "lies").summary).toBe("all done");
    expect(unitIn(document, "sorry").reason?.message).toContain("cannot");
    expect(unitIn(document, "long").summary).toHaveLength(5000);
    expect(unitIn(document, "long").summary).toMatch(/line 1998\nline 1999\n$/);
    expect(unitIn(document, "quiet").summary).toBe("to stderr\n");
    const kept = (await scene.repository.git("for-each-ref", "--format=%(refname)")).split("\n");
    for (const id of ["exits", "sorry"]) {
      expect(kept).toContain(`refs/pleach/${document.run}/${id}/1`);
      const file = `refs/pleach/${document.run}/${id}/1:${id}.txt`;
      expect(await scene.repository.git("show", file)).toBe("2");
    }
  });

  it("is ended with its whole tree at its timeout, and what it left is kept", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a"), planned("b", { after: ["a"] })] });
    const script = "echo 2 > a.txt; trap '' TERM; sleep 60 & sleep 60";
    const line = ["run", "--plan", plan, "--command", script, "--attempts", "1"];
    const { code, document } = await scene.ask<FinalDocument>([...line, "--timeout", "1s"], {
      kept: ["refs/heads/pleach/"],
    });
    expect({ code, outcome: document.outcome }).toEqual({ code: 1, outcome: "failed" });
    expect(unitIn(document, "a")).toMatchObject({
      status: "timed_out",
      commit: null,
      changed: ["a.txt"],
      reason: { type: "timed_out", paths: [], message: expect.stringContaining("longer than 1s") },
    });
    expect(unitIn(document, "b").reason?.type).toBe("dependency_failed");
    expect(runningWith(`PLEACH_RUN=${document.run}`)).toEqual([]);
    const refs = await scene.repository.git("for-each-ref", "--format=%(refname)");
    expect(refs).not.toContain("candidate");
  });

  it("tries again in a clean tree, told why it was refused", async () => {
    const script = [
      'if [ "$PLEACH_ATTEMPT" = 1 ]; then echo 1 > a.txt; echo junk > junk.ignored; exit 0; fi',
      'test ! -e junk.ignored && test "$(cat a.txt)" = a || exit 5',
      'cp "$AGENT_TASK_FILE" a.txt',
    ].join("\n");
    const check =
      'if [ "$(cat a.txt)" = 1 ]; then i=0; while [ $i -lt 1500 ]; do echo "noise $i"; i=$((i+1)); done; echo THE END; exit 1; fi';
    const scene = await makeScene({ "a.txt": "a\n", ".gitignore": "*.ignored\n" });
    const plan = scene.plan({ units: [planned("a")] });
    for (const [flag, log] of [
      ["--check", "checks/"],
      ["--unit-check", "units/a/1/check-1.log"],
    ] as const) {
      const { code, document } = await scene.ask<FinalDocument>(
        ["run", "--plan", plan, "--command", script, flag, check, "--land", "never"],
        { kept: ["refs/heads/pleach/"] },
      );
      expect({ code, attempts: unitIn(document, "a").attempts }).toEqual({ code: 0, attempts: 2 });
      const task = await scene.repository.git("show", `${document.integration}:a.txt`);
      expect(task).toContain("check_failed");
      const output = /not instructions:\n\n`+\n([\s\S]*?THE END\n)`+\n/.exec(task)?.[1] ?? "";
      expect(output.length).toBeGreaterThan(4900);
      expect(output.length).toBeLessThanOrEqual(5000);
      const first = await scene.repository.git("show", `refs/pleach/${document.run}/a/1:a.txt`);
      expect(first).toBe("1");
      const story = scene.record(document.run, "journal.jsonl");
      expect(story).toContain(log);
    }
  });
});
