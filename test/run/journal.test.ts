/** The journal as it may be found: cut short, damaged, newer, or not ours. The program says so, or goes on; it never skips a line. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foldJournal, openJournal, readJournal } from "../../src/run/journal.ts";
import {
  endOf,
  expectNothingLeft,
  journalFile,
  killedOnce,
  runArguments,
  startPleach,
  theRun,
} from "../support/killed-run.ts";
import { scratchFolder } from "../support/scratch.ts";
import { copyOf, makeScene, removeScene, type Scene } from "../support/woven-scene.ts";

const scenes: Scene[] = [];
let killed: Scene;
let text: string;
let file: string;
beforeAll(async () => {
  killed = await makeScene();
  scenes.push(killed);
  await killedOnce(killed, runArguments(killed), { when: "after", line: "unit-finished" });
  file = journalFile(killed, theRun(killed));
  text = readFileSync(file, "utf8");
});
afterAll(() => scenes.forEach(removeScene));

/** The killed run again, with another journal. */
async function sceneWith(journal: string | Buffer): Promise<{ scene: Scene; file: string }> {
  const scene = await copyOf(killed);
  scenes.push(scene);
  const there = path.join(scene.folder, path.relative(killed.folder, file));
  writeFileSync(there, journal);
  return { scene, file: there };
}

async function resumeOf(journal: string) {
  const { scene, file: there } = await sceneWith(journal);
  const { code, stdout } = await startPleach(scene, ["resume", "--json", theRunOf(there)]).ended;
  // Whatever is wrong with it, nobody has touched it.
  expect(readFileSync(there, "utf8")).toBe(journal);
  return { code, error: (JSON.parse(stdout) as { error?: object }).error };
}

const theRunOf = (journal: string) => path.basename(path.dirname(journal));
const linesOf = () => text.split("\n").filter(Boolean);
const withLine = (at: number, line: string) =>
  `${linesOf()
    .map((one, position) => (position === at ? line : one))
    .join("\n")}\n`;

describe("a last line that was cut short", () => {
  test("never happened, wherever it was cut, and is taken off before the next", async () => {
    const lines = linesOf();
    const last = Buffer.from(`${lines.at(-1)}\n`);
    const before = Buffer.from(`${lines.slice(0, -1).join("\n")}\n`);
    const torn = path.join(scratchFolder(), "journal.jsonl");
    const whole = foldJournal(
      torn,
      lines.slice(0, -1).map((line) => JSON.parse(line)),
    );
    for (let length = 0; length < last.length; length += 1) {
      writeFileSync(torn, Buffer.concat([before, last.subarray(0, length)]));
      const read = await readJournal(torn);
      expect(read?.wholeBytes).toBe(before.length);
      expect(foldJournal(torn, read?.lines ?? [])).toEqual(whole);
    }
    const journal = await openJournal(torn, before.length);
    await journal.append([JSON.parse(lines.at(-1) ?? "")]);
    await journal.close();
    expect(readFileSync(torn, "utf8")).toBe(`${lines.join("\n")}\n`);
  });

  test("of one line only: the run never began, at any byte of it", async () => {
    const first = Buffer.from(linesOf()[0] ?? "");
    const torn = path.join(scratchFolder(), "journal.jsonl");
    for (let length = 0; length <= first.length; length += 1) {
      writeFileSync(torn, first.subarray(0, length));
      expect(await readJournal(torn)).toBeUndefined();
    }
    const ended = await resumeOf(first.toString());
    expect(ended).toMatchObject({ code: 3, error: { code: "no_run" } });
  });

  test("is no hindrance to the resume, though it looks whole but for its end", async () => {
    const { scene } = await sceneWith(text.slice(0, -1));
    const ran = await startPleach(scene, ["resume", "--json"]).ended;
    expect(await endOf(scene, ran)).toMatchObject({ code: 0, outcome: "complete" });
    await expectNothingLeft(scene);
  });
});

describe("any other line that is not as we wrote it stops everything and is named", () => {
  test.concurrent.each([
    ["cut in the middle", () => withLine(1, (linesOf()[1] ?? "").slice(0, 40)), "line 2"],
    ["no JSON", () => withLine(1, "\u0000\u0000\u0000"), "line 2"],
    ["an empty line", () => withLine(2, ""), "line 3"],
    ["not ours", () => withLine(1, `{"hello":"world"}`), "line 2"],
    ["twice there", () => withLine(2, linesOf()[1] ?? ""), "line 3"],
    ["a last line that is whole and no JSON", () => `${text}{"v":1\n`, `line`],
    ["a fact that cannot follow", () => `${text}${impossible()}\n`, "damaged"],
  ])("%s: exit 3", async (_, journal, named) => {
    const { code, error } = await resumeOf(journal());
    expect([code, error]).toMatchObject([3, { code: "journal_corrupt" }]);
    expect(JSON.stringify(error)).toContain(named);
  });

  test.concurrent("an event that this version does not know: exit 3, not skipped", async () => {
    const event = { type: "unit-transmuted", unit: "alpha" };
    const line = JSON.stringify({ v: 1, seq: linesOf().length, at: Date.now(), event });
    const { code, error } = await resumeOf(`${text}${line}\n`);
    expect([code, error]).toMatchObject([3, { code: "journal_corrupt" }]);
  });

  test.concurrent("a newer format: exit 7, never skipped", async () => {
    const newer = withLine(1, (linesOf()[1] ?? "").replace(`"v":1`, `"v":2`));
    const { code, error } = await resumeOf(newer);
    expect([code, error]).toMatchObject([7, { code: "journal_newer" }]);
  });
});

function impossible(): string {
  const event = { type: "unit-started", unit: "nobody", attempt: 1, base: "0", slot: 1 };
  return JSON.stringify({ v: 1, seq: linesOf().length, at: Date.now(), event });
}

test("status of other runs is told beside one that cannot be read", async () => {
  const { scene, file: there } = await sceneWith(text);
  appendFileSync(there, "garbage\n");
  const ran = await startPleach(scene, ["status", "--all"]).ended;
  expect(ran.code).toBe(0);
  expect(ran.stdout + ran.stderr).toContain(theRunOf(there));
});
