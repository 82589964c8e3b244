import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { numberIn, runningWith } from "../../support/scratch.ts";
import { makeToolPlace, said } from "../../support/tool-place.ts";

describe("shell", () => {
  it("runs at the root of the worktree, and tells the exit code and what was said", async () => {
    const place = makeToolPlace({ a: "x\n" });
    const good = await place.call("shell", { command: "ls; echo err >&2" });
    expect(said(good).replace(/\d+\.\d/, "N")).toBe("done: a\nerr\n[exit code 0; N seconds]");
    expect(good).toMatchObject({ isForeign: true });
    const bad = await place.call("shell", { command: "exit 3" });
    expect(said(bad).replace(/\d+\.\d/, "N")).toBe(
      "failed: [it printed nothing]\n[exit code 3; N seconds]",
    );
    expect(said(await place.call("shell", { command: "kill -9 $$" }))).toContain(
      "[ended by SIGKILL",
    );
    expect(said(await place.call("shell", { command: "a\0b" }))).toMatch(
      /^failed: wrong arguments/,
    );
  });

  it("keeps no key in the files of its output, nor does grep", async () => {
    const redact = (text: string) => text.replaceAll("sk-secret", "[key]");
    const place = makeToolPlace({ a: "it is sk-secret\n" }, { redact });
    const told = [await place.call("shell", { command: "cat a" })];
    told.push(await place.call("grep", { pattern: "it is" }));
    for (const each of told) expect(said(each)).toContain("it is [key]");
    const { outputs } = place.workplace;
    const kept = readdirSync(outputs).map((name) => readFileSync(path.join(outputs, name), "utf8"));
    expect(kept.join("")).not.toContain("sk-secret");
    expect(kept).toHaveLength(2);
  });

  it("gets no input, and only the environment that it is given", async () => {
    const place = makeToolPlace(
      {},
      {
        shell: {
          sandbox: undefined,
          env: { PATH: process.env["PATH"] ?? "", X: "1" },
          timeoutMs: 9000,
          mark: {},
        },
      },
    );
    const text = said(
      await place.call("shell", { command: "cat; env | cut -d= -f1 | sort | tr '\\n' ' '" }),
    );
    expect(text).toMatch(/^done: PATH PLEACH_PROCESS PWD (?:SHLVL )?X (?:_ )?\n/);
  });

  it("is ended with all that it started after its time, or when it is stopped", async () => {
    const place = makeToolPlace(
      {},
      {
        shell: {
          sandbox: undefined,
          env: { PATH: process.env["PATH"] ?? "", NAME: `shell-${process.pid}` },
          timeoutMs: 300,
          mark: {},
        },
      },
    );
    const command = "setsid sleep 1000 & echo begun; sleep 1000";
    expect(said(await place.call("shell", { command }))).toMatch(
      /^failed: begun\n(?:Terminated\n)?\[stopped: it took longer than 0.3 seconds; /,
    );
    expect(runningWith(`NAME=shell-${process.pid}`)).toEqual([]);
    const patient = makeToolPlace();
    const stop = new AbortController();
    const running = patient.call("shell", { command: "echo $$ > pid; sleep 1000" }, stop.signal);
    await numberIn(path.join(patient.workplace.worktree, "pid"));
    stop.abort();
    expect(said(await running)).toMatch(/stopped before its end/);
  });

  it("may be given less time, never more", async () => {
    const place = makeToolPlace(
      {},
      {
        shell: {
          sandbox: undefined,
          env: { PATH: process.env["PATH"] ?? "" },
          timeoutMs: 400,
          mark: {},
        },
      },
    );
    expect(said(await place.call("shell", { command: "sleep 9", timeout: 3600 }))).toContain(
      "longer than 0.4 seconds",
    );
  });

  it("shows the beginning and the end of much output, and where the rest is", async () => {
    const place = makeToolPlace();
    const text = said(await place.call("shell", { command: "seq 1 1000000" }));
    const file = /all of it is in (\S+): read/.exec(text)?.[1] ?? "";
    expect(text).toMatch(/^done: 1\n2\n3\n/);
    expect(text).toContain("\n999999\n1000000\n[exit code 0");
    expect(text.length).toBeLessThan(13_000);
    expect(readFileSync(file, "utf8").length).toBe(6_888_896);
    const flood = said(
      await place.call("shell", { command: "head -c 60000000 /dev/zero | tr '\\0' x" }),
    );
    expect(flood).toContain("output after 20971520 bytes is left out");
  });

  it("tells which files that the agent knew it has changed", async () => {
    const place = makeToolPlace({ a: "1\n", b: "1\n", c: "1\n" });
    for (const name of ["a", "b", "c"]) await place.call("read", { path: name });
    const text = said(await place.call("shell", { command: "echo 2 > a; rm b; echo 1 > c" }));
    expect(text).toContain(
      "[changed since you read them: a, b; read them again before you edit them]",
    );
  });
});
