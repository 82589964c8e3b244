import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FolderMemory, type FolderStamp, stampOf } from "../../src/git/folder-memory.ts";
import { makeFolder } from "../support/folder.ts";

const sight = { fileCount: 2, folders: ["sub"] };
const second = 1_000_000_000n;

function stamp(of: Partial<FolderStamp> = {}): FolderStamp {
  return { inode: 7n, changedNs: 5n * second + 1n, takenNs: 9n * second, mode: 0o755, ...of };
}

test("a folder is recalled as long as it is the same and bears the same stamp", () => {
  const memory = new FolderMemory();
  memory.remember("a", stamp(), sight);
  expect(memory.recall("a", stamp({ takenNs: 99n * second }))).toEqual(sight);
  expect(memory.recall("a", stamp({ inode: 8n }))).toBeUndefined();
  expect(memory.recall("a", stamp({ changedNs: 5n * second + 2n }))).toBeUndefined();
  expect(memory.recall("b", stamp())).toBeUndefined();
});

test("what changed just now, by a clock that may tick slowly, is not remembered", () => {
  const memory = new FolderMemory();
  memory.remember("a", stamp({ takenNs: 5n * second + 40_000_000n }), sight);
  memory.remember("whole seconds", stamp({ changedNs: 7n * second }), sight);
  memory.remember("future", stamp({ changedNs: 20n * second + 1n }), sight);
  expect(memory.recall("a", stamp())).toBeUndefined();
  expect(memory.recall("whole seconds", stamp({ changedNs: 7n * second }))).toBeUndefined();
  expect(memory.recall("future", stamp({ changedNs: 20n * second + 1n }))).toBeUndefined();
});

test("whatever is put into a folder or taken out of it stamps it anew; a new content of a file does not", async () => {
  const folder = await makeFolder();
  const inside = path.join(folder, "in");
  mkdirSync(inside);
  writeFileSync(path.join(inside, "file"), "1");
  const stamps = [stampOf(inside)?.changedNs];
  writeFileSync(path.join(inside, "file"), "2");
  expect(stampOf(inside)?.changedNs).toBe(stamps[0]);
  waitForTick(folder);
  writeFileSync(path.join(inside, "other"), "1");
  stamps.push(stampOf(inside)?.changedNs);
  waitForTick(folder);
  renameSync(path.join(inside, "other"), path.join(inside, "third"));
  stamps.push(stampOf(inside)?.changedNs);
  expect(new Set(stamps).size).toBe(3);
});

/** Until the clock of the file system has gone on. */
function waitForTick(folder: string): void {
  const probe = (name: string) => {
    mkdirSync(path.join(folder, name));
    return stampOf(path.join(folder, name))?.changedNs;
  };
  const began = probe(`${Date.now()}-${Math.random()}`);
  for (let n = 0; probe(`${Date.now()}-${Math.random()}`) === began; n += 1)
    if (n > 100_000) throw new Error("the clock stands still");
}
