import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PathLocks } from "../../src/agent/path-locks.ts";

const never = new AbortController().signal;

function gate() {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

describe("the locks of paths", () => {
  it("let one change a path at a time, in the order of asking, and other paths at once", async () => {
    const locks = new PathLocks();
    const said: string[] = [];
    const first = gate();
    const held = locks.hold(["a"], never, async () => {
      await first.passed;
      said.push("first");
    });
    const second = locks.hold(["a", "b"], never, async () => said.push("second"));
    const third = locks.hold(["b"], never, async () => said.push("third"));
    await locks.hold(["c"], never, async () => said.push("other"));
    first.open();
    await Promise.all([held, second, third]);
    expect(said).toEqual(["other", "first", "second", "third"]);
  });

  it("count a folder and what lies in it as meeting, and names that only begin alike not", async () => {
    const locks = new PathLocks();
    const first = gate();
    let inside = false;
    const held = locks.hold(["src"], never, () => first.passed);
    const within = locks.hold(["src/a.ts"], never, async () => {
      inside = true;
    });
    await locks.hold(["src-2/a.ts"], never, async () => undefined);
    expect(inside).toBe(false);
    first.open();
    await Promise.all([held, within]);
    expect(inside).toBe(true);
  });

  it("are free again after work that failed, and what it threw is thrown", async () => {
    const locks = new PathLocks();
    const failed = locks.hold(["a"], never, () => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    expect(await locks.hold(["a"], never, async () => 1)).toBe(1);
  });

  it("are not waited for after an abort, nor kept from those behind", async () => {
    const locks = new PathLocks();
    const first = gate();
    const stop = new AbortController();
    const held = locks.hold(["a"], never, () => first.passed);
    const waiting = locks.hold(["a", "b"], stop.signal, async () => "ran");
    const behind = locks.hold(["b"], never, async () => "behind");
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    expect(await behind).toBe("behind");
    await expect(locks.hold(["z"], stop.signal, async () => 1)).rejects.toThrow("stopped");
    first.open();
    await held;
  });

  it("never deadlock and never let two hold one path", async () => {
    const names = fc.subarray(["a", "b", "c", "d", "a/x"], { minLength: 1 });
    const property = fc.asyncProperty(fc.array(names, { maxLength: 20 }), async (asked) => {
      const locks = new PathLocks();
      const held = new Set<string>();
      await Promise.all(
        asked.map((paths) =>
          locks.hold(paths, never, async () => {
            for (const path of paths) {
              expect(held.has(path)).toBe(false);
              held.add(path);
            }
            await new Promise((resolve) => setImmediate(resolve));
            for (const path of paths) held.delete(path);
          }),
        ),
      );
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
