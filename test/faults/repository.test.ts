import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  kept,
  makeScene,
  plainFiles,
  planOf,
  pleach,
  runKept,
  sceneAt,
  simpleRun,
  worker,
} from "../support/fault-scene.ts";
import { makeRepository, runGit, temporaryFolder } from "../support/repository.ts";

describe("a repository in another state than most", { timeout: 180_000 }, () => {
  it("refuses a folder that is no repository, or has no commit yet", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "plain"));
    const nowhere = sceneAt(path.join(folder, "plain"), folder);
    const none = await pleach(nowhere, ["run", ...simpleRun(nowhere)]);
    expect([none.code, none.error?.code]).toEqual([3, "not_a_repository"]);
    const unborn = await makeRepository({ "a.txt": "a\n" }, { commit: false });
    const scene = sceneAt(unborn.path, unborn.folder);
    const early = await kept(scene, ["run", ...simpleRun(scene)]);
    expect([early.code, early.error?.code]).toEqual([3, "unborn_head"]);
  });

  it("refuses a detached HEAD without a target, and lands on a target that is named", async () => {
    const scene = await makeScene();
    await scene.repository.git("checkout", "--quiet", "--detach");
    const lost = await runKept(scene, simpleRun(scene));
    expect([lost.code, lost.error?.code]).toEqual([3, "detached_head"]);
    const named = await runKept(scene, [...simpleRun(scene), "--target", "main"]);
    expect([named.code, named.document?.outcome]).toEqual([0, "complete"]);
    expect(scene.repository.read("src/a.txt")).toBe("a\n");
  });

  it.each(["merge", "rebase", "cherry-pick"])(
    "does not land into a %s that is going on, and lands when it is over",
    async (what) => {
      const scene = await makeScene();
      const { repository } = scene;
      await repository.git("checkout", "--quiet", "-b", "other");
      await repository.commit({ "docs/c.txt": "theirs\n" });
      await repository.git("checkout", "--quiet", "main");
      await repository.commit({ "docs/c.txt": "ours\n" });
      const begun = {
        merge: ["merge", "other"],
        rebase: ["rebase", "other"],
        "cherry-pick": ["cherry-pick", "other"],
      };
      await repository.git(...(begun[what as "merge"] ?? [])).catch(() => undefined);
      const target = what === "rebase" ? ["--target", "main"] : [];
      const held = await runKept(scene, [...simpleRun(scene), ...target]);
      expect(held.code).toBe(3);
      expect(held.document?.landing.refused?.type).toBe("not_possible");
      await repository.git(what, "--abort");
      const landed = await pleach(scene, ["land"]);
      expect(landed.code).toBe(0);
      expect(repository.read("src/a.txt")).toBe("a\nmore\n");
    },
  );

  it("works in a shallow clone", async () => {
    const scene = await makeScene();
    await scene.repository.commit({ "docs/c.txt": "c2\n" });
    const clone = path.join(scene.folder, "shallow");
    await runGit(scene.folder, [
      "clone",
      "--quiet",
      "--depth=1",
      `file://${scene.checkout}`,
      clone,
    ]);
    const shallow = sceneAt(clone, scene.folder);
    const ended = await runKept(shallow, simpleRun(shallow));
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
  });

  it("refuses a bare repository, and works in a worktree of it", async () => {
    const scene = await makeScene();
    const bare = path.join(scene.folder, "bare.git");
    await runGit(scene.folder, ["clone", "--quiet", "--bare", scene.checkout, bare]);
    const refused = await pleach(sceneAt(bare, scene.folder), ["run", ...simpleRun(scene)]);
    expect([refused.code, refused.error?.code]).toEqual([3, "bare_repository"]);
    const tree = path.join(scene.folder, "tree");
    await runGit(bare, ["worktree", "add", "--quiet", tree, "main"]);
    const linked = sceneAt(tree, scene.folder);
    const ended = await runKept(linked, simpleRun(linked));
    expect(ended.code).toBe(0);
  });

  it("keeps a sparse checkout sparse", async () => {
    const scene = await makeScene();
    await scene.repository.git("sparse-checkout", "set", "docs");
    expect(existsSync(path.join(scene.checkout, "src"))).toBe(false);
    const ended = await pleach(scene, ["run", ...simpleRun(scene)]);
    expect(ended.code).toBe(0);
    expect(existsSync(path.join(scene.checkout, "src"))).toBe(false);
    expect(await scene.repository.git("status", "--porcelain")).toBe("");
    expect(await scene.repository.git("show", "HEAD:src/a.txt")).toBe("a\nmore");
  });

  it("leaves submodules as they are, and refuses a unit that names one", async () => {
    const scene = await makeScene();
    const library = await makeRepository({ "lib.txt": "lib\n" });
    const allow = ["-c", "protocol.file.allow=always"];
    await scene.repository.git(...allow, "submodule", "--quiet", "add", library.path, "vendor/lib");
    await scene.repository.commit({}, "A submodule");
    writeFileSync(path.join(scene.checkout, "vendor/lib/mine.txt"), "mine\n");
    const before = await scene.repository.git("submodule", "status");
    const ended = await runKept(scene, simpleRun(scene));
    expect(ended.code).toBe(0);
    expect(await scene.repository.git("submodule", "status")).toBe(before);
    for (const owns of ["vendor/lib", "vendor/lib/**"]) {
      const named = await runKept(scene, [
        ...planOf(scene, [{ id: "one", owns: [owns] }]),
        ...worker("true"),
      ]);
      expect([named.code, named.document]).toEqual([2, undefined]);
      expect(named.stderr).toContain("vendor/lib");
    }
  });

  it("keeps dirty, staged, untracked, ignored and stashed work", async () => {
    const scene = await makeScene({ ...plainFiles, ".gitignore": "*.log\n" });
    const { repository } = scene;
    repository.write({ "docs/c.txt": "stashed\n" });
    await repository.git("stash", "--quiet");
    repository.write({ "docs/c.txt": "staged\n", "docs/new.txt": "new\n" });
    await repository.git("add", "docs");
    repository.write({ "docs/c.txt": "dirty\n", "free.txt": "untracked\n", "x.log": "ignored\n" });
    const ended = await runKept(scene, simpleRun(scene));
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    expect(repository.read("src/a.txt")).toBe("a\nmore\n");
    expect(await repository.git("stash", "list")).toContain("WIP on main");
  });

  it("refuses to land over a dirty file, and says which", async () => {
    const scene = await makeScene();
    scene.repository.write({ "src/a.txt": "mine\n" });
    const ended = await runKept(scene, simpleRun(scene));
    expect(ended.code).toBe(3);
    expect(ended.document?.landing.refused).toMatchObject({
      type: "local_edits",
      paths: ["src/a.txt"],
    });
  });

  it("works from a linked worktree, a sub-folder and inside a git hook", async () => {
    const scene = await makeScene();
    const tree = path.join(scene.folder, "linked tree");
    await scene.repository.git("worktree", "add", "--quiet", "-b", "side", tree);
    const linked = sceneAt(tree, scene.folder);
    const side = await runKept(linked, simpleRun(linked), {
      branch: "side",
      cwd: path.join(tree, "docs"),
    });
    expect([side.code, side.document?.target]).toEqual([0, "side"]);
    const env = {
      GIT_DIR: path.join(scene.checkout, ".git"),
      GIT_INDEX_FILE: "/nonexistent/index",
      GIT_WORK_TREE: "/",
      GIT_PREFIX: "x/",
    };
    const hook = await runKept(scene, simpleRun(scene), { env });
    expect([hook.code, hook.document?.target]).toEqual([0, "main"]);
  });

  it("works in a repository of SHA-256", async () => {
    const folder = temporaryFolder();
    const checkout = path.join(folder, "repository");
    await runGit(folder, [
      "init",
      "--quiet",
      "--template=",
      "--object-format=sha256",
      "-b",
      "main",
      checkout,
    ]);
    await runGit(checkout, ["config", "user.name", "U"]);
    await runGit(checkout, ["config", "user.email", "u@example.com"]);
    mkdirSync(path.join(checkout, "src"));
    for (const name of ["a", "b"])
      writeFileSync(path.join(checkout, `src/${name}.txt`), `${name}\n`);
    await runGit(checkout, ["add", "-A"]);
    await runGit(checkout, ["commit", "--quiet", "-m", "First"]);
    const scene = sceneAt(checkout, folder);
    const ended = await runKept(scene, [...simpleRun(scene), "--check", "true"]);
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    expect(ended.document?.landed).toMatch(/^[0-9a-f]{64}$/);
  });
});
