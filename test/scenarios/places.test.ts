import { chmodSync, existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { runProgram } from "../support/program.ts";
import { runGit } from "../support/repository.ts";
import { type ErrorDocument, makeScene, planned } from "../support/scene.ts";

const line = ["--command", "echo 2 > a.txt", "--check", "true"];

describe("the order of looking", () => {
  it("is usage, repository and target, config, plan, trust, environment", async () => {
    const scene = await makeScene({
      "a.txt": "a\n",
      ".agentrc.json": '{ "chekcs": [] } // wrong',
      "wrong.json": '{ "limits": { "units": 0 } }',
      "runs.json": '{ "checks": ["true"] }',
      "plan.json": '{ "version": 1 }',
    });
    const good = scene.plan({ units: [planned("a")] });
    const ask = async (...args: string[]) => {
      const { code, document } = await scene.ask<ErrorDocument>(["run", ...args]);
      return [code, document.error.code];
    };
    const nowhere = scene.repository.folder;
    const noSandbox = ["--sandbox", "bwrap"];
    expect(await ask("--nonsense", "-C", nowhere)).toEqual([2, "unknown_option"]);
    expect((await ask("--plan", "no", "-C", nowhere, ...line))[0]).toBe(3);
    expect((await ask("--plan", "no", "--target", "no", ...line))[0]).toBe(3);
    const config = await scene.ask<ErrorDocument>(["run", "--plan", "no", ...line]);
    expect(config.code).toBe(2);
    expect(JSON.stringify(config.document)).toMatch(/chekcs.*checks/);
    const range = await scene.ask<ErrorDocument>(["run", "--plan", "no", "--config", "wrong.json"]);
    expect(range.code).toBe(2);
    expect(JSON.stringify(range.document)).toContain("limits.units");
    const plan = await scene.ask<ErrorDocument>([
      "run",
      "--plan",
      "plan.json",
      "--config",
      "runs.json",
      ...line,
    ]);
    expect(plan.code).toBe(2);
    for (const key of ["goal", "units"]) expect(JSON.stringify(plan.document)).toContain(key);
    const trust = await scene.ask<ErrorDocument>(
      ["run", "--plan", good, "--config", "runs.json", ...line.slice(0, 2), ...noSandbox],
      { env: { PATH: `/usr/bin/nothing-here:${path.dirname(process.execPath)}:/usr/bin` } },
    );
    expect(trust).toMatchObject({
      code: 4,
      document: { error: { details: { commands: ["check: true"] } } },
    });
    expect(existsSync(scene.stateHome)).toBe(false);
  });

  it("finds a repository in a state for work, and a target", async () => {
    const scene = await makeScene({ "a.txt": "a\n" }, { commit: false });
    const plan = scene.plan({ units: [planned("a")] });
    const unborn = await runProgram(["run", "--plan", plan, ...line, "--json"], {
      cwd: scene.repository.path,
      env: { PLEACH_STATE_HOME: scene.stateHome },
    });
    expect(unborn.code).toBe(3);
    await scene.repository.commit();
    await scene.repository.git("checkout", "-q", "--detach");
    expect((await scene.ask<ErrorDocument>(["run", "--plan", plan, ...line])).code).toBe(3);
  });
});

describe("trust", () => {
  it("is asked for before a repository's config runs anything, and again when that changed", async () => {
    const config = (check: string) => `{
      // comments may stand here
      "workers": { "w": { "type": "command", "command": ["sh", "-c", "echo 2 >> a.txt"] } },
      "checks": [{ "name": "there", "run": "${check}" }],
      "limits": { "units": 1 }, "land": "never", /* and here */
    }`;
    const scene = await makeScene({
      "a.txt": "a\n",
      "b.txt": "b\n",
      ".agentrc.json": config("test -f a.txt"),
    });
    const plan = scene.plan({ units: [planned("a")] });
    const kept = ["refs/heads/pleach/"];
    const run = (...more: string[]) =>
      scene.ask<ErrorDocument & { landed: unknown }>(["run", "--plan", plan, ...more], { kept });
    const before = await run();
    expect(before.code).toBe(4);
    expect(before.document.error.details["commands"]).toEqual([
      'worker w: sh -c "echo 2 >> a.txt"',
      "check there: test -f a.txt",
    ]);
    expect(before.stderr).toContain("test -f a.txt");
    expect(existsSync(path.join(scene.repository.path, ".git/pleach"))).toBe(false);
    const checked = await run("--check", "true");
    expect(checked.document.error.details["commands"]).toEqual([
      'worker w: sh -c "echo 2 >> a.txt"',
    ]);
    const typed = await run("--check", "true", "--command", "echo 3 >> a.txt");
    expect([typed.code, typed.document.landed]).toEqual([0, null]);
    expect(await scene.type(["trust"], { kept })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("test -f a.txt"),
    });
    expect(await run()).toMatchObject({
      code: 0,
      document: { landed: null, landing: { asked: "never" } },
    });
    await scene.repository.commit({ ".agentrc.json": config("test -f b.txt") });
    expect((await run()).code).toBe(4);
    expect((await run("--trust")).code).toBe(0);
    expect((await run()).code).toBe(4);
    const many = scene.plan({ units: [planned("a"), planned("b")] }, "many.json");
    const over = await scene.ask<ErrorDocument>(["run", "--plan", many, "--trust"], { kept });
    expect(over.code).toBe(2);
    expect(JSON.stringify(over.document)).toContain("limits.units");
  });

  it("is not needed for config that runs nothing; each config file is read, and a flag wins", async () => {
    const said = { land: "never", limits: { attempts: 1 } };
    const forms: Readonly<Record<string, string>> = {
      ".agentrc.yaml": "land: never\nlimits: { attempts: 1 }\n",
      ".agentrc.yml": "land: never\nlimits: { attempts: 1 }\n",
      "package.json": JSON.stringify({ name: "x", agentrc: said }),
    };
    for (const [name, text] of Object.entries(forms)) {
      const scene = await makeScene({ "a.txt": "a\n", [name]: text });
      const plan = scene.plan({ units: [planned("a")] });
      const never = await scene.ask(["run", "--plan", plan, ...line, "-C", "."], {
        kept: ["refs/heads/pleach/"],
      });
      expect([name, never.code, never.document.landing.asked]).toEqual([name, 0, "never"]);
      if (name !== "package.json") continue;
      const auto = await scene.ask(["run", "--plan", plan, ...line, "--land", "auto"], {
        kept: ["refs/heads/pleach/"],
        lands: { paths: ["a.txt"] },
      });
      expect(auto).toMatchObject({ code: 0, document: { landing: { asked: "auto" } } });
      const no = await scene.ask(
        ["run", "--plan", plan, "--command", "exit 1", "--attempts", "2"],
        { kept: ["refs/heads/pleach/"] },
      );
      expect(no.document.units[0]?.attempts).toBe(2);
    }
  });
});

describe("a run", () => {
  it("may be started in a linked worktree, in a sub-folder, and in a hook of git", async () => {
    const scene = await makeScene({ "a.txt": "a\n", "sub/b.txt": "b\n" });
    const { repository } = scene;
    const linked = path.join(repository.folder, "linked");
    await repository.git("worktree", "add", "-q", "-b", "side", linked);
    const plan = scene.plan({ units: [planned("a")] });
    const inLinked = await runProgram(["run", "--plan", "../../plan.json", ...line, "--json"], {
      cwd: path.join(linked, "sub"),
      env: { PLEACH_STATE_HOME: scene.stateHome },
    });
    const document = JSON.parse(inLinked.stdout) as FinalDocument;
    expect(inLinked.code).toBe(0);
    expect(document).toMatchObject({ target: "side", outcome: "complete" });
    expect(await runGit(linked, ["show", "HEAD:a.txt"])).toBe("2");
    expect(await runGit(linked, ["status", "--porcelain"])).toBe("");
    expect(existsSync(path.join(repository.path, ".git/pleach/runs", document.run))).toBe(true);
    const hook = path.join(repository.path, ".git/hooks/post-commit");
    repository.write({
      ".git/hooks/post-commit": `#!/bin/sh\ntest -e ../hooked && exit 0\ntouch ../hooked\n${scene.shellCommand} run --plan '${plan}' --command 'echo 3 > a.txt' --check true --target side --sandbox none -q > ../hook.out 2>&1\n`,
    });
    chmodSync(hook, 0o755);
    repository.write({ "sub/b.txt": "b2\n" });
    await repository.git("commit", "-qam", "with a hook");
    expect(repository.read("../hook.out")).toMatch(/complete: 1 merged/);
    expect(await repository.git("show", "side:a.txt")).toBe("3");
    expect(repository.read("a.txt")).toBe("a\n");
  });
});
