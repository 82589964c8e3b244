import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { kept, makeScene, planOf, pleach, runKept, worker } from "../support/fault-scene.ts";
import { fillsUp } from "../support/full-repository.ts";
import { brokenPromises } from "../support/kept-promises.ts";
import { leaveAndAsk } from "../support/left-bytes.ts";
import { runGit } from "../support/repository.ts";

describe("faults, at length", { timeout: 240_000 }, () => {
  it.each([100, 200, 300])("loses no byte of what workers leave, from seed %i", async (first) => {
    const seeds = Array.from({ length: 25 }, (_, at) => first + at);
    const { ended, lost, asked } = await leaveAndAsk({ seeds, largestBytes: 30_000_000 });
    expect(lost).toEqual([]);
    expect(ended.document?.units.every(({ attempts }) => attempts === 1)).toBe(true);
    expect(asked).toBeGreaterThan(200);
  });

  it("goes on after a full disk wherever it was met", async () => {
    for (let freeKb = 4; freeKb <= 160; freeKb += 12) await fillsUp(freeKb);
  });

  it("takes 2 GB that are nearly empty and 1 GB of words without losing its own", async () => {
    const scene = await makeScene();
    const units = [
      { id: "sparse", owns: ["sparse/**"] },
      { id: "words", owns: ["words/**"] },
      { id: "plain", owns: ["plain/**"] },
    ];
    const script = path.join(scene.folder, "work.sh");
    const deeds = {
      sparse: "truncate -s 2G sparse/big; echo x > sparse/f",
      words: "head -c 1000000000 /dev/zero | tr '\\0' x; echo x > words/f",
      plain: "echo x > plain/f",
    };
    const cases = Object.entries(deeds).map(([id, text]) => `${id}) mkdir ${id}; ${text};;`);
    writeFileSync(script, `case $PLEACH_UNIT in\n${cases.join("\n")}\nesac\n`);
    const line = [...planOf(scene, units), ...worker(`sh ${script}`), "--attempts", "1"];
    const ended = await runKept(scene, [...line, "--land", "partial"]);
    const found = ended.document?.units.map(({ id, status, reason }) => [
      id,
      reason?.type ?? status,
    ]);
    expect(found).toEqual([
      ["sparse", "strayed"],
      ["words", "merged"],
      ["plain", "merged"],
    ]);
    const { stdout } = await pleach(scene, ["logs", `${ended.document?.run}/words`]);
    expect(stdout.length).toBeLessThan(2_000_000);
  });

  it("works beside loops of the user's gc and prune for many units", async () => {
    const scene = await makeScene();
    const units = Array.from({ length: 40 }, (_, at) => ({ id: `n${at}`, owns: [`n${at}`] }));
    const stop = path.join(scene.folder, "stop");
    const loop = `until [ -e '${stop}' ]; do git worktree prune --expire=now; git gc -q --prune=now; sleep 0.02; done 2>/dev/null`;
    const busy = runGit(scene.checkout, ["-c", `alias.busy=!${loop}`, "busy"]);
    const line = [...planOf(scene, units), ...worker("echo x > $PLEACH_UNIT"), "--check", "true"];
    const ended = await pleach(scene, ["run", ...line]);
    writeFileSync(stop, "");
    await busy;
    // Their gc writes files of its own, so that only what we promise of the run is asked for.
    expect(ended.document && (await brokenPromises(scene, ended.document))).toEqual([]);
    expect([ended.code, ended.document?.outcome, ended.error]).toEqual([0, "complete", undefined]);
    await scene.repository.git("fsck", "--full", "--strict");
    expect((await kept(scene, ["clean"])).code).toBe(0);
  });
});
