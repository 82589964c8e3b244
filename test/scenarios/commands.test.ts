import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { type ErrorDocument, makeScene, planned, unitIn } from "../support/scene.ts";

const work = ["--command", "echo working; echo 2 > $PLEACH_UNIT.txt", "--check", "echo checking"];
const kept = ["refs/heads/pleach/"];

describe("after a run", () => {
  it("status, logs, report, doctor and clean tell of it", async () => {
    const scene = await makeScene();
    const { repository } = scene;
    for (const command of ["status", "resume", "land", "undo", "report", "logs"]) {
      const args = command === "logs" ? ["logs", "20261120-1430-k3f9/a"] : [command];
      const { code, document } = await scene.ask<ErrorDocument>(args);
      expect([command, code, document.error.code]).toEqual([command, 3, "no_run"]);
    }
    const plan = scene.plan({ units: [planned("a"), planned("b")] });
    const script = "echo working; echo 2 > $PLEACH_UNIT.txt; test $PLEACH_UNIT = a";
    const line = ["run", "--plan", plan, "--command", script, "--check", "echo checking"];
    const { document: first } = await scene.ask([...line, "--land", "partial", "--attempts", "1"], {
      kept,
      lands: { paths: ["a.txt"] },
    });
    const again = scene.plan({ units: [planned("b", { worker: "command" })] }, "b.yaml");
    const { document: second } = await scene.ask(["run", "--plan", again, ...work], {
      lands: { paths: ["b.txt"] },
      kept,
    });
    const status = await scene.ask(["status"], { kept });
    expect(status).toMatchObject({ code: 0, document: { ...second, alive: false } });
    const named = await scene.ask(["status", first.run], { kept });
    expect(named).toMatchObject({ code: 0, document: first });
    const all = await scene.ask<{ runs: { run: string; outcome: string }[] }>(["status", "--all"], {
      kept,
    });
    expect(all.document.runs.map(({ run, outcome }) => [run, outcome])).toEqual([
      [second.run, "complete"],
      [first.run, "partial"],
    ]);
    expect((await scene.type(["status"], { kept })).stdout).toContain(second.run);
    const logs = await scene.type(["logs", `${first.run}/a`], { kept });
    expect(logs.code).toBe(0);
    for (const said of ["Change a.", "working", "checking"]) expect(logs.stdout).toContain(said);
    const wrongUnit = await scene.ask<ErrorDocument>(["logs", `${first.run}/zz`], { kept });
    expect(wrongUnit.code).toBe(2);
    const md = await scene.type(["report", first.run, "--format", "md"], { kept });
    expect(md).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# Run `/) });
    const json = await scene.ask(["report", first.run, "--format", "json"], { kept });
    expect(json).toMatchObject({ code: 0, document: { run: first.run, outcome: "partial" } });
    const folder = path.join(repository.path, ".git/pleach/runs", first.run);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(["journal.jsonl", "report.md"]));
    const doctor = await scene.ask<{ findings: { state: string }[] }>(["doctor"], { kept });
    expect(doctor.code).toBe(0);
    expect(doctor.document.findings.filter(({ state }) => state === "wrong")).toEqual([]);
    const clean = await scene.type(["clean"], { kept });
    expect(clean.code).toBe(0);
    expect(clean.stdout).toContain(`kept refs/pleach/${first.run}/b/1`);
    const refs = await repository.git("for-each-ref", "--format=%(refname)");
    expect(refs).not.toContain(second.run);
    const discard = await scene.type(["clean", "--discard"]);
    expect(discard.code).toBe(0);
    expect(discard.stderr).toContain(`throwing away refs/pleach/${first.run}/b/1`);
    expect(await repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
    expect((await scene.ask(["status", first.run])).document).toMatchObject({ outcome: "partial" });
  });

  it("throws away what no commit could hold, and large logs, only with clean --discard", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a")] });
    const script = "git init -q inner; echo x > inner/f; yes | head -c 2000000; exit 1";
    const line = ["run", "--plan", plan, "--command", script, "--attempts", "1"];
    const { document } = await scene.ask<FinalDocument>([...line, "--sandbox", "none"]);
    const folder = path.join(scene.repository.path, ".git/pleach/runs", document.run);
    const [left, log] = ["left", "output.log"].map((name) => path.join(folder, "units/a/1", name));
    const status = await scene.type(["status"]);
    expect(status.stdout).toContain(`(kept in ${left}, but for what cannot be copied)`);
    expect((await scene.type(["clean"])).stdout).toContain(`kept ${left}`);
    expect([left, log].map((file) => existsSync(file ?? ""))).toEqual([true, true]);
    const { stdout, stderr } = await scene.type(["clean", "--discard", document.run]);
    expect(stderr).toContain(`throwing away ${left}`);
    expect(stderr).not.toContain("kept ");
    expect(stdout).toContain(`removed ${left}`);
    expect(stdout).toContain(`removed ${log} (1.9 MB)`);
    expect([left, log].map((file) => existsSync(file ?? ""))).toEqual([false, false]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(["journal.jsonl", "report.md"]));
    expect((await scene.type(["status"])).stdout).not.toContain("Kept work");
  });

  it("is not begun by plan or --dry-run, and plan --out writes what run --plan reads", async () => {
    const scene = await makeScene({
      "src/a/1.txt": "1\n",
      "src/a/2.txt": "2\n",
      "src/b/1.txt": "1\n",
      "other.txt": "x\n",
    });
    const sub = path.join(scene.repository.path, "src");
    const files = ["--files", "**/*.txt", "--files", "!a/2.txt", "--units", "2"];
    const shape = ["--command", "for f in {files}; do echo more >> $f; done", "--check", "true"];
    for (const args of [["plan"], ["run", "--dry-run"]]) {
      const shown = await scene.ask<{ plan: { units: { id: string; owns: string[] }[] } }>(
        [...args, "Do it", ...files, ...shape],
        { cwd: sub },
      );
      expect(shown.code).toBe(0);
      expect(shown.document.plan.units.flatMap(({ owns }) => owns).sort()).toEqual([
        "src/a/1.txt",
        "src/b/1.txt",
      ]);
    }
    expect(existsSync(path.join(scene.repository.path, ".git/pleach"))).toBe(false);
    // What the files of a commit import is remembered, and nothing else.
    expect(readdirSync(scene.stateHome)).toEqual(["survey"]);
    for (const name of ["plan.json", "plan.yaml"]) {
      const saved = path.join(scene.repository.folder, name);
      const out = ["plan", "Do it", ...files, ...shape, "--out", `../../${name}`];
      expect((await scene.type(out, { cwd: sub })).code).toBe(0);
      const ran = await scene.ask<FinalDocument>(
        ["run", "--plan", `../${name}`, ...shape, "-C", scene.repository.path],
        {
          cwd: scene.repository.folder,
          lands: { paths: ["src/a/1.txt", "src/b/1.txt"] },
        },
      );
      expect(ran).toMatchObject({ code: 0, document: { goal: "Do it", outcome: "complete" } });
      expect(ran.document.units.flatMap(({ changed }) => changed).sort()).toEqual([
        "src/a/1.txt",
        "src/b/1.txt",
      ]);
      rmSync(saved);
    }
  });

  it("keeps a worktree per unit with --keep, until clean", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a"), planned("b")] });
    const line = ["run", "--plan", plan, ...work, "--keep", "--concurrency", "1"];
    const { document } = await scene.ask<FinalDocument>(line, {
      lands: { paths: ["a.txt", "b.txt"] },
      kept,
      keepsWorktrees: true,
    });
    expect(document.outcome).toBe("complete");
    const list = await scene.repository.git("worktree", "list", "--porcelain");
    const root = `${scene.stateHome}/worktrees/`;
    const slots = list.split("\n").filter((one) => one.startsWith(`worktree ${root}`));
    expect(slots.map((one) => path.basename(one)).sort()).toEqual(["slot-1", "slot-2"]);
    const [first = "", second = ""] = slots.map((one) => one.replace("worktree ", "")).sort();
    writeFileSync(path.join(first, "note.txt"), "mine\n");
    const cleaned = await scene.type(["clean"], { kept, keepsWorktrees: true });
    expect(cleaned).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`kept ${first} (nothing else holds note.txt)`),
    });
    expect([existsSync(path.join(first, "note.txt")), existsSync(second)]).toEqual([true, false]);
    const thrown = await scene.type(["clean", "--discard"]);
    expect(thrown.stderr).toContain(`throwing away ${first}`);
    expect(existsSync(first)).toBe(false);
  });

  it("keeps a branch that somebody has checked out", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a")] });
    const line = ["run", "--plan", plan, ...work, "--land", "never"];
    const { document } = await scene.ask<FinalDocument>(line, { kept });
    const branch = `pleach/${document.run}/integration`;
    const theirs = path.join(scene.repository.folder, "theirs");
    await scene.repository.git("worktree", "add", "--quiet", theirs, branch);
    const landed = await scene.ask<FinalDocument>(["land"], {
      lands: { paths: ["a.txt"] },
      kept,
      keepsWorktrees: true,
    });
    expect(landed.code).toBe(0);
    const head = await scene.repository.git("-C", theirs, "rev-parse", "HEAD");
    expect(head).toBe(landed.document.landed);
    await scene.repository.git("worktree", "remove", theirs);
    expect((await scene.type(["clean"])).code).toBe(0);
  });
});

describe("approval", () => {
  it("is awaited with exit 4 where nobody can answer, and resume goes on after approve and deny", async () => {
    const scene = await makeScene();
    const plan = scene.plan({
      units: [
        planned("a", { approval: "required" }),
        planned("b"),
        planned("c", { approval: "required" }),
        planned("d", { after: ["c"] }),
      ],
    });
    const line = ["run", "--plan", plan, ...work, "--attempts", "1", "--land", "partial"];
    const first = await scene.ask(line, { kept, keepsWorktrees: true });
    expect(first).toMatchObject({
      code: 4,
      document: { outcome: "awaiting_approval", landed: null },
    });
    expect(unitIn(first.document, "a").status).toBe("awaiting_approval");
    expect(unitIn(first.document, "b").status).toBe("merged");
    const shown = await scene.type(["status"], { kept, keepsWorktrees: true });
    const ids = [...shown.stdout.matchAll(/pleach approve (\S+)/g)].map(([, id]) => id ?? "");
    expect(ids).toEqual(expect.arrayContaining(["a-1"]));
    expect((await scene.type(["approve", "a-1"], { kept, keepsWorktrees: true })).code).toBe(0);
    expect((await scene.type(["deny", "c-1"], { kept, keepsWorktrees: true })).code).toBe(0);
    const end = await scene.ask(["resume"], { kept, lands: { paths: ["a.txt", "b.txt"] } });
    expect(end).toMatchObject({ code: 1, document: { outcome: "partial" } });
    expect(end.document.units.map(({ status, reason }) => [status, reason?.type])).toEqual([
      ["merged", undefined],
      ["merged", undefined],
      ["failed", "denied"],
      ["failed", "dependency_failed"],
    ]);
    // What never began has no logs, and nobody is sent to look for them.
    const told = await scene.type(["status"], { kept });
    expect(told.stdout).not.toContain("pleach logs");
    const logs = await scene.type(["logs", "c"], { kept });
    expect(logs).toMatchObject({ code: 2, stdout: "" });
    expect(logs.stderr).toContain("c has not begun (denied: the approval was denied)");
  });
});
