import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Glob, RepoPath, Sha, UnitId } from "../../src/core/id.ts";
import { isProtected, ownershipOf } from "../../src/core/ownership.ts";
import type { Change } from "../../src/git/change.ts";
import { gate } from "../../src/work/gate.ts";

const zeros = "0".repeat(40) as Sha;
const some = "1".repeat(40) as Sha;
const names = ["a", "b", "c", ".git", ".GIT"] as const;

const pathOf = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("/") as RepoPath);
const linkTarget = fc
  .array(fc.constantFrom(...names, "..", "..", ".", ""), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join("/"));

const oneChange: fc.Arbitrary<Change> = fc.record({
  path: pathOf,
  kind: fc.constantFrom("added", "deleted", "modified", "type_changed"),
  oldMode: fc.constantFrom("000000", "100644", "120000", "160000"),
  newMode: fc.constantFrom("000000", "100644", "100755", "120000", "160000"),
  oid: fc.constantFrom(zeros, some, some, some),
});

/** A unit owns folders and files by their plain names, so that who owns what is plain here too. */
const owned = fc.array(pathOf, { maxLength: 3 });
const isIn = (path: string, roots: readonly string[]) =>
  roots.some((root) => path === root || path.startsWith(`${root}/`));
const globsOf = (roots: readonly string[]) =>
  roots.flatMap((root) => [root, `${root}/**`]) as unknown as readonly Glob[];

interface Link {
  readonly path: string;
  readonly target: string;
}

/** Where the kernel would arrive, in a tree of folders and these links; undefined outside of it, or after many steps. */
function arriveAt(links: readonly Link[], link: Link): readonly string[] | undefined {
  const byPath = new Map(links.map((one) => [one.path, one.target]));
  const open = link.target.split("/");
  let here: readonly string[] | undefined = link.path.split("/").slice(0, -1);
  for (let steps = 0; open.length > 0 && here !== undefined && steps < 200; steps += 1) {
    const part = open.shift() ?? "";
    const target = part === ".." ? undefined : byPath.get([...here, part].join("/"));
    if (target === undefined) here = stepInto(here, part);
    else open.unshift(...target.split("/"));
  }
  return here;
}

function stepInto(here: readonly string[], part: string): readonly string[] | undefined {
  if (part === "" || part === ".") return here;
  if (part !== "..") return [...here, part];
  return here.length === 0 ? undefined : here.slice(0, -1);
}

describe("the ownership gate", () => {
  it("lets through only what the unit alone owns or was granted, that is unprotected and that a commit holds", () => {
    const claims = fc.array(pathOf, { maxLength: 2 });
    const facts = { mine: owned, others: owned, guarded: owned, claimed: claims };
    fc.assert(
      fc.property(fc.array(oneChange, { maxLength: 5 }), fc.record(facts), (changed, who) => {
        const ownership = ownershipOf([
          { id: "mine" as UnitId, owns: globsOf(who.mine) },
          { id: "other" as UnitId, owns: globsOf(who.others) },
        ]);
        const reason = gate(changed, {
          unit: "mine" as UnitId,
          ownership,
          claimed: who.claimed as RepoPath[],
          isProtected: isProtected(globsOf(who.guarded)),
          links: new Map(),
        });
        const isWrong = ({ path, kind, newMode, oid }: Change) =>
          !(isIn(path, who.mine) || who.claimed.includes(path)) ||
          isIn(path, who.others) ||
          isIn(path, who.guarded) ||
          (kind !== "deleted" && (newMode === "160000" || oid === zeros));
        if (changed.length === 0) expect(reason?.type).toBe("no_change");
        else if (changed.some(isWrong)) {
          expect(reason?.type).toBe("strayed");
          const wrong = new Set(changed.filter(isWrong).map(({ path }) => path));
          expect(reason?.paths.filter((path) => !wrong.has(path))).toEqual([]);
        } else expect(reason).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it("says of an attempt that made only what git ignores just that", () => {
    const facts = {
      unit: "mine" as UnitId,
      ownership: ownershipOf([{ id: "mine" as UnitId, owns: ["**" as Glob] }]),
      claimed: [],
      isProtected: () => false,
      links: new Map(),
    };
    expect(gate([], facts)?.message).toBe("nothing was changed");
    const ignored = ["a.gen", "b.gen", "c.gen", "d.gen", "e.gen", "f.gen"];
    expect(gate([], { ...facts, ignored: ignored.slice(0, 1) })?.message).toBe(
      "only files that git ignores (a.gen)",
    );
    expect(gate([], { ...facts, ignored })?.message).toMatch(/a.gen, .*e.gen, …\)$/);
  });

  it("lets no set of links through of which one leads out of the tree, or into a git directory", () => {
    const link = fc.record({ path: pathOf, target: linkTarget });
    let passed = 0;
    fc.assert(
      fc.property(fc.uniqueArray(link, { maxLength: 4, selector: ({ path }) => path }), (links) => {
        const accepted = links.filter(({ path, target }) => {
          const change: Change = {
            path: path as RepoPath,
            kind: "added",
            oldMode: "000000",
            newMode: "120000",
            oid: some,
          };
          return (
            gate([change], {
              unit: "mine" as UnitId,
              claimed: [],
              ownership: ownershipOf([{ id: "mine" as UnitId, owns: ["**" as Glob] }]),
              isProtected: () => false,
              links: new Map([[change.path, target]]),
            }) === undefined
          );
        });
        // Git holds no path below a link.
        const real = accepted.filter(
          ({ path }) => !accepted.some((other) => path.startsWith(`${other.path}/`)),
        );
        passed += real.length;
        for (const one of real) {
          const end = arriveAt(real, one);
          expect(end?.filter((part) => part.toLowerCase() === ".git")).toEqual([]);
        }
      }),
      { numRuns: 5000 },
    );
    expect(passed).toBeGreaterThan(1000);
  });
});
