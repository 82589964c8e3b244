/** A run in a repository whose disk has only so much left, and what comes after there is space again. */
import path from "node:path";
import { expect } from "vitest";
import { expectKept, look, planOf, pleach, sceneAt, worker } from "./fault-scene.ts";
import { makeRepository } from "./repository.ts";
import { smallDisk } from "./small-disk.ts";

/** Answers whether it was enough. */
export async function fillsUp(freeKb: number): Promise<boolean> {
  const disk = smallDisk(3);
  const files = { "src/a.txt": "a\n", "src/b.txt": "b\n" };
  const { path: checkout } = await makeRepository(files, { under: disk.folder });
  const scene = {
    ...sceneAt(checkout, disk.beside),
    stateHome: path.join(disk.beside, "state"),
  };
  const plan = planOf(scene, [{ id: "one", owns: ["src/**"] }]);
  const more = worker("head -c 30000 /dev/urandom >> src/a.txt");
  const line = ["run", ...plan, ...more, "--check", "true"];
  disk.fill(freeKb);
  const before = await look(scene);
  const first = await pleach(scene, line);
  await expectKept(scene, before, first, { putBack: true });
  if (first.code === 0) return true;
  expect([freeKb, first.code, first.error?.code]).toEqual([freeKb, 7, "disk_full"]);
  disk.empty();
  const next = await pleach(scene, first.document === undefined ? line : ["resume"]);
  await expectKept(scene, before, next, { putBack: true });
  expect([freeKb, next.code, next.document?.outcome]).toEqual([freeKb, 0, "complete"]);
  return false;
}
