import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Ended,
  expectKept,
  kept,
  look,
  makeScene,
  plainFiles,
  planOf,
  pleach,
  runKept,
  type Scene,
  simpleRun,
  worker,
} from "../support/fault-scene.ts";

const hostileIds = [
  "-f",
  "../../x",
  "$(id)",
  "a\nb",
  "x".repeat(300),
  "__proto__",
  ".git",
  "",
  "a.lock",
  "\u001b[2J",
  "integration",
];
const hostileGlobs = [
  "/etc/x",
  "../x",
  "src/../../x",
  ".git/hooks/**",
  "**/.GIT/config",
  "src\\a",
  "",
  "a\u0000b",
];
const wrongPlans: Readonly<Record<string, RegExp>> = {
  "{": /plan\.json/,
  '{"version":1,"version":1,"goal":"g","units":[]}': /version/,
  '{"version":1,"goal":"g","units":[],"__proto__":{"x":1}}': /__proto__/,
  '{"version":1,"goal":"g","units":[]}': /unit/,
  '{"version":2,"goal":"g","units":[]}': /version/,
  "7": /plan\.json/,
  "": /plan\.json/,
  ["[".repeat(100_000)]: /plan\.json/,
  "\u0000\u0001\ufffd": /plan\.json/,
  [`{"version":1,"goal":"${"g".repeat(10_000_000)}","units":[]}`]: /plan\.json/,
};

/** Every one is refused with a short word that a terminal may be shown, and nothing is done. */
async function refuseAll(
  scene: Scene,
  lines: readonly (readonly string[])[],
): Promise<readonly Ended[]> {
  const before = await look(scene);
  const all: Ended[] = [];
  for (const line of lines) all.push(await pleach(scene, ["run", ...line]));
  for (const ended of all) {
    await expectKept(scene, before, ended);
    expect(ended.document).toBeUndefined();
    expect(ended.stderr.length).toBeLessThan(5000);
    expect(ended.stderr).toMatch(/^error: .*\n( {2}- .*\n)*next: .*\n$/);
    expect(ended.stderr).not.toContain("\u001b");
  }
  return all;
}

describe("input that is wrong, or hostile", { timeout: 180_000 }, () => {
  it("refuses every hostile id and glob, all at once, each by the name of its field", async () => {
    const scene = await makeScene();
    const ids = hostileIds.map((id, at) => ({ id, owns: [`n${at}/**`] }));
    const globs = hostileGlobs.map((glob, at) => ({ id: `g${at}`, owns: [glob] }));
    const [wrong] = await refuseAll(scene, [
      [...planOf(scene, [...ids, ...globs]), ...worker("true")],
    ]);
    expect(wrong?.code).toBe(2);
    for (const at of hostileIds.keys()) expect(wrong?.stderr).toContain(`units[${at}].id: `);
    for (const at of hostileGlobs.keys())
      expect(wrong?.stderr).toContain(`units[${hostileIds.length + at}].owns[0]: `);
  });

  it("takes hostile titles, goals and instructions for words", async () => {
    const scene = await makeScene();
    const trap = path.join(scene.folder, "trap");
    const titles = [
      "-f",
      `$(touch ${trap})\`touch ${trap}\`;touch ${trap}`,
      "one\n\nPleach-Run: x\nPleach-Unit: y",
      `${"x".repeat(300)}\u001b[2J\u202e`,
    ];
    const units = titles.map((title, at) => {
      return { id: `u${at}`, owns: [`n${at}`], title, instructions: title };
    });
    const command = `echo "$PLEACH_UNIT" > n\${PLEACH_UNIT#u}; cat "$AGENT_TASK_FILE"`;
    const line = [...planOf(scene, units, { goal: titles.join("\n") }), ...worker(command)];
    const ended = await runKept(scene, line);
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    const format = "--format=%(trailers:key=Pleach-Unit,valueonly,separator=%x2c)";
    const trailers = await scene.repository.git("log", "--first-parent", "-4", format);
    expect(trailers.split("\n").sort()).toEqual(["u0", "u1", "u2", "u3"]);
    const seen = await Promise.all(
      ["status", "report", "logs"].map((name) =>
        pleach(scene, name === "logs" ? [name, `${ended.document?.run}/u3`] : [name]),
      ),
    );
    const shown = [ended, ...seen].map(({ stdout, stderr }) => stdout + stderr).join("\n");
    expect(shown).not.toContain("\u001b");
    expect(shown).not.toContain("\u202e");
  });

  it("says what is wrong with a plan that cannot be a plan, however large", async () => {
    const scene = await makeScene();
    const lines = Object.keys(wrongPlans).map((text, at) => {
      mkdirSync(path.join(scene.folder, String(at)));
      const file = path.join(scene.folder, String(at), "plan.json");
      writeFileSync(file, text);
      return ["--plan", file, ...worker("true")];
    });
    const absent = [scene.folder, path.join(scene.folder, "absent.json"), "/dev/null"];
    const all = await refuseAll(scene, [
      ...lines,
      ...absent.map((file) => ["--plan", file, ...worker("true")]),
    ]);
    expect(all.map(({ code }) => code)).toEqual(all.map(() => 2));
    for (const [at, words] of Object.values(wrongPlans).entries())
      expect(all[at]?.stderr).toMatch(words);
  });

  it("refuses a target and a base that do not exist, or look like options", async () => {
    const scene = await makeScene();
    const targets = { nothing: 3, "--help": 2, "refs/tags/x": 3, "main\n": 3, "../main": 3 };
    const bases = { nothing: 3, "--all": 2, "HEAD:src": 3, "main..main": 3 };
    const lines = [
      ...Object.keys(targets).map((name) => [...simpleRun(scene), `--target=${name}`]),
      ...Object.keys(bases).map((name) => [...simpleRun(scene), `--base=${name}`]),
    ];
    const all = await refuseAll(scene, lines);
    expect(all.map(({ code }) => code)).toEqual([
      ...Object.values(targets),
      ...Object.values(bases),
    ]);
  });

  it("begins no run for which set-up has nothing to bring", async () => {
    const config = { setup: { copy: [".env"] } };
    const scene = await makeScene({ ...plainFiles, ".agentrc.json": JSON.stringify(config) });
    const ended = await runKept(scene, [...simpleRun(scene), "--trust"]);
    expect([ended.code, ended.error?.code]).toEqual([7, "setup_missing"]);
    expect(ended.stderr).toContain("setup.copy names .env");
    expect(existsSync(path.join(scene.checkout, ".git/pleach"))).toBe(false);
  });

  it("has nothing to go on with where there is no run", async () => {
    const scene = await makeScene();
    for (const name of ["resume", "status", "report", "land", "undo"]) {
      const ended = await kept(scene, [name]);
      expect([name, ended.code]).toEqual([name, 3]);
    }
  });
});
