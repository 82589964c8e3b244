import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { makeScene, planned, unitIn } from "../support/scene.ts";

describe("the merge queue", () => {
  it("gives a red merged tree back to its worker, fails it after its attempts, and goes on", async () => {
    const scene = await makeScene({
      "a.txt": "1\n",
      "b.txt": "1\n",
      "c.txt": "1\n",
      "d.txt": "1\n",
    });
    const ids = ["a", "b", "c", "d"];
    const plan = scene.plan({
      units: ids.map((id) => planned(id, id === "d" ? { after: ["b"] } : {})),
    });
    const script = "echo $PLEACH_UNIT$PLEACH_ATTEMPT > $PLEACH_UNIT.txt";
    const check = "if grep -q b b.txt; then echo b is never right; exit 1; fi; ! grep -q c1 c.txt";
    const { code, document } = await scene.ask<FinalDocument>(
      ["run", "--plan", plan, "--command", script, "--check", check, "--attempts", "2"],
      { kept: ["refs/heads/pleach/"] },
    );
    expect({ code, outcome: document.outcome, landed: document.landed }).toEqual({
      code: 1,
      outcome: "partial",
      landed: null,
    });
    expect(document.units.map(({ status, attempts }) => [status, attempts])).toEqual([
      ["merged", 1],
      ["failed", 2],
      ["merged", 2],
      ["failed", 0],
    ]);
    const reason = unitIn(document, "b").reason;
    expect(reason).toMatchObject({ type: "check_failed", paths: [] });
    expect(scene.record(document.run, reason?.log ?? "")).toBe("b is never right\n");
    expect(unitIn(document, "d").reason?.type).toBe("dependency_failed");
    const told = scene.record(document.run, "units/b/2/TASK.md");
    expect(told).toContain("check_failed");
    expect(told).toContain("b is never right");
    const { run, integration } = document;
    const { git } = scene.repository;
    expect(await git("show", `pleach/${run}/b:b.txt`)).toBe("b2");
    for (const attempt of [1, 2]) {
      expect(await git("show", `refs/pleach/${run}/b/${attempt}:b.txt`)).toBe(`b${attempt}`);
    }
    expect(await git("show", `${integration}:b.txt`)).toBe("1");
    expect(await git("show", `${integration}:c.txt`)).toBe("c2");
  });

  it("weaves: two parents, trailers, an author, and the predecessor in the base of what comes after", async () => {
    const scene = await makeScene();
    const { git } = scene.repository;
    await git("config", "--unset", "user.name");
    await git("config", "--unset", "user.email");
    const plan = scene.plan({
      units: [planned("b", { after: ["a"] }), planned("a", { title: "Do a\nand more -f" })],
    });
    const watch = [
      "ls refs/heads/pleach/$PLEACH_RUN refs/pleach/$PLEACH_RUN",
      "git rev-parse --abbrev-ref HEAD",
      "git log -1 --format=%H",
    ].join("; ");
    const script = `test $PLEACH_UNIT = a || grep -q 2 a.txt || exit 1; echo 2 > $PLEACH_UNIT.txt; cd "$(git rev-parse --git-common-dir)"; ${watch}; cd "$AGENT_WORK_DIR"; git rev-parse --abbrev-ref HEAD`;
    const { code, document } = await scene.ask<FinalDocument>(
      ["run", "--plan", plan, "--command", script, "--check", "true"],
      { lands: { paths: ["a.txt", "b.txt"] } },
    );
    const { run, base } = document;
    expect(code).toBe(0);
    expect(unitIn(document, "a").summary).toContain("integration");
    expect(unitIn(document, "a").summary).toMatch(new RegExp(`pleach/${run}/a\n$`));
    const said = (
      await git(
        "log",
        "--topo-order",
        "--format=%H|%P|%an <%ae>|%cn <%ce>|%s|%(trailers:separator=%x2C)",
        "main",
      )
    ).split("\n");
    const commits = said.map((line) => line.split("|"));
    const [mergeB, , mergeA] = commits;
    expect(commits).toHaveLength(5);
    expect(mergeB?.[0]).toBe(document.landed);
    expect(mergeB?.[1]).toBe(`${mergeA?.[0]} ${commits[1]?.[0]}`);
    expect(mergeA?.[1]).toBe(`${base} ${commits[3]?.[0]}`);
    expect(commits[1]?.[1]).toBe(mergeA?.[0]);
    expect(commits[3]?.[1]).toBe(base);
    for (const [at, unit] of [
      [0, "b"],
      [1, "b"],
      [2, "a"],
      [3, "a"],
    ] as const) {
      expect(commits[at]?.[2]).toBe("Pleach <pleach@localhost>");
      expect(commits[at]?.[3]).toBe("Pleach <pleach@localhost>");
      expect(commits[at]?.[5]).toBe(
        `Pleach-Run: ${run},Pleach-Unit: ${unit},Pleach-Attempt: 1,Pleach-Worker: command`,
      );
    }
    expect(mergeA?.[4]).toBe("Do a and more -f");
    expect(unitIn(document, "a").commit).toBe(mergeA?.[0]);
    expect(unitIn(document, "b").commit).toBe(mergeB?.[0]);
  });

  it("names the files of a conflict, and its worker tries again on the new head", async () => {
    const files = Object.fromEntries(
      ["1", "2", "3", "4"].map((n) => [`old/${n}.txt`, `${n}\n`.repeat(9)]),
    );
    const scene = await makeScene({ ...files, "z.txt": "z\n" });
    const plan = scene.plan({
      units: [
        planned("dir", { owns: ["old/[1-4].txt", "new/[1-4].txt"] }),
        planned("file", { owns: ["old/added.txt", "new/added.txt"] }),
      ],
    });
    // Both begin from the same base; git moves what is new in a folder after the folder.
    const script = [
      "if [ $PLEACH_UNIT = dir ]; then mkdir new && mv old/* new/; exit; fi",
      'if [ $PLEACH_ATTEMPT = 1 ]; then while [ "$(git rev-parse pleach/$PLEACH_RUN/integration)" = "$(git rev-parse HEAD)" ]; do sleep 0.05; done; fi',
      "mkdir -p old new",
      "if [ $PLEACH_ATTEMPT = 1 ]; then echo added > old/added.txt; else echo added > new/added.txt; fi",
    ].join("\n");
    const line = ["run", "--plan", plan, "--command", script, "--check", "true", "--attempts", "2"];
    const { code, document } = await scene.ask<FinalDocument>(line, {
      lands: {
        paths: [
          "old",
          "new",
          ...["1", "2", "3", "4"].flatMap((n) => [`old/${n}.txt`, `new/${n}.txt`]),
          "new/added.txt",
          "old/added.txt",
        ],
      },
    });
    expect({ code, outcome: document.outcome }).toEqual({ code: 0, outcome: "complete" });
    const told = scene.record(document.run, "journal.jsonl");
    expect(told).toContain('"type":"conflict","paths":["new/added.txt"]');
    expect(unitIn(document, "file").attempts).toBe(2);
    expect(scene.record(document.run, "units/file/2/TASK.md")).toContain("conflict");
    expect(await scene.repository.git("ls-files")).toContain("new/added.txt");
  });

  it.each([
    ["no-such-command-anywhere", "(command not found)"],
    ["./z.txt", "(command could not be executed)"],
    ["kill -9 $$", "exited with 137"],
  ])("takes a check that cannot run for red: %s", async (check, said) => {
    const scene = await makeScene({ "a.txt": "a\n", "z.txt": "z\n" });
    const plan = scene.plan({ units: [planned("a")] });
    const line = ["run", "--plan", plan, "--command", "echo 2 > a.txt", "--check", check];
    const { code, document } = await scene.ask<FinalDocument>([...line, "--attempts", "1"], {
      kept: ["refs/heads/pleach/"],
    });
    expect(code).toBe(1);
    expect(unitIn(document, "a").reason).toMatchObject({
      type: "check_failed",
      message: expect.stringContaining(said),
    });
  });

  it("stops a check at its timeout, and lands nothing where doneWhen is not met", async () => {
    const scene = await makeScene();
    const hanging = { name: "hangs", run: ["sleep", "60"], timeout: "300ms" };
    const plan = scene.plan({
      units: [planned("a", { checks: [{ name: "own", run: "test -f a.txt" }] })],
      doneWhen: [{ name: "fine", run: "true" }, hanging],
    });
    const line = ["run", "--plan", plan, "--command", "echo 2 > a.txt", "--check", "true"];
    const { code, document } = await scene.ask<FinalDocument>(line, {
      kept: ["refs/heads/pleach/"],
    });
    expect({ code, outcome: document.outcome, landed: document.landed }).toEqual({
      code: 1,
      outcome: "partial",
      landed: null,
    });
    expect(document.doneWhen).toEqual([
      { name: "fine", passed: true, log: expect.any(String) },
      {
        name: "hangs",
        passed: false,
        log: expect.any(String),
        message: "hangs: timed out after 0.3 s",
      },
    ]);
    expect(document.units.map(({ status }) => status)).toEqual(["merged"]);
    expect(document.landing).toEqual({ asked: "auto", refused: null });
  });
});
