/** Moves that are killed and recovered at point after point, each compared with one that was not interrupted. */
import { expect } from "vitest";
import { moveTarget } from "../../src/git/landing.ts";
import { recoverMove } from "../../src/git/landing-recovery.ts";
import { copyScene, type Kill, type KillScene, makeKillScene, runKilled } from "./killed-move.ts";
import { fingerprint, leftovers } from "./repository.ts";

export interface Kills {
  /** Where `compileRooms` put our sources. */
  readonly compiled: string;
  readonly scene: KillScene;
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
}

export async function prepareKills(compiled: string): Promise<Kills> {
  const scene = await makeKillScene();
  const copy = await copyScene(scene);
  expect(await moveTarget(copy.home, copy.move)).toEqual({ type: "moved" });
  expect(await copy.repository.git("status", "--porcelain")).toBe(" M mine\n?? untracked");
  return { compiled, scene, before: await stateOf(scene), after: await stateOf(copy) };
}

/** Everything but the bytes of the index, whose times differ, and what our wrappers set up. */
export async function stateOf({ repository }: KillScene): Promise<Record<string, string>> {
  const facts = await fingerprint(repository.path, {
    except: ["refs/heads/main"],
    exceptPaths: ["no such path"],
  });
  const { config: _filter, worktrees: _path, ...rest } = facts;
  return { ...rest, main: await repository.git("rev-parse", "main") };
}

/** Recovers, moves again where nothing had moved, and compares. */
export async function expectWhole(kills: Kills, copy: KillScene, since: number): Promise<void> {
  const recovered = await recoverMove(copy.home, { ...copy.move, since });
  if (recovered.type === "not_moved") {
    expect(await stateOf(copy)).toEqual(kills.before);
    expect(await moveTarget(copy.home, copy.move)).toEqual({ type: "moved" });
  } else expect(recovered).toEqual({ type: "moved" });
  expect(await stateOf(copy)).toEqual(kills.after);
  expect(await leftovers(copy.repository.path)).toEqual([]);
}

/** Every point in turn, until one is not reached any more; answers how many there were. */
export async function sweep(kills: Kills, kill: Omit<Kill, "at">): Promise<number> {
  for (let at = 1; ; at += 1) {
    const copy = await copyScene(kills.scene);
    const since = Date.now();
    const run = await runKilled(kills.compiled, "moveTarget", {
      scene: copy,
      kill: { ...kill, at },
    });
    if (!run.killed) {
      expect(run.answer.trim()).toBe('{"type":"moved"}');
      expect(await stateOf(copy)).toEqual(kills.after);
      return at - 1;
    }
    await expectWhole(kills, copy, since);
    copy.repository.dispose();
  }
}

/** Kills a move half-way, then its recovery after the given call of git; false where it ended before that. */
export async function killRecovery(kills: Kills, at: number): Promise<boolean> {
  const scene = await copyScene(kills.scene);
  const since = Date.now();
  const first: Kill = { when: "smudge", whom: "group", at: 3 };
  expect((await runKilled(kills.compiled, "moveTarget", { scene, kill: first })).killed).toBe(true);
  const second: Kill = { when: "after", whom: "group", at };
  const run = await runKilled(kills.compiled, "recoverMove", { scene, since, kill: second });
  await expectWhole(kills, scene, since);
  scene.repository.dispose();
  return run.killed;
}
