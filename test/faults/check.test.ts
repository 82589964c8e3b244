import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { makeScene, planOf, runKept, worker } from "../support/fault-scene.ts";

const twoUnits = [
  { id: "one", owns: ["src/**"] },
  { id: "two", owns: ["docs/**"] },
];
const work = "[ $PLEACH_UNIT = one ] && echo more >> src/a.txt || echo more >> docs/c.txt";

describe("a check that is no good", { timeout: 180_000 }, () => {
  it.each([
    ["does not exist", "no-such-program-at-all", /127|not found/],
    ["finds no test", "exit 5", /5/],
    ["was red before the run began", "test ! -e README.md", /1/],
    ["is killed", "kill -9 $$", /SIGKILL|137/],
  ])("is red when it %s, and nothing lands", async (_, check, words) => {
    const scene = await makeScene();
    const line = [...planOf(scene, twoUnits), "--command", work, "--attempts", "1"];
    const ended = await runKept(scene, [...line, "--check", check]);
    expect([ended.code, ended.document?.outcome, ended.document?.landed]).toEqual([
      1,
      "failed",
      null,
    ]);
    expect(ended.document?.integration).toBe(ended.document?.base);
    for (const { reason } of ended.document?.units ?? []) {
      expect(reason?.type).toBe("check_failed");
      expect(reason?.message).toMatch(words);
    }
  });

  it("is red when it takes too long, and its processes are ended", async () => {
    const scene = await makeScene();
    writeFileSync(
      path.join(scene.folder, "config.json"),
      JSON.stringify({
        checks: [{ name: "slow", run: "trap '' TERM; sleep 600 & wait", timeout: "1s" }],
      }),
    );
    const config = ["--config", path.join(scene.folder, "config.json"), "--trust"];
    const line = [...planOf(scene, twoUnits.slice(0, 1)), ...worker(work), "--attempts", "1"];
    const ended = await runKept(scene, [...line, ...config]);
    expect([ended.code, ended.document?.units[0]?.reason?.type]).toEqual([1, "check_failed"]);
    expect(ended.document?.units[0]?.reason?.message).toMatch(/1 ?s/);
  });

  it("sees every tree that becomes part of the target, and changes none of them", async () => {
    const scene = await makeScene();
    const witness = path.join(scene.folder, "trees");
    const index = path.join(scene.folder, "index");
    // What is on the disk, hashed by a git that has its own index and objects.
    const hash = `GIT_INDEX_FILE='${index}' GIT_OBJECT_DIRECTORY='${scene.folder}' GIT_ALTERNATE_OBJECT_DIRECTORIES='${scene.checkout}/.git/objects'`;
    const check = `rm -f '${index}'; export ${hash}; git add -A && git write-tree >> '${witness}'; echo dirt > src/a.txt; echo dirt > dirt.txt; (setsid sleep 600 >/dev/null 2>&1 &); exit 0`;
    const line = [...planOf(scene, twoUnits), ...worker(work), "--check", check];
    const ended = await runKept(scene, line);
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    const range = `${ended.document?.base}..main`;
    const trees = await scene.repository.git("log", "--first-parent", "--format=%T", range);
    expect(new Set(trees.split("\n"))).toEqual(
      new Set(readFileSync(witness, "utf8").trim().split("\n")),
    );
    expect(scene.repository.read("src/a.txt")).toBe("a\nmore\n");
    expect(existsSync(path.join(scene.checkout, "dirt.txt"))).toBe(false);
  });
});
