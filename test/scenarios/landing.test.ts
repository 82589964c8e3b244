import { describe, expect, it } from "vitest";
import { type ErrorDocument, makeScene, planned, type Scene } from "../support/scene.ts";

const both = [planned("a"), planned("b")];
const work = ["--command", "echo 2 > $PLEACH_UNIT.txt", "--check", "true"];
const files = { "a.txt": "a\n", "b.txt": "b\n", "c.txt": "c\n" };
const landsBoth = { lands: { paths: ["a.txt", "b.txt"] } };
const kept = ["refs/heads/pleach/"];

function runs(scene: Scene, ...more: string[]): string[] {
  return ["run", "--plan", scene.plan({ units: both }), ...work, ...more];
}

describe("landing", () => {
  it("brings a checkout along and leaves local edits of other files, staged or not; undo takes it back; land lands again", async () => {
    const scene = await makeScene(files);
    const { repository } = scene;
    const base = await repository.git("rev-parse", "HEAD");
    repository.write({ "c.txt": "mine\n", "new.txt": "untracked\n", "staged.txt": "staged\n" });
    await repository.git("add", "staged.txt");
    const ran = await scene.ask(runs(scene), landsBoth);
    expect(ran).toMatchObject({ code: 0, document: { landed: ran.document.integration } });
    expect(await repository.git("rev-parse", "HEAD")).toBe(ran.document.landed);
    expect(repository.read("a.txt") + repository.read("b.txt")).toBe("2\n2\n");
    const status = await repository.git("status", "--porcelain");
    expect(status).toBe(" M c.txt\nA  staged.txt\n?? new.txt");
    const undone = await scene.ask(["undo"], { ...landsBoth, kept });
    expect(undone).toMatchObject({ code: 0, document: { landed: null } });
    expect(await repository.git("rev-parse", "HEAD")).toBe(base);
    expect(repository.read("a.txt") + repository.read("c.txt")).toBe("a\nmine\n");
    const again = await scene.ask(["land", ran.document.run], landsBoth);
    expect(again).toMatchObject({ code: 0, document: { landed: ran.document.landed } });
    await repository.commit({ "c.txt": "moved on\n" });
    const refused = await scene.ask(["undo"]);
    expect(refused.code).toBe(3);
    expect(refused.stdout + refused.stderr).toContain("moved on");
    expect((await scene.type(["clean"])).code).toBe(0);
    expect(await repository.git("for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  });

  it("is refused, exit 3, where it would write over an edit or an untracked file, and names the files", async () => {
    const scene = await makeScene({ "a.txt": "a\n" });
    const { repository } = scene;
    repository.write({ "a.txt": "mine\n", "b.txt": "untracked\n" });
    const { code, document, stdout } = await scene.ask(runs(scene), { kept });
    expect(code).toBe(3);
    expect(document).toMatchObject({ outcome: "complete", landed: null });
    expect(document.landing).toMatchObject({
      asked: "auto",
      refused: { paths: ["a.txt", "b.txt"], message: expect.stringContaining("a.txt") },
    });
    expect(stdout).toContain(`pleach/${document.run}/integration`);
    expect(await scene.ask(["resume"], { kept })).toMatchObject({ code: 3, document });
    expect((await scene.type(["land"], { kept })).code).toBe(3);
    await repository.git("checkout", "-q", "a.txt");
    repository.write({ "b.txt": null });
    expect((await scene.type(["land"], landsBoth)).code).toBe(0);
    expect(repository.read("b.txt")).toBe("2\n");
  });

  it("is refused aloud though -q asks for quiet: by run, land, resume and undo", async () => {
    const scene = await makeScene(files);
    const { repository } = scene;
    repository.write({ "a.txt": "mine\n", "b.txt": "mine\n" });
    const ran = await scene.type(runs(scene, "-q"), { kept });
    const run = ran.stdout.split(" ")[0];
    const said = [
      `error: run ${run} did not land on main: .*a.txt, b.txt; .*`,
      "  - a.txt",
      "  - b.txt",
      `next:  \`pleach land ${run}\` lands it, once you committed or stashed those files`,
    ];
    const aloud = expect.stringMatching(new RegExp(`^${said.join("\n")}\n$`));
    expect(ran).toMatchObject({ code: 3, stderr: aloud });
    for (const again of [
      ["land", "-q"],
      ["land", "-q", "--json"],
      ["resume", "-q"],
    ]) {
      expect(await scene.type(again, { kept })).toMatchObject({ code: 3, stderr: aloud });
    }
    await repository.git("checkout", "-q", ".");
    expect(await scene.type(["land", "-q"], landsBoth)).toMatchObject({ code: 0, stderr: "" });
    repository.write({ "a.txt": "mine again\n" });
    const undone = await scene.type(["undo", "-q"]);
    expect([undone.code, undone.stderr]).toEqual([3, expect.stringMatching(/^error: .*a\.txt/)]);
  });

  it("moves a target that is not checked out, and nothing of the checkout", async () => {
    const scene = await makeScene(files);
    const { repository } = scene;
    await repository.git("branch", "work");
    await repository.git("checkout", "-q", "--detach");
    const base = await repository.git("rev-parse", "HEAD");
    const ran = await scene.ask(runs(scene, "--target", "work"), { lands: { branch: "work" } });
    expect(ran).toMatchObject({ code: 0, document: { target: "work", base } });
    expect(await repository.git("rev-parse", "work")).toBe(ran.document.landed);
    const without = await scene.ask<ErrorDocument>(runs(scene));
    expect(without.code).toBe(3);
    const missing = await scene.ask<ErrorDocument>(runs(scene, "--target", "wrok"));
    expect(missing).toMatchObject({ code: 3, document: { error: { advice: /./ } } });
  });

  it("lands what is merged with partial, nothing with auto or never where a unit failed", async () => {
    const scene = await makeScene(files);
    const script = "test $PLEACH_UNIT = a && echo 2 > a.txt";
    const line = (land: string) => [
      "run",
      "--plan",
      scene.plan({ units: both }),
      "--command",
      script,
      "--check",
      "true",
      "--attempts",
      "1",
      "--land",
      land,
    ];
    const never = await scene.ask(line("never"), { kept });
    expect(never).toMatchObject({
      code: 1,
      document: { landed: null, landing: { asked: "never" } },
    });
    const partial = await scene.ask(line("partial"), { kept, lands: { paths: ["a.txt"] } });
    expect(partial).toMatchObject({ code: 1, document: { outcome: "partial" } });
    expect(partial.document.landed).toBe(await scene.repository.git("rev-parse", "main"));
    expect(scene.repository.read("a.txt")).toBe("2\n");
    const status = (
      await scene.type(["land", never.document.run], { kept, lands: { paths: ["a.txt"] } })
    ).code;
    expect(status).toBe(0);
  });

  it("merges what came to the target meanwhile, and verifies that again", async () => {
    const scene = await makeScene(files);
    const { path: repository } = scene.repository;
    const rival = (file: string, text: string) =>
      `cd '${repository}' && test "$(git rev-list --count main)" != 1 || { echo '${text}' > ${file} && git -c user.name=r -c user.email=r@r commit -qam rival; }`;
    // A check is run outside of the sandbox here, so it can be the user who commits meanwhile.
    const line = (check: string) => [
      "run",
      "--plan",
      scene.plan({ units: both }),
      "--command",
      "echo 2 > $PLEACH_UNIT.txt",
      "--check",
      check,
      "--sandbox",
      "none",
    ];
    const joined = await scene.ask(line(rival("c.txt", "rival")), {
      lands: { paths: ["a.txt", "b.txt", "c.txt"] },
    });
    expect(joined).toMatchObject({ code: 0, document: { outcome: "complete" } });
    expect(joined.document.checks.run).toBe(3);
    expect(["a", "b", "c"].map((id) => scene.repository.read(`${id}.txt`))).toEqual([
      "2\n",
      "2\n",
      "rival\n",
    ]);
    expect(await scene.repository.git("rev-parse", "main")).toBe(joined.document.landed);
    expect(await scene.repository.git("status", "--porcelain")).toBe("");
  });

  it("is refused where what came meanwhile conflicts, is red together, or the target is gone", async () => {
    const scene = await makeScene(files);
    const { path: repository, git } = scene.repository;
    await git("checkout", "-q", "-b", "aside");
    const ask = (branch: string, check: string) =>
      scene.ask(
        [
          "run",
          "--plan",
          scene.plan({ units: [planned("a")] }),
          "--target",
          branch,
          "--command",
          "echo 2 > a.txt",
          "--check",
          check,
          "--sandbox",
          "none",
        ],
        { kept, lands: { branch } },
      );
    const change = (branch: string, file: string) =>
      `git read-tree --index-output=.git/rival.index ${branch} && GIT_INDEX_FILE=.git/rival.index git update-index --cacheinfo 100644,$(echo rival | git hash-object -w --stdin),${file} && git update-ref refs/heads/${branch} $(git -c user.name=r -c user.email=r@r commit-tree -m rival -p ${branch} $(GIT_INDEX_FILE=.git/rival.index git write-tree)); rm -f .git/rival.index`;
    for (const branch of ["one", "two", "three"]) await git("branch", branch);
    const conflict = await ask(
      "one",
      `grep -q rival a.txt || test "$(git -C '${repository}' rev-list --count one)" = 2 || (cd '${repository}'; ${change("one", "a.txt")})`,
    );
    expect(conflict).toMatchObject({ code: 3, document: { outcome: "complete", landed: null } });
    expect(conflict.document.landing.refused).toMatchObject({ type: "conflict", paths: ["a.txt"] });
    const red = await ask(
      "two",
      `if grep -q rival c.txt; then exit 1; fi; test "$(git -C '${repository}' rev-list --count two)" = 2 || (cd '${repository}'; ${change("two", "c.txt")})`,
    );
    expect(red).toMatchObject({ code: 3, document: { outcome: "complete", landed: null } });
    expect(red.document.landing.refused).toMatchObject({ type: "check_failed" });
    const gone = await ask("three", `git -C '${repository}' update-ref -d refs/heads/three`);
    expect(gone).toMatchObject({ code: 3, document: { outcome: "complete", landed: null } });
  });
});
