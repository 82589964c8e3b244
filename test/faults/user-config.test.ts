import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { giveAway } from "../support/as-user.ts";
import {
  kept,
  makeScene,
  plainFiles,
  pleach,
  runKept,
  type Scene,
  simpleRun,
} from "../support/fault-scene.ts";

/** A script that leaves a trace of having been run. */
function tracer(scene: Scene, name: string, then = "exit 1"): { script: string; trace: string } {
  const trace = path.join(scene.folder, `${name}.ran`);
  const script = path.join(scene.folder, name);
  mkdirSync(path.dirname(script), { recursive: true });
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> '${trace}'\n${then}\n`);
  chmodSync(script, 0o755);
  return { script, trace };
}

describe("the user's configuration", { timeout: 180_000 }, () => {
  it("runs none of the user's hooks, wherever they lie", async () => {
    const scene = await makeScene();
    const hooks = [
      "pre-commit",
      "commit-msg",
      "prepare-commit-msg",
      "post-commit",
      "post-checkout",
    ];
    const more = ["reference-transaction", "pre-merge-commit", "post-merge", "post-index-change"];
    const traces = [...hooks, ...more].flatMap((hook) => [
      tracer(scene, `repository/.git/hooks/${hook}`).trace,
      tracer(scene, `hooks/${hook}`).trace,
    ]);
    const usual = await runKept(scene, [...simpleRun(scene), "--check", "true"]);
    expect(usual.code).toBe(0);
    await scene.repository.git("config", "core.hooksPath", path.join(scene.folder, "hooks"));
    const moved = await runKept(scene, [...simpleRun(scene), "--check", "true"]);
    expect(moved.code).toBe(0);
    expect(traces.filter((trace) => existsSync(trace))).toEqual([]);
  });

  it("runs no program that the configuration names, and asks for no signature", async () => {
    const scene = await makeScene({ ...plainFiles, ".gitattributes": "*.txt diff=odd\n" });
    const { script, trace } = tracer(scene, "evil");
    const settings = {
      "core.fsmonitor": script,
      "diff.external": script,
      "diff.odd.textconv": script,
      "diff.odd.command": script,
      "core.pager": script,
      "core.editor": script,
      "sequence.editor": script,
      "core.askPass": script,
      "gpg.program": script,
      "merge.tool": script,
      "commit.gpgSign": "true",
      "tag.gpgSign": "true",
      "user.signingKey": "NOBODY",
      "log.showSignature": "true",
    };
    for (const [key, value] of Object.entries(settings))
      await scene.repository.git("config", key, value);
    const ended = await runKept(scene, [...simpleRun(scene), "--check", "true"]);
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    expect(existsSync(trace)).toBe(false);
  });

  it("is not confused by settings that change what git says or writes", async () => {
    const scene = await makeScene();
    const settings = {
      "color.ui": "always",
      "core.quotePath": "true",
      "core.ignoreCase": "true",
      "core.autocrlf": "input",
      "core.safecrlf": "false",
      "status.showUntrackedFiles": "no",
      "status.relativePaths": "true",
      "diff.noprefix": "true",
      "diff.renames": "copies",
      "diff.ignoreSubmodules": "none",
      "merge.renames": "false",
      "merge.ff": "only",
      "core.abbrev": "4",
      "core.untrackedCache": "true",
      "core.splitIndex": "true",
      "extensions.worktreeConfig": "true",
      "worktree.guessRemote": "true",
      "checkout.defaultRemote": "origin",
      "branch.autoSetupMerge": "always",
      "core.logAllRefUpdates": "always",
      "core.worktree": scene.checkout,
      "i18n.commitEncoding": "ISO-8859-1",
      "feature.manyFiles": "true",
      "push.default": "nothing",
      "log.date": "relative",
      "gc.auto": "1",
      "receive.denyCurrentBranch": "refuse",
    };
    for (const [key, value] of Object.entries(settings))
      await scene.repository.git("config", key, value);
    const ended = await runKept(scene, [...simpleRun(scene), "--check", "true"]);
    expect([ended.code, ended.document?.outcome, ended.error]).toEqual([0, "complete", undefined]);
    expect(scene.repository.read("src/a.txt")).toBe("a\nmore\n");
    expect(await scene.repository.git("status", "--porcelain", "--untracked-files=all")).toBe("");
  });

  it("commits with core.autocrlf only what a worker changed", async () => {
    const scene = await makeScene({ ...plainFiles, "src/crlf.txt": "one\r\ntwo\r\n" });
    await scene.repository.git("config", "core.autocrlf", "true");
    const ended = await runKept(scene, simpleRun(scene));
    expect(ended.document?.units[0]?.changed).toEqual(["src/a.txt"]);
    expect(await scene.repository.git("show", "--stat", "--format=", "HEAD^2")).not.toContain(
      "crlf",
    );
  });

  it("runs where a global configuration is broken only to say so", async () => {
    const scene = await makeScene();
    const file = path.join(scene.folder, "gitconfig");
    writeFileSync(file, "[user\n");
    const ended = await pleach(scene, ["run", ...simpleRun(scene)], {
      env: { GIT_CONFIG_GLOBAL: file, HOME: scene.folder },
    });
    writeFileSync(path.join(scene.folder, ".gitconfig"), "[user\n");
    const home = await runKept(scene, simpleRun(scene), { env: { HOME: scene.folder } });
    expect(ended.code).not.toBe(70);
    expect(home.code).toBe(3);
    expect(home.stderr).toContain("gitconfig");
  });

  it("works with a filter whose program is there, and one whose program is missing", async () => {
    const files = {
      ...plainFiles,
      ".gitattributes": "*.bin filter=lfs\n",
      "src/big.bin": "pointer\n",
    };
    const scene = await makeScene(files);
    const { script, trace } = tracer(scene, "git-lfs", "cat");
    const { git } = scene.repository;
    await git("config", "filter.lfs.clean", `${script} clean -- %f`);
    await git("config", "filter.lfs.smudge", `${script} smudge -- %f`);
    await git("config", "filter.lfs.required", "true");
    const there = await runKept(scene, simpleRun(scene));
    expect([there.code, there.document?.outcome]).toEqual([0, "complete"]);
    expect(existsSync(trace)).toBe(true);
    await git("config", "filter.lfs.clean", "no-such-lfs clean -- %f");
    await git("config", "filter.lfs.smudge", "no-such-lfs smudge -- %f");
    await git("config", "filter.lfs.process", "no-such-lfs filter-process");
    const missing = await runKept(scene, simpleRun(scene));
    expect([missing.code, missing.error?.code]).toEqual([7, "filter_failed"]);
    expect(missing.error?.message).toContain("no-such-lfs");
    expect(missing.error?.advice).toContain("git-lfs");
    for (const kind of ["clean", "smudge"])
      await git("config", `filter.lfs.${kind}`, `${script} ${kind} -- %f`);
    await git("config", "--unset", "filter.lfs.process");
    const resumed = await kept(scene, ["resume"]);
    expect([resumed.code, resumed.document?.outcome]).toEqual([0, "complete"]);
  });

  it("finds its way among branches whose names are in the way", async () => {
    const scene = await makeScene();
    await scene.repository.git("branch", "pleach");
    const blocked = await runKept(scene, simpleRun(scene));
    expect([blocked.code, blocked.error?.code]).toEqual([3, "branch_in_the_way"]);
    expect(blocked.stderr).toContain("git branch -m pleach");
    // It never began: there is no run to go on with.
    expect(existsSync(path.join(scene.checkout, ".git/pleach"))).toBe(false);
    await scene.repository.git("branch", "-m", "pleach", "pleach-2/x");
    await scene.repository.git("tag", "main", "HEAD");
    await scene.repository.git("update-ref", "refs/heads/-f", "HEAD");
    const ended = await runKept(scene, simpleRun(scene));
    expect(ended.code).toBe(0);
    expect(ended.document?.target).toBe("main");
  });

  it("asks the user to trust a repository of somebody else's", async () => {
    const scene = await makeScene();
    giveAway(path.join(scene.checkout, ".git"), scene.checkout);
    const ended = await pleach(scene, ["run", ...simpleRun(scene)]);
    expect([ended.code, ended.error?.code]).toEqual([3, "unsafe_repository"]);
    expect(ended.error?.advice).toContain("safe.directory");
  });
});
