import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { holdGarbage } from "../../src/git/gc-hold.ts";
import { makeRepository } from "../support/repository.ts";

describe("holding the garbage collection off", () => {
  it("makes the user's gc wait for its end, and says for whom", async () => {
    const { git, path: checkout } = await makeRepository();
    const hold = holdGarbage(path.join(checkout, ".git"));
    expect(hold.held).toBe(true);
    await expect(git("gc", "--quiet", "--prune=now")).rejects.toThrow(`pid ${process.pid}`);
    await git("gc", "--quiet", "--auto");
    hold.release();
    await git("gc", "--quiet", "--prune=now");
    expect(existsSync(path.join(checkout, ".git/gc.pid"))).toBe(false);
  });

  it("leaves a gc that runs alone, and takes over from a dead one", async () => {
    const { path: checkout } = await makeRepository();
    const file = path.join(checkout, ".git/gc.pid");
    for (const living of [`1 ${hostname()}`, "999999999 elsewhere"]) {
      writeFileSync(file, living);
      const hold = holdGarbage(path.dirname(file));
      hold.release();
      expect([hold.held, readFileSync(file, "utf8")]).toEqual([false, living]);
    }
    for (const dead of [`999999999 ${hostname()}`, "", "no gc"]) {
      writeFileSync(file, dead);
      const hold = holdGarbage(path.dirname(file));
      expect(hold.held).toBe(true);
      hold.release();
      expect(existsSync(file)).toBe(false);
    }
  });
});
