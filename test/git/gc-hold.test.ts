import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { holdGarbage } from "../../src/git/gc-hold.ts";
import { eventually } from "../support/eventually.ts";
import { makeRepository } from "../support/repository.ts";

describe("holding the garbage collection off", () => {
  it("makes the user's gc wait for its end, and says for whom", async () => {
    const { git, path: checkout } = await makeRepository();
    const hold = await holdGarbage(path.join(checkout, ".git"));
    expect(hold.isHeld()).toBe(true);
    await expect(git("gc", "--quiet", "--prune=now")).rejects.toThrow(`pid ${process.pid}`);
    await git("gc", "--quiet", "--auto");
    hold.release();
    await git("gc", "--quiet", "--prune=now");
    expect(existsSync(path.join(checkout, ".git/gc.pid"))).toBe(false);
  });

  it("leaves a gc that runs alone until it ends, and takes over from a dead one", async () => {
    const { path: checkout } = await makeRepository();
    const file = path.join(checkout, ".git/gc.pid");
    writeFileSync(file, `1 ${hostname()}`);
    const late = await holdGarbage(path.dirname(file), { waitMs: 50 });
    expect([late.isHeld(), readFileSync(file, "utf8")]).toEqual([false, `1 ${hostname()}`]);
    rmSync(file);
    await eventually(() => late.isHeld());
    expect(readFileSync(file, "utf8")).toBe(`${process.pid} ${hostname()}`);
    late.release();
    writeFileSync(file, "999999999 elsewhere");
    const never = await holdGarbage(path.dirname(file), { waitMs: 50 });
    never.release();
    expect([never.isHeld(), readFileSync(file, "utf8")]).toEqual([false, "999999999 elsewhere"]);
    for (const dead of [`999999999 ${hostname()}`, "", "no gc"]) {
      writeFileSync(file, dead);
      const hold = await holdGarbage(path.dirname(file), { waitMs: 50 });
      expect(hold.isHeld()).toBe(true);
      hold.release();
      expect(existsSync(file)).toBe(false);
    }
  });
});
