import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { startProcess } from "../../src/host/process.ts";
import type { FinalDocument } from "../../src/view/document.ts";
import { eventually } from "../support/eventually.ts";
import { builtProgram } from "../support/program.ts";
import { type ErrorDocument, makeScene, planned, type Scene, unitIn } from "../support/scene.ts";
import { runningWith } from "../support/scratch.ts";

const kept = ["refs/heads/pleach/"];

describe("codemods", () => {
  it("change what they match by rule, module or command, from the config or a flag", async () => {
    const rule =
      "id: no-var\nlanguage: JavaScript\nrule:\n  pattern: var $A = $B\nfix: let $A = $B\n";
    const mod =
      "export default (source, { path }) => path.endsWith('m.js') ? source.replace('var', 'const') : undefined;\n";
    const scene = await makeScene({
      "r.js": "var x = 1\n",
      "m.js": "var x = 1\n",
      "c.js": "var x = 1\n",
      "c d.js": "var x = 1\n",
      "same.js": "let x = 1\n",
      "mods/rule.yml": rule,
      "mods/mod.mjs": mod,
      ".agentrc.json": JSON.stringify({
        worker: "rule",
        workers: {
          rule: { type: "codemod", rule: "mods/rule.yml" },
          module: { type: "codemod", module: "mods/mod.mjs" },
          command: { type: "codemod", command: ["sed", "-i", "s/var/let/"] },
        },
      }),
    });
    const plan = scene.plan({
      units: [
        planned("r", { owns: ["r.js"] }),
        planned("m", { owns: ["m.js"], worker: "module" }),
        planned("c", { owns: ["c.js", "c d.js"], worker: "command" }),
        planned("same", { owns: ["same.js"] }),
      ],
    });
    const ran = await scene.ask(["run", "--plan", plan, "--trust", "--land", "partial"], {
      kept,
      lands: { paths: ["r.js", "m.js", "c.js", "c d.js"] },
    });
    expect(
      ran.document.units.map(({ id, status, reason }) => [id, reason?.type ?? status]),
    ).toEqual([
      ["r", "merged"],
      ["m", "merged"],
      ["c", "merged"],
      ["same", "no_change"],
    ]);
    const texts = ["r.js", "m.js", "c.js", "c d.js", "same.js"].map((file) =>
      scene.repository.read(file),
    );
    expect(texts).toEqual(["let", "const", "let", "let", "let"].map((word) => `${word} x = 1\n`));
    await scene.repository.commit({ "r.js": "var y = 2\n" });
    const inRoot = await scene.ask(
      ["run", "--files", "r.js", "--codemod", "mods/rule.yml", "--trust", "--check", "true"],
      {
        kept,
        lands: { paths: ["r.js"] },
      },
    );
    expect(inRoot).toMatchObject({ code: 0, document: { outcome: "complete" } });
    expect(scene.repository.read("r.js")).toBe("let y = 2\n");
  });
});

describe("set-up and checkout", () => {
  it("fails a unit at once whose set-up makes what git does not ignore, and says why", async () => {
    const setup = { run: ["echo made > made.txt; echo 2 > b.txt"] };
    const scene = await makeScene({
      "a.txt": "a\n",
      "b.txt": "b\n",
      ".agentrc.json": JSON.stringify({ setup }),
    });
    const plan = scene.plan({ units: [planned("a")] });
    const line = ["run", "--plan", plan, "--command", "echo 2 > a.txt", "--trust"];
    const { code, document } = await scene.ask<FinalDocument>([...line, "--attempts", "3"]);
    expect(code).toBe(1);
    expect(unitIn(document, "a")).toMatchObject({
      attempts: 1,
      status: "failed",
      reason: { type: "worker_failed", paths: ["b.txt", "made.txt"] },
    });
    expect(unitIn(document, "a").reason?.message).toContain("setup.run made or changed");
  });

  it("copies, clones and runs in each worktree, which holds all or only what is owned", async () => {
    const scene = await makeScene({
      "a.txt": "a\n",
      "b.txt": "b\n",
      ".gitignore": "deps/\n.env\nmade\n",
      ".agentrc.json": JSON.stringify({
        setup: { copy: [".env"], clone: ["deps"], run: ["cat .env > made"] },
      }),
    });
    scene.repository.write({ ".env": "SECRET=1\n", "deps/x/lib.js": "lib\n" });
    const plan = scene.plan({ units: [planned("a"), planned("b", { after: ["a"] })] });
    const script =
      'test ! -e left && test ! -L deps && grep -q lib deps/x/lib.js && grep -q SECRET made && echo more >> deps/x/lib.js && touch left && rm left && ls | tr "\\n" " " && echo 2 > $PLEACH_UNIT.txt';
    const ran = await scene.ask<FinalDocument>(
      [
        "run",
        "--plan",
        plan,
        "--command",
        script,
        "--check",
        "test -f deps/x/lib.js",
        "--trust",
        "--attempts",
        "1",
      ],
      { lands: { paths: ["a.txt", "b.txt"] } },
    );
    expect(ran.document.units.map(({ status, reason }) => [status, reason])).toEqual([
      ["merged", null],
      ["merged", null],
    ]);
    expect(unitIn(ran.document, "a").summary).toBe("a.txt b.txt deps made ");
    expect(scene.repository.read("deps/x/lib.js")).toBe("lib\n");
    await scene.repository.commit({ ".agentrc.json": JSON.stringify({ checkout: "sparse" }) });
    const sparse = await scene.ask<FinalDocument>(
      [
        "run",
        "--plan",
        plan,
        "--command",
        "ls -A; echo 3 > $PLEACH_UNIT.txt",
        "--check",
        "test -f a.txt && test -f b.txt",
      ],
      { lands: { paths: ["a.txt", "b.txt"] } },
    );
    expect(sparse.code).toBe(0);
    expect(unitIn(sparse.document, "a").summary).toContain("a.txt");
    expect(unitIn(sparse.document, "a").summary).not.toContain("b.txt");
  });
});

/** Starts a run whose worker waits until a file appears beside the repository. */
function startWaiting(scene: Scene) {
  const plan = scene.plan({ units: [planned("a"), planned("b", { after: ["a"] })] });
  const gate = path.join(scene.repository.folder, "open");
  const script = `echo half > $PLEACH_UNIT.txt; while ! test -e '${gate}'; do sleep 0.05; done; echo 2 > $PLEACH_UNIT.txt`;
  const { PATH = "", HOME = "" } = process.env;
  const args = [
    "run",
    "--plan",
    plan,
    "--command",
    script,
    "--check",
    "true",
    "--json",
    "--sandbox",
    "none",
  ];
  const child = startProcess(process.execPath, [builtProgram, ...args], {
    cwd: scene.repository.path,
    env: { PATH, HOME, PLEACH_STATE_HOME: scene.stateHome },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; document: FinalDocument }>((resolve, reject) => {
    child.once("close", (code) => {
      try {
        resolve({ code, document: JSON.parse(stdout) as FinalDocument });
      } catch (error) {
        reject(new Error(`${code}: ${stdout}${stderr}`, { cause: error }));
      }
    });
  });
  const working = eventually(
    () =>
      stderr.includes("attempt 1 started") &&
      runningWith("PLEACH_UNIT=a").some((pid) =>
        readFileSync(`/proc/${pid}/environ`, "latin1").includes(scene.stateHome),
      ),
  );
  return { child, ended, working, gate };
}

describe("a run that goes on", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "winds down on %s with %i, keeps the work, and is resumed",
    async (signal, exitCode) => {
      const scene = await makeScene();
      const run = startWaiting(scene);
      await run.working;
      run.child.kill(signal);
      const { code, document } = await run.ended;
      expect({ code, outcome: document.outcome }).toEqual({
        code: exitCode,
        outcome: "interrupted",
      });
      expect(runningWith(`PLEACH_RUN=${document.run}`)).toEqual([]);
      scene.beside("open", "");
      const end = await scene.ask(["resume"], { lands: { paths: ["a.txt", "b.txt"] } });
      expect(end).toMatchObject({ code: 0, document: { run: document.run, outcome: "complete" } });
      expect(unitIn(end.document, "a").attempts).toBe(2);
    },
  );

  it("excludes a second one with 8 that names it, is told by status, and is cancelled with 130", async () => {
    const scene = await makeScene();
    const run = startWaiting(scene);
    await run.working;
    const unfinished = { meanwhile: true };
    const status = await scene.ask<FinalDocument & { alive: boolean }>(["status"], unfinished);
    expect(status.document.alive).toBe(true);
    expect(unitIn(status.document, "a").status).toBe("running");
    expect(["pending", "queued"]).toContain(unitIn(status.document, "b").status);
    const plan = scene.plan({ units: [planned("a")] }, "second.json");
    for (const args of [["run", "--plan", plan, "--command", "true"], ["land"], ["undo"]]) {
      const second = await scene.ask<ErrorDocument>(args, unfinished);
      expect([args[0], second.code]).toEqual([args[0], 8]);
      expect(second.document.error.message).toContain(status.document.run);
    }
    const clean = await scene.ask<ErrorDocument>(
      ["clean", status.document.run, "--discard"],
      unfinished,
    );
    expect(clean.code).toBe(8);
    expect((await scene.type(["cancel"], unfinished)).code).toBe(0);
    const { code, document } = await run.ended;
    expect({ code, outcome: document.outcome }).toEqual({ code: 130, outcome: "cancelled" });
    expect(document.units.map(({ status, reason }) => [status, reason?.type])).toEqual([
      ["cancelled", "cancelled"],
      ["cancelled", "cancelled"],
    ]);
    expect(await scene.repository.git("show", `refs/pleach/${document.run}/a/1:a.txt`)).toBe(
      "half",
    );
  });

  it("needs a sandbox for workers: without one it is 7, before anything began", async () => {
    const scene = await makeScene({ "a.txt": "a\n" });
    const plan = scene.plan({ units: [planned("a")] });
    const bin = path.join(scene.repository.folder, "bin");
    scene.beside("bin/bwrap", "#!/bin/sh\nexit 1\n");
    scene.repository.write({ "../bin/git": `#!/bin/sh\nexec /usr/bin/git "$@"\n` });
    const ran = await scene.ask<ErrorDocument>(["run", "--plan", plan, "--command", "true"], {
      env: { PATH: bin },
    });
    expect(ran.code).toBe(7);
    expect(existsSync(path.join(scene.repository.path, ".git/pleach/runs"))).toBe(false);
  });
});
