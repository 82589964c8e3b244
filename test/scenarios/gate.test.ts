import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { makeScene, planned, unitIn } from "../support/scene.ts";

describe("what a unit may hand in", () => {
  it("is what it alone owns: everything else is strayed, with its paths", async () => {
    const script: Readonly<Record<string, string>> = {
      stray: "echo 2 > stray.txt; echo 2 > other.txt; mkdir -p new && echo 2 > new/x",
      both: "echo 2 > both.txt; echo 2 > shared.new",
      twin: "echo 2 > twin.txt; echo 2 > shared.new",
      fresh:
        "mkdir -p fresh/deep && echo 2 > fresh/deep/new.txt && rm fresh/old.txt && chmod +x fresh/run.sh",
      unlink: "echo 2 > unlink.txt; rm other.txt",
      moved: "git mv -f moved.txt elsewhere.txt 2>/dev/null || mv moved.txt elsewhere.txt",
      mode: "echo 2 > mode.txt; chmod +x other.txt",
      linkout: "ln -s ../../etc/passwd linkout.txt",
      linkabs: "ln -s /etc/passwd linkabs.txt",
      linkin: "ln -sf fresh/run.sh linkin.txt",
      gitlink:
        "git init -q inner && cd inner && git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x",
      guard: "mkdir -p .github && echo 2 > .github/ci.yml",
      ignored: "echo 2 > ignored.log; echo 2 > ignored.txt",
      nothing: "echo 2 > nothing.log; echo all done",
      except: "mkdir -p except && echo 2 > except/secret.txt",
    };
    const owns: Readonly<Record<string, readonly string[]>> = {
      both: ["both.txt", "*.new"],
      twin: ["twin.txt", "shared.*"],
      fresh: ["fresh/**"],
      gitlink: ["inner", "inner/**"],
      guard: [".github/**"],
      except: ["except/**", "!except/secret.txt"],
    };
    const ids = Object.keys(script);
    const scene = await makeScene({
      "other.txt": "other\n",
      "moved.txt": "a file of several words, so that its move is seen as one\n",
      "mode.txt": "",
      "fresh/old.txt": "old\n",
      "fresh/run.sh": "true\n",
      ".gitignore": "*.log\n",
      ".agentrc.json": JSON.stringify({
        protected: [".github/**"],
        workers: Object.fromEntries(
          ids.map((id) => [id, { type: "command", command: script[id] }]),
        ),
      }),
    });
    const units = ids.map((id) =>
      planned(id, { worker: id, ...(owns[id] ? { owns: owns[id] } : {}) }),
    );
    const plan = scene.plan({ units });
    const line = ["run", "--plan", plan, "--trust", "--attempts", "1", "--land", "partial"];
    const { code, document } = await scene.ask<FinalDocument>(line, {
      kept: ["refs/heads/pleach/"],
      lands: {
        paths: [
          "fresh",
          "fresh/deep",
          "fresh/deep/new.txt",
          "fresh/old.txt",
          "fresh/run.sh",
          "linkin.txt",
          "ignored.txt",
        ],
      },
    });
    expect({ code, outcome: document.outcome }).toEqual({ code: 1, outcome: "partial" });
    const ends = Object.fromEntries(
      document.units.map(({ id, status, reason }) => [
        id,
        reason === null ? status : [reason.type, ...reason.paths],
      ]),
    );
    expect(ends).toEqual({
      stray: ["strayed", "new/x", "other.txt"],
      both: ["strayed", "shared.new"],
      twin: ["strayed", "shared.new"],
      fresh: "merged",
      unlink: ["strayed", "other.txt"],
      moved: ["strayed", "elsewhere.txt"],
      mode: ["strayed", "other.txt"],
      linkout: ["strayed", "linkout.txt"],
      linkabs: ["strayed", "linkabs.txt"],
      linkin: "merged",
      gitlink: ["strayed", "inner"],
      guard: ["strayed", ".github/ci.yml"],
      ignored: "merged",
      nothing: ["no_change"],
      except: ["strayed", "except/secret.txt"],
    });
    expect(unitIn(document, "fresh").changed).toEqual([
      "fresh/deep/new.txt",
      "fresh/old.txt",
      "fresh/run.sh",
    ]);
    expect(unitIn(document, "nothing").summary).toBe("all done\n");
    const { repository } = scene;
    expect(await repository.git("ls-files", "-s", "fresh/run.sh")).toMatch(/^100755/);
    expect(await repository.git("status", "--porcelain")).toBe("");
    const kept = `refs/pleach/${document.run}/ignored/1`;
    expect(await repository.git("show", `${kept}:ignored.log`)).toBe("2");
  });

  it("is not hidden by commits of its own, which are taken as its work without a sandbox", async () => {
    const scene = await makeScene();
    const plan = scene.plan({ units: [planned("a"), planned("b")] });
    const commit = 'git -c user.name=w -c user.email=w@w commit -qam "by the worker"';
    const script = `if [ $PLEACH_UNIT = b ]; then echo 2 > a.txt; else echo 2 > a.txt; fi; ${commit}; echo done`;
    const line = ["run", "--plan", plan, "--command", script, "--sandbox", "none"];
    const { document } = await scene.ask<FinalDocument>(
      [...line, "--attempts", "1", "--land", "partial"],
      { kept: ["refs/heads/pleach/"], lands: { paths: ["a.txt"] } },
    );
    expect(unitIn(document, "a")).toMatchObject({ status: "merged", changed: ["a.txt"] });
    expect(unitIn(document, "b").reason).toMatchObject({ type: "strayed", paths: ["a.txt"] });
    const log = await scene.repository.git("log", "--topo-order", "--format=%an %s", "main");
    expect(log.split("\n")).toEqual(["Uma User Do a", "Uma User Do a", "Uma User First"]);
  });

  it("does not end where a link of the user leads to", async () => {
    const scene = await makeScene();
    mkdirSync(path.join(scene.repository.folder, "elsewhere"));
    symlinkSync("../elsewhere", path.join(scene.repository.path, "out"));
    await scene.repository.commit();
    const plan = scene.plan({ units: [planned("a", { owns: ["out", "out/**"] })] });
    const line = ["run", "--plan", plan, "--command", "echo 2 > out/x || echo 2 >> a.txt"];
    const { document } = await scene.ask<FinalDocument>([...line, "--attempts", "1"], {
      kept: ["refs/heads/pleach/"],
    });
    expect(["no_change", "strayed"]).toContain(unitIn(document, "a").reason?.type);
  });
});
