/** Secrets do not get into a log, however a program's output is cut into pieces. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { redactor } from "../../src/host/model-fault.ts";
import { openLog } from "../../src/host/output.ts";
import { redactedLog } from "../../src/host/redacted-log.ts";
import { runProcess } from "../../src/host/run-process.ts";
import { scratchFolder } from "../support/scratch.ts";

const key = "sk-test-0123456789";

function kept(pieces: readonly (readonly ["stdout" | "stderr", Buffer])[]): Buffer {
  const file = path.join(scratchFolder(), "log");
  const log = redactedLog(openLog(file, 1_000_000), redactor(key));
  for (const [stream, piece] of pieces) log.add(piece, stream);
  log.end();
  log.close();
  return readFileSync(file);
}

test("a key is found wherever the output is cut, on a line of its own or in one without end", () => {
  for (const text of [
    `before\nkey ${key} more\n`,
    `${"x".repeat(9000)}${key}${"y".repeat(9000)}`,
  ]) {
    const bytes = Buffer.from(text);
    const at = text.indexOf(key);
    for (let cut = at; cut <= at + key.length; cut += 1) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      const said = kept(pieces.map((piece) => ["stdout", piece])).toString();
      expect(said).toBe(text.replace(key, "[key]"));
    }
    const each = [...bytes].map((byte) => ["stdout", Buffer.from([byte])] as const);
    expect(kept(each).toString()).toBe(text.replace(key, "[key]"));
  }
});

test("what another stream says in between hides no key, and other bytes stay as they are", () => {
  const said = kept([
    ["stdout", Buffer.from(key.slice(0, 9))],
    ["stderr", Buffer.from("warning\n")],
    ["stdout", Buffer.from(`${key.slice(9)}\n`)],
  ]);
  expect(said.toString()).toBe("warning\n[key]\n");
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7) % 256));
  expect(kept([["stdout", bytes]])).toEqual(bytes);
});

test("a program's log is without the key, its last line too", async () => {
  const logFile = path.join(scratchFolder(), "log");
  const command = `printf 'sk-test-'; printf '0123456789'; echo; printf 'end ${key}' >&2`;
  const { signal } = new AbortController();
  const env = { PATH: process.env["PATH"] ?? "" };
  await runProcess({ command, cwd: "/", env, signal, logFile, redact: redactor(key) });
  expect(readFileSync(logFile, "utf8").replace("end [key]", "")).toBe("[key]\n");
});
