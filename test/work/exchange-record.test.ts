import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordExchange } from "../../src/work/exchange-record.ts";

let folder: string;
let exchange: string;
let record: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pleach-exchange-"));
  exchange = join(folder, "exchange");
  record = join(folder, "record");
  mkdirSync(join(exchange, "outbox"), { recursive: true });
  mkdirSync(record);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("task, result and messages come to the top of the record, everything else under extra", async () => {
  for (const path of ["TASK.md", "RESULT.json", "outbox/1.json", "output.log"]) {
    writeFileSync(join(exchange, path), path);
  }
  expect(await recordExchange(exchange, record)).toEqual([]);
  const files = readdirSync(record, { recursive: true, encoding: "utf8" }).sort();
  expect(files).toEqual(
    ["RESULT.json", "TASK.md", "extra", "extra/output.log", "outbox", "outbox/1.json"].sort(),
  );
  expect(readFileSync(join(record, "extra/output.log"), "utf8")).toBe("output.log");
});

test("links, pipes and large files are left out and named, and nothing blocks", async () => {
  writeFileSync(join(folder, "secret"), "secret");
  symlinkSync("../secret", join(exchange, "RESULT.json"));
  symlinkSync(folder, join(exchange, "inbox"));
  execFileSync("mkfifo", [join(exchange, "pipe")]);
  writeFileSync(join(exchange, "large"), "");
  truncateSync(join(exchange, "large"), 2 ** 31);
  expect((await recordExchange(exchange, record)).toSorted()).toEqual([
    "RESULT.json",
    "inbox",
    "large",
    "pipe",
  ]);
  expect(readdirSync(record)).toEqual([]);
});

test("very many and very deep entries are left out at a limit", async () => {
  mkdirSync(join(exchange, "a/".repeat(20)), { recursive: true });
  expect(await recordExchange(exchange, record)).toEqual([join("a/".repeat(9)).slice(0, -1)]);
  for (let n = 0; n < 600; n++) writeFileSync(join(exchange, `${n}`), "");
  const leftOut = await recordExchange(exchange, record);
  expect(leftOut.at(-1)).toMatch(/ and what comes after it$/);
  expect(readdirSync(join(record, "extra")).length).toBeLessThanOrEqual(500);
});

test("an exchange that the worker took away leaves nothing to record", async () => {
  rmSync(exchange, { recursive: true });
  await recordExchange(exchange, record);
  expect(existsSync(join(record, "extra"))).toBe(false);
});
