import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { couplingOf, type Tie } from "../../src/core/coupling.ts";
import type { WorkFile } from "../../src/core/folder-partition.ts";
import { partition } from "../../src/core/partition.ts";
import { madeRepository } from "../support/made-repository.ts";
import { processorMs } from "../support/processor-time.ts";
import { rxjsTies } from "../support/rxjs.ts";

const imported = (from: string, to: string): Tie => ({ from, to, kind: "import" });
const each = (paths: readonly string[], work = 100): WorkFile[] =>
  paths.map((path) => ({ path, work }));
const members = (groups: readonly { readonly files: readonly string[] }[]) =>
  groups.map(({ files }) => [...files].sort());

describe("a partition by what ties files together", () => {
  it("puts a feature that is spread over folders into one group", () => {
    const features = ["cart", "shop", "user"];
    const layers = ["api", "model", "view"];
    const paths = layers.flatMap((layer) =>
      features.map((feature) => `src/${layer}/${feature}.ts`),
    );
    const ties = features.flatMap((feature) => [
      imported(`src/view/${feature}.ts`, `src/model/${feature}.ts`),
      imported(`src/model/${feature}.ts`, `src/api/${feature}.ts`),
    ]);
    const found = partition(couplingOf(each(paths), ties), 3);
    expect(members(found.groups)).toEqual(
      features.map((feature) => layers.map((layer) => `src/${layer}/${feature}.ts`)),
    );
    expect(found).toMatchObject({ cut: { imports: 0, weight: 0 }, imports: 6, balance: 1 });
    expect(found.byFolder.imports).toBe(6);
  });

  it("goes by what changed together where nothing is imported", () => {
    const paths = ["docs/a.md", "docs/b.md", "text/a.txt", "text/b.txt"];
    const ties: Tie[] = ["a", "b"].map((name) => {
      return { from: `docs/${name}.md`, to: `text/${name}.txt`, kind: "together", share: 1 };
    });
    expect(members(partition(couplingOf(each(paths), ties), 2).groups)).toEqual([
      ["docs/a.md", "text/a.txt"],
      ["docs/b.md", "text/b.txt"],
    ]);
  });

  it("goes by folder where nothing ties files at all", () => {
    const paths = ["a/1", "a/2", "b/1", "b/2", "c/1", "c/2"];
    const found = partition(couplingOf(each(paths), []), 3);
    expect(members(found.groups)).toEqual([
      ["a/1", "a/2"],
      ["b/1", "b/2"],
      ["c/1", "c/2"],
    ]);
  });

  it("keeps a circle of imports whole, though its folders pull it apart", () => {
    const folders = ["a", "b", "c", "d"];
    const paths = folders.flatMap((folder) => [1, 2, 3, 4].map((n) => `${folder}/${n}.ts`));
    const circle = folders.map((folder) => `${folder}/1.ts`);
    const ties = [
      ...circle.map((path, at) => imported(path, circle[(at + 1) % 4] ?? "")),
      ...folders.flatMap((folder) =>
        [3, 4].map((n) => imported(`${folder}/${n}.ts`, `${folder}/2.ts`)),
      ),
    ];
    const found = partition(couplingOf(each(paths), ties), 4);
    const homes = found.groups.filter(({ files }) => files.some((path) => circle.includes(path)));
    expect([homes.length, found.split]).toEqual([1, []]);
  });

  it("opens a circle that is more work than a group may have, and says so", () => {
    const paths = Array.from({ length: 12 }, (_, n) => `src/${String(n).padStart(2, "0")}.ts`);
    const ties = paths.map((path, at) => imported(path, paths[(at + 1) % 12] ?? ""));
    const found = partition(couplingOf(each(paths), ties), 3);
    expect(found.split).toEqual([paths]);
    expect(found).toMatchObject({ cut: { imports: 3 }, balance: 1 });
  });

  it("makes fewer groups of fewer files, and none of none", () => {
    expect(partition(couplingOf(each(["a", "b"]), [imported("a", "b")]), 8).groups).toHaveLength(2);
    expect(partition(couplingOf([], []), 8).groups).toEqual([]);
    expect(partition(couplingOf(each(["a", "b"]), []), 0).groups).toHaveLength(1);
  });
});

const path = fc
  .array(fc.constantFrom("a", "b", "c", "d.ts"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("/"));
const anyRepository = fc
  .uniqueArray(fc.record({ path, work: fc.integer({ min: 1, max: 5000 }) }), {
    selector: (file) => file.path,
    minLength: 1,
    maxLength: 60,
  })
  .chain((files) => {
    const one = fc.constantFrom(...files.map((file) => file.path), "not/there.ts");
    const kind = fc.constantFrom("import" as const, "together" as const);
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const ties = fc.array(fc.record({ from: one, to: one, kind, share }), { maxLength: 150 });
    return fc.record({ files: fc.constant(files), ties });
  });
const count = fc.integer({ min: 1, max: 20 });

describe("for any files, ties and number of groups", () => {
  it("every file is in exactly one group, and no group is empty", () => {
    fc.assert(
      fc.property(anyRepository, count, ({ files, ties }, groups) => {
        const found = partition(couplingOf(files, ties), groups);
        expect(found.groups).toHaveLength(Math.min(groups, files.length));
        expect(found.groups.every((group) => group.files.length > 0)).toBe(true);
        expect(found.groups.flatMap((group) => group.files).sort()).toEqual(
          files.map((file) => file.path).sort(),
        );
      }),
    );
  });

  it("the order of what comes in, and what is said twice, changes nothing", () => {
    const shuffled = anyRepository.chain((given) => {
      const { files, ties } = given;
      const order = { minLength: files.length, maxLength: files.length };
      return fc.record({
        given: fc.constant(given),
        files: fc.shuffledSubarray(files, order),
        ties: fc.shuffledSubarray(ties, { minLength: ties.length, maxLength: ties.length }),
      });
    });
    fc.assert(
      fc.property(shuffled, count, ({ given, files, ties }, groups) => {
        const again = [...ties, ...ties.filter(({ kind }) => kind === "import")];
        const found = partition(couplingOf(given.files, given.ties), groups);
        expect(JSON.stringify(partition(couplingOf(files, again), groups))).toBe(
          JSON.stringify(found),
        );
      }),
    );
  });

  it("no more is cut than grouping by folder cuts, and what is said of the cut is so", () => {
    fc.assert(
      fc.property(anyRepository, count, ({ files, ties }, groups) => {
        const found = partition(couplingOf(files, ties), groups);
        expect(found.cut.imports).toBeLessThanOrEqual(found.byFolder.imports);
        expect(found.cut.weight).toBeLessThanOrEqual(found.byFolder.weight + 1e-6);
        const homes = new Map(
          found.groups.flatMap((group, at) => group.files.map((file) => [file, at] as const)),
        );
        const pairs = new Set(
          ties
            .filter(({ from, to, kind }) => kind === "import" && homes.has(from) && homes.has(to))
            .filter(({ from, to }) => homes.get(from) !== homes.get(to))
            .map(({ from, to }) => `${from} ${to}`),
        );
        expect(found.cut.imports).toBe(pairs.size);
      }),
    );
  });

  it("the largest group is within 1.3 of the mean wherever no file is more than a quarter of it", () => {
    fc.assert(
      fc.property(anyRepository, count, ({ files, ties }, groups) => {
        const total = files.reduce((sum, { work }) => sum + work, 0);
        const mean = total / Math.min(groups, files.length);
        const heaviest = Math.max(...files.map(({ work }) => work));
        const found = partition(couplingOf(files, ties), groups);
        const largest = Math.max(...found.groups.map(({ work }) => work));
        expect(largest).toBeLessThanOrEqual(Math.max(mean * 1.15, mean + heaviest) + 1e-6);
        if (heaviest <= mean / 4) expect(found.balance).toBeLessThanOrEqual(1.3);
      }),
    );
  });

  it("circles that fit into a group stay whole unless folders cut less", () => {
    fc.assert(
      fc.property(anyRepository, count, ({ files, ties }, groups) => {
        const coupling = couplingOf(files, ties);
        const found = partition(coupling, groups);
        const works = new Map(files.map(({ path: name, work }) => [name, work]));
        const total = files.reduce((sum, { work }) => sum + work, 0);
        const mean = total / found.groups.length;
        for (const circle of found.split) {
          const work = circle.reduce((sum, name) => sum + (works.get(name) ?? 0), 0);
          const isLarge = work > mean * 0.3;
          expect(isLarge || found.cut.weight === found.byFolder.weight).toBe(true);
        }
      }),
    );
  });
});

describe("real and large sources", () => {
  it("cuts at least 30 % fewer imports of rxjs than folders do, in 8 balanced groups", async () => {
    const { files, ties } = await rxjsTies();
    const found = partition(couplingOf(files, ties), 8);
    expect(found.imports).toBeGreaterThan(1000);
    expect(found.cut.imports).toBeLessThanOrEqual(found.byFolder.imports * 0.7);
    expect(found.balance).toBeLessThanOrEqual(1.3);
    expect(found.split).toEqual([]);
  });

  it("takes 20,000 files at once", async () => {
    const { files, ties } = madeRepository(20_000);
    const ms = await processorMs(() => {
      const found = partition(couplingOf(files, ties), 50);
      expect(found.groups).toHaveLength(50);
      expect(found.cut.imports).toBeLessThan(found.byFolder.imports * 0.9);
      expect(found.balance).toBeLessThanOrEqual(1.3);
    });
    expect(ms).toBeLessThan(60_000);
  });
});
