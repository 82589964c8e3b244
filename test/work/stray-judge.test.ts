/** The ownership gate within the conversation: real files, real git, real commands, a scripted model. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Glob, RepoPath, UnitId } from "../../src/core/id.ts";
import { isProtected, ownershipOf } from "../../src/core/ownership.ts";
import { placeFile } from "../../src/work/attempt-place.ts";
import { createEarlyGate } from "../../src/work/early-gate.ts";
import { strayRoundsMax } from "../../src/work/stray-judge.ts";
import { sceneIn, transcriptLines } from "../support/agent-scene.ts";
import { answersIn, byAgent, type Script, type Turn } from "../support/scripted-model.ts";
import { makePlainPlace } from "../support/work-place.ts";
import { makeWorktree } from "../support/worktree-scene.ts";

const units = [
  { id: "mine" as UnitId, owns: ["mine/**" as Glob] },
  { id: "other" as UnitId, owns: ["theirs.txt" as Glob] },
];
const shell = (command: string): Turn => ({ calls: [["shell", { command }]] });

async function strayScene(script: Script) {
  const tree = await makeWorktree({ "mine/a": "1\n", "theirs.txt": "theirs\n", "ci.yml": "ci\n" });
  const plain = makePlainPlace({});
  const place = { ...plain, worktree: tree.slot.path };
  mkdirSync(place.record, { recursive: true });
  const ready = { slot: tree.slot, checkout: "full", made: [], since: Date.now() };
  writeFileSync(path.join(place.record, placeFile), JSON.stringify(ready));
  const guarded = isProtected(["ci.yml" as Glob]);
  const ownership = ownershipOf(units);
  const commonDir = path.join(tree.repository.path, ".git");
  const scene = await sceneIn(place, script, {
    worker: {
      ownerOf: ownership.ownerOf,
      isProtected: guarded,
      earlyGate: createEarlyGate({ commonDir, ownership, isProtected: guarded }),
    },
  });
  const facts = { base: tree.base, unit: "mine" as UnitId, owns: ["mine/**" as Glob] };
  return { ...scene, tree, work: () => scene.work({ ...facts, files: [] as RepoPath[] }) };
}

test("what a command changed elsewhere is given back with its owner, until it is put back", async () => {
  const made =
    "echo 2 > mine/a; echo x >> theirs.txt; echo y >> ci.yml; mkdir -p 'new dir'; echo z > 'new dir/z'";
  const scene = await strayScene((request) => {
    const commands = /: ((?:git show|rm -r) .*)$/gm;
    const last = request.messages.at(-1);
    const words = last?.role === "user" ? last.text : "";
    const back = [...words.matchAll(commands)].map(([, command]) => command).join("\n");
    const turns: readonly Turn[] = [shell(made), { text: "Done!" }, shell(back), { text: "Now." }];
    return turns[answersIn(request)] ?? { text: "?" };
  });
  expect(await scene.work()).toMatchObject({ type: "done", summary: "Now." });
  const [told, ...more] = transcriptLines(scene, "coder", "told");
  expect(more).toEqual([]);
  expect(told?.from).toBe("strays");
  const text = told?.text ?? "";
  expect(text).toContain("theirs.txt (modified, owned by other)");
  expect(text).toContain("ci.yml (modified, protected)");
  expect(text).toContain('"new dir/z" (added, owned by no unit)');
  expect(text).not.toContain("mine/a (");
  expect(readFileSync(path.join(scene.place.worktree, "theirs.txt"), "utf8")).toBe("theirs\n");
  expect(readFileSync(path.join(scene.place.worktree, "mine/a"), "utf8")).toBe("2\n");
  expect(existsSync(path.join(scene.place.worktree, "new dir/z"))).toBe(false);
});

test("a path that is claimed strays no longer", async () => {
  const claim: Turn = { calls: [["claim", { paths: ["free.txt"] }]] };
  const turns = [shell("echo 2 > mine/a; echo f > free.txt"), { text: "Done!" }, claim];
  const scene = await strayScene(byAgent({ coder: [...turns, { text: "Claimed." }] }));
  expect(await scene.work()).toMatchObject({ type: "done", summary: "Claimed." });
  expect(transcriptLines(scene, "coder", "told")).toHaveLength(1);
});

test("who does not put it back is told a few times, and left to the gate at the end", async () => {
  const scene = await strayScene(byAgent({ coder: [shell("echo x >> theirs.txt")] }));
  expect(await scene.work()).toMatchObject({ type: "done" });
  expect(transcriptLines(scene, "coder", "told")).toHaveLength(strayRoundsMax);
});
