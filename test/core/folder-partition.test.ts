import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionByFolder, type WorkFile } from "../../src/core/folder-partition.ts";
import { processorMs } from "../support/processor-time.ts";

const files = (folder: string, count: number, work = 1000): WorkFile[] =>
  Array.from({ length: count }, (_, n) => ({ path: `${folder}/f${n}.ts`, work }));

const sizes = (groups: readonly { readonly work: number }[]) => {
  const mean = groups.reduce((sum, group) => sum + group.work, 0) / groups.length;
  return Math.max(...groups.map((group) => group.work)) / mean;
};

describe("partitioning files", () => {
  it("keeps folders of the same size whole", () => {
    const all = ["src/a", "src/b", "src/c/d", "test"].flatMap((folder) => files(folder, 10));
    const groups = partitionByFolder(all, 4);
    expect(groups.map((group) => [group.folder, group.files.length])).toEqual([
      ["src/a", 10],
      ["src/b", 10],
      ["src/c/d", 10],
      ["test", 10],
    ]);
  });

  it("balances uneven folders within a fifth of the mean", () => {
    const all = [
      ...files("src", 7),
      ...files("src/operators", 120),
      ...files("src/observable", 40),
      ...files("src/observable/dom", 6),
      ...files("src/scheduler", 25),
      ...files("src/util", 30, 300),
    ];
    for (const count of [2, 3, 5, 8, 13, 21]) {
      const groups = partitionByFolder(all, count);
      expect(groups).toHaveLength(count);
      expect(sizes(groups)).toBeLessThan(1.2);
    }
  });

  it("makes fewer groups of fewer files, and none of none", () => {
    expect(partitionByFolder(files("a", 3), 8)).toHaveLength(3);
    expect(partitionByFolder([], 8)).toEqual([]);
    expect(partitionByFolder(files("a", 3), 0)).toHaveLength(1);
  });

  it("gives a giant a group of its own", () => {
    const all = [...files("a", 10), { path: "a/giant.ts", work: 1_000_000 }];
    const [giant] = partitionByFolder(all, 3).filter((group) => group.work >= 1_000_000);
    expect(giant?.files).toEqual(["a/giant.ts"]);
  });

  it("puts every file into exactly one group, whatever the order, and never an empty one", () => {
    const path = fc
      .array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("/"));
    const many = fc.uniqueArray(fc.record({ path, work: fc.integer({ min: 1, max: 100_000 }) }), {
      selector: (file) => file.path,
      maxLength: 60,
    });
    fc.assert(
      fc.property(many, fc.integer({ min: 1, max: 20 }), (all, count) => {
        const groups = partitionByFolder(all, count);
        expect(groups).toHaveLength(Math.min(count, all.length));
        expect(groups.every((group) => group.files.length > 0)).toBe(true);
        expect(groups.flatMap((group) => group.files).sort()).toEqual(
          all.map((file) => file.path).sort(),
        );
        expect(partitionByFolder([...all].reverse(), count)).toEqual(groups);
      }),
    );
  });

  it("cuts 28,000 files into 1,000 groups at once", async () => {
    const all = Array.from({ length: 280 }, (_, n) => files(`src/m${n % 20}/n${n}`, 100, n)).flat();
    const ms = await processorMs(() => expect(partitionByFolder(all, 1000)).toHaveLength(1000));
    expect(ms).toBeLessThan(2000);
  });
});
