import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseResult, readResult, resultBytesMax } from "../../src/work/result-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pleach-result-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a whole result is read as it was written", () => {
  expect(parseResult('{ "success": false, "output": "no", "artifacts": ["a"] }')).toEqual({
    type: "said",
    success: false,
    output: "no",
    artifacts: ["a"],
  });
});

test("a missing success is true, missing output and artifacts are none, other keys are let be", () => {
  expect(parseResult('\uFEFF{ "more": 1, "__proto__": { "success": false } }')).toEqual({
    type: "said",
    success: true,
    artifacts: [],
  });
});

test.each([
  ["", /not JSON/],
  ["{", /not JSON/],
  ["null", /not an object/],
  ["[]", /not an object/],
  ['"done"', /not an object/],
  ['{ "success": "yes" }', /`success`/],
  ['{ "success": null }', /`success`/],
  ['{ "output": {} }', /`output`/],
  ['{ "artifacts": "a" }', /`artifacts`/],
  ['{ "artifacts": [1] }', /`artifacts`/],
  [JSON.stringify({ artifacts: Array(1001).fill("a") }), /`artifacts`/],
])("%s is malformed and the message says why in one line", (text, why) => {
  const result = parseResult(text);
  expect(result).toMatchObject({ type: "malformed", message: expect.stringMatching(why) });
  expect(result).toMatchObject({ message: expect.not.stringMatching(/\n/) });
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(["said", "malformed"]).toContain(parseResult(text).type);
    }),
  );
});

test("a very long output is cut and says so", () => {
  const result = parseResult(JSON.stringify({ output: "x".repeat(30_000) }));
  expect(result).toMatchObject({
    output: expect.stringMatching(/^x{20000}\n\[10000 more characters are left out\]$/),
  });
});

test("a result that was not written is absent", async () => {
  expect(await readResult(join(folder, "RESULT.json"))).toEqual({ type: "absent" });
});

test("a link, a folder, a pipe or two gigabytes in its place are malformed, and nothing blocks", async () => {
  const path = join(folder, "RESULT.json");
  const messages: unknown[] = [];
  const look = async () => {
    messages.push(await readResult(path));
    rmSync(path, { recursive: true });
  };
  writeFileSync(join(folder, "secret.json"), "{}");
  symlinkSync("secret.json", path);
  await look();
  mkdirSync(path);
  await look();
  execFileSync("mkfifo", [path]);
  await look();
  writeFileSync(path, "");
  truncateSync(path, 2 ** 31);
  await look();
  const notRegular = {
    type: "malformed",
    message: "RESULT.json cannot be used: it is not a regular file",
  };
  expect(messages).toEqual([
    notRegular,
    notRegular,
    notRegular,
    {
      type: "malformed",
      message: `RESULT.json cannot be used: it is larger than ${resultBytesMax} bytes`,
    },
  ]);
});
