import fc from "fast-check";
import picomatch from "picomatch";
import { describe, expect, it } from "vitest";
import { escapeGlob, parseGlob } from "../../src/core/glob.ts";
import { matcherOf } from "../../src/core/ownership.ts";
import { processorMs } from "../support/processor-time.ts";

const matches = (glob: string, path: string) => matcherOf([glob])(path);

describe("a glob", () => {
  it("means what it means to picomatch with dot files", () => {
    const name = fc.stringMatching(/^[ab.]{1,4}$/).filter((text) => !/^\.+$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const piece = fc.constantFrom(
      "a",
      "b",
      ".b",
      "*",
      "?",
      "[ab]",
      "[^a]",
      "[a-b]",
      "{a,b}",
      "{,a}",
    );
    const part = fc.oneof(
      { weight: 2, arbitrary: fc.constant("**") },
      {
        weight: 5,
        arbitrary: fc.array(piece, { minLength: 1, maxLength: 4 }).map((p) => p.join("")),
      },
    );
    const glob = fc
      .array(part, { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("/"))
      // Where picomatch lets a class or a star beside braces cross folders, we do not.
      .filter((text) => !/\*\*[^/]|[^/]\*\*|\*\*\/\*\*|\*\??\{,a\}|\{,a\}(\*|\/|$)/.test(text));
    fc.assert(
      fc.property(glob, path, (text, to) => {
        expect([text, to, matches(text, to)]).toEqual([
          text,
          to,
          picomatch(text, { dot: true, nonegate: true })(to),
        ]);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["src/**", "src/a/b.ts", true],
    ["src/**", "src/.env", true],
    ["src/*", "src/a/b.ts", false],
    ["src/**/*.ts", "src/b.ts", true],
    ["src/{a,b/c}.ts", "src/b/c.ts", true],
    ["src/v{1..3}.ts", "src/v2.ts", true],
    ["app/[id]/page.ts", "app/[id]/page.ts", true],
    ["app/[...rest]/page.ts", "app/[...rest]/page.ts", true],
    ["app/\\[id\\]/*", "app/[id]/page.ts", true],
    ["app/\\[id\\]/*", "app/i/page.ts", false],
    ["src/!(*.test).ts", "src/a.ts", true],
    ["src/!(*.test).ts", "src/a.test.ts", false],
    ["src/@(a|b)/**", "src/b/x", true],
    ["./src/a.ts", "src/a.ts", true],
    ["src/**", "src/line\nbreak.ts", true],
    ["a|b", "a|b", true],
    ["a|b", "a", false],
  ])("%s over %s is %s", (glob, path, expected) => {
    expect(matches(glob, path)).toBe(expected);
  });

  it("that was escaped matches its own path and no other", () => {
    const hostile = fc.stringMatching(/^[a!*?[\]{}()|\\"+@,. -]{1,12}$/);
    fc.assert(
      fc.property(hostile, hostile, (path, other) => {
        const isOwned = matcherOf([escapeGlob(path)]);
        expect(isOwned(path)).toBe(true);
        if (other !== path && other !== escapeGlob(path)) expect(isOwned(other)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["", "is empty"],
    ["a[", "never closed"],
    ["a{b,c", "never closed"],
    ["[b-a]", "class"],
    ["a\\", "lone"],
    ["{a,b}".repeat(20), "alternatives"],
    [`${"{".repeat(300)}a${"}".repeat(300)}`, "nested"],
    ["{1..999999}", "alternatives"],
    ["+(+(+(a)))", "parentheses"],
    ["(a", "cannot be understood"],
    ["x".repeat(5000), "longer"],
    [`*${"x".repeat(2000)}`, "wildcards"],
  ])("%s is refused", (glob, why) => {
    expect(parseGlob(glob)).toEqual({ type: "invalid", why: expect.stringContaining(why) });
  });

  it("with many stars, classes or braces answers at once", async () => {
    const path = `${"a".repeat(200)}/`.repeat(15).slice(0, -1);
    const globs = [
      "*a".repeat(300).concat("b"),
      "**/".repeat(200).concat("b"),
      `${"**/*a*a*a/".repeat(60)}b`,
      `${"{*,a}".repeat(8)}b`,
      `*(a|${"*a".repeat(2)})b`,
      "+(a|aa|aaa)b",
    ];
    const ms = await processorMs(() => {
      for (const glob of globs) expect(matches(glob, path)).toBe(false);
    });
    expect(ms).toBeLessThan(2000);
  });
});
