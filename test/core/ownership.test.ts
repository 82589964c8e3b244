import { describe, expect, it } from "vitest";
import type { Glob, RepoPath, UnitId } from "../../src/core/id.ts";
import { filesByUnit, isProtected, ownershipOf } from "../../src/core/ownership.ts";
import { processorMs } from "../support/processor-time.ts";

const unit = (id: string, ...owns: string[]) => ({ id: id as UnitId, owns: owns as Glob[] });
const paths = (...names: string[]) => names as RepoPath[];

describe("ownership", () => {
  it("gives a path to every unit whose list takes it in, in plan order", () => {
    const ownership = ownershipOf([unit("all", "src/**"), unit("one", "src/a.ts"), unit("none")]);
    expect(ownership.owners("src/a.ts")).toEqual(["all", "one"]);
    expect(ownership.ownerOf("src/a.ts")).toBeUndefined();
    expect(ownership.ownerOf("src/b.ts")).toBe("all");
    expect(ownership.owners("docs/a.md")).toEqual([]);
  });

  it("takes an exception out of its own unit's list only", () => {
    const ownership = ownershipOf([
      unit("rest", "**", "!src/a/**", "!*.json"),
      unit("a", "src/a/**"),
      unit("json", "*.json"),
    ]);
    expect(ownership.owners("src/a/x.ts")).toEqual(["a"]);
    expect(ownership.owners("package.json")).toEqual(["json"]);
    expect(ownership.owners("src/b.ts")).toEqual(["rest"]);
  });

  it("calls a stray what the unit does not own alone", () => {
    const ownership = ownershipOf([unit("a", "src/**"), unit("b", "src/b/**")]);
    expect(ownership.strays("a" as UnitId, paths("src/a.ts", "src/b/x.ts", "README.md"))).toEqual([
      "src/b/x.ts",
      "README.md",
    ]);
  });

  it("lists the existing files of each unit", () => {
    const ownership = ownershipOf([unit("a", "a/**"), unit("b", "b.ts")]);
    const files = filesByUnit(ownership, paths("a/1", "a/2", "b.ts", "c"));
    expect([...files]).toEqual([
      ["a", ["a/1", "a/2"]],
      ["b", ["b.ts"]],
    ]);
  });

  it("answers for protected paths with exceptions", () => {
    const asks = isProtected([
      ".github/**",
      "**/package-lock.json",
      "!.github/README.md",
    ] as Glob[]);
    expect(
      [".github/workflows/ci.yml", "a/package-lock.json", ".github/README.md", "x"].map(asks),
    ).toEqual([true, true, false, false]);
  });

  it.each([
    ["a folder each", (n: number) => [`src/m${n}/**`]],
    ["a suffix each", (n: number) => [`**/*.m${n}.ts`]],
    ["literal paths", (n: number) => Array.from({ length: 28 }, (_, i) => `src/m${n}/f${i}.ts`)],
    ["the same exceptions", (n: number) => [`src/m${n}/**`, "!**/*.test.ts", "!**/x/**"]],
  ])("asks 1,000 units about 28,000 paths within a second: %s", async (_, owns) => {
    const units = Array.from({ length: 1000 }, (_, n) => unit(`u${n}`, ...owns(n)));
    const files = Array.from(
      { length: 28_000 },
      (_, n) => `src/m${n % 1000}/f${(n / 1000) | 0}.ts`,
    );
    const ms = await processorMs(() => {
      const ownership = ownershipOf(units);
      for (const file of files) ownership.owners(file);
    });
    expect(ms).toBeLessThan(1000);
  });
});
