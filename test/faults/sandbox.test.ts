import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { attackPlaces, attackScript, writingAttacks } from "../support/attacks.ts";
import {
  type Ended,
  makeScene,
  planOf,
  pleach,
  runKept,
  type Scene,
} from "../support/fault-scene.ts";
import { runGit } from "../support/repository.ts";

/** The names of the attacks that were won, as the attacker noted them in its snapshot. */
async function attack(
  scene: Scene,
  sandbox: "bwrap" | "none",
): Promise<{ ended: Ended; won: string[] }> {
  const out = path.join(scene.folder, "out");
  const home = path.join(scene.folder, "home");
  for (const folder of [out, home]) mkdirSync(folder);
  writeFileSync(path.join(out, "victim"), "victim\n");
  const script = path.join(scene.folder, "attack.sh");
  const text = [attackPlaces(scene.checkout, out), attackScript(writingAttacks, "src/won")];
  writeFileSync(script, text.join("\n"));
  const plan = planOf(scene, [{ id: "one", owns: ["src/**"] }]);
  const line = [...plan, "--command", `sh ${script}`, "--sandbox", sandbox, "--attempts", "1"];
  const env = { HOME: home };
  const ended = await (sandbox === "bwrap"
    ? runKept(scene, line, { env })
    : pleach(scene, ["run", ...line], { env }));
  const ref = `refs/pleach/${ended.document?.run}/one/1:src/won`;
  const won = await runGit(scene.checkout, ["cat-file", "blob", ref]);
  return { ended, won: won.split("\n").filter(Boolean) };
}

describe("attacks of a command worker", { timeout: 180_000 }, () => {
  let fired: readonly string[] = [];

  beforeAll(async () => {
    // The control arm: without a sandbox the very same attacks must fire, or their failing proves nothing.
    fired = (await attack(await makeScene(), "none")).won;
  }, 180_000);

  it("fire without a sandbox, every one", () => {
    expect(fired).toEqual(["begun", ...Object.keys(writingAttacks)]);
  });

  it("all fail in bubblewrap, and the user's files are as they were", async () => {
    const scene = await makeScene();
    const { ended, won } = await attack(scene, "bwrap");
    expect(won).toEqual(["begun"]);
    expect([ended.code, ended.document?.units[0]?.reason]).toEqual([0, null]);
    expect(readFileSync(path.join(scene.folder, "out/victim"), "utf8")).toBe("victim\n");
  });
});
