import { mkdtemp, readFile, rmdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { startProcess } from "../../src/host/process.ts";
import { builtProgram, runProgram } from "../support/program.ts";
import { type } from "../support/scripted-doors.ts";

const commands =
  "run plan resume status logs report approve deny message pause cancel land undo clean agents doctor trust".split(
    " ",
  );
const laterCommands = "init check merge dashboard worker completion".split(" ");

describe("pleach", () => {
  it("says its version", async () => {
    const text = await readFile(path.resolve(import.meta.dirname, "../../package.json"), "utf8");
    const { version } = JSON.parse(text) as { version: string };
    expect(await runProgram(["--version"])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  it("lists its commands, and none that is not there", async () => {
    const { code, stdout, stderr } = await runProgram(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
    expect(listed).toEqual(commands);
    expect(laterCommands.filter((name) => listed.includes(name))).toEqual([]);
  });

  it.each(commands)("explains %s with every option that all commands have", async (command) => {
    const help = await type([command, "--help"]);
    expect(help.code).toBe(0);
    for (const option of ["-C, --repo", "--config", "--json", "--no-color", "-q,", "-v,"]) {
      expect(help.stdout).toContain(option);
    }
    expect(await type(["help", command])).toEqual(help);
  });

  it("shows the help on stderr where no command was given, and ends with 2", async () => {
    const { code, stdout, stderr } = await runProgram([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Commands:");
    expect(stderr).toContain("error: no command was given");
  });

  it("ends quietly where nobody reads its output", async () => {
    const child = startProcess(
      "sh",
      ["-c", `"$1" "$2" --help | true`, "sh", process.execPath, builtProgram],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    await new Promise((resolve) => child.once("close", resolve));
    expect(stderr).toBe("");
  });

  it("is 3 where the current directory was deleted", async () => {
    const gone = await mkdtemp(path.join(os.tmpdir(), "pleach-gone-"));
    const script = `rmdir "$0"; exec "$1" "$2" status`;
    const child = startProcess("sh", ["-c", script, gone, process.execPath, builtProgram], {
      cwd: gone,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining("the current directory does not exist any more"),
    });
    await rmdir(gone).catch((error: NodeJS.ErrnoException) => expect(error.code).toBe("ENOENT"));
  });
});

const wrong: readonly (readonly [typed: string[], said: string])[] = [
  [["rum"], "did you mean run?"],
  [["help", "rum"], "did you mean run?"],
  [["init"], "unknown command 'init'"],
  [["run"], "was not told what to do"],
  [["plan"], "was not told what to do"],
  [["run", ""], "the goal is empty"],
  [["run", "--units", "3"], "--units needs --files"],
  [["run", "a", "b"], "too many arguments"],
  [["run", "--plan"], "argument missing"],
  [["run", "--plan", ""], "must not be empty"],
  [["run", "--plam", "x"], "did you mean --plan?"],
  [["run", "--files", "a", "--units", "0"], "'--units <n>' argument '0' is invalid"],
  [["run", "--files", "a", "--units", "1e3"], "a whole number, 1 or more"],
  [["run", "--files", "a", "--units", "99999999999999999999"], "a whole number, 1 or more"],
  [
    ["run", "--files", "a", "--concurrency", "abc"],
    "'--concurrency <n>' argument 'abc' is invalid",
  ],
  [["run", "--files", "a", "--attempts", "-1"], "'--attempts <n>' argument '-1' is invalid"],
  [["run", "--files", "a", "--timeout", "5x"], "such as 90s, 15m or 1h"],
  [["run", "--files", "a", "--timeout", "0s"], "such as 90s, 15m or 1h"],
  [["run", "--files", "a", "--budget-usd", "free"], "a number greater than 0"],
  [["run", "--files", "a", "--budget-tokens", "1.5"], "a whole number, 1 or more"],
  [["run", "--files", "a", "--land", "pr"], "Allowed choices are auto, partial, never"],
  [["run", "--files", "a", "--sandbox", "docker"], "Allowed choices are auto, bwrap, none"],
  [["run", "--files", "a", "--approval", "maybe"], "Allowed choices are auto, required"],
  [["run", "--files", "a", "--target", "-f"], "cannot begin with '-'"],
  [["run", "--files", "a", "--base", "-f"], "cannot begin with '-'"],
  [["run", "--plan", "p", "--files", "a"], "cannot be used with"],
  [["run", "--plan", "p", "--units", "2"], "cannot be used with"],
  [["run", "--plan", "p", "a goal"], "the plan has its own"],
  [["run", "--files", "a", "--codemod", "c", "--command", "d"], "cannot be used with"],
  [["run", "--files", "a", "--worker", "c", "--command", "d"], "cannot be used with"],
  [["run", "--files", "a", "--worker", "c", "--codemod", "d"], "cannot be used with"],
  [["run", "--files", "a", "-q", "-v"], "-q and -v cannot be used together"],
  [["-q", "run", "--files", "a", "-v"], "-q and -v cannot be used together"],
  [["run", "--files", "a", "--ndjson", "--json"], "cannot be used with"],
  [["run", "--files", "a", "--ndjson", "--dry-run"], "cannot be used with"],
  [["status", "--all", "--follow"], "cannot be used with"],
  [["logs"], "missing required argument"],
  [["logs", "20261120-1430-k3f9"], "names no unit"],
  [["logs", "a/b/c"], "neither RUN nor RUN/UNIT"],
  [["report", "--format", "html"], "Allowed choices are md, json"],
  [["approve"], "missing required argument"],
  [["cancel", "a/b/c"], "neither RUN nor RUN/UNIT"],
];

describe("wrong usage", () => {
  it.each(wrong)(
    "%j says what, and what to type, without a stack, and ends with 2",
    async (typed, said) => {
      const { code, stdout, stderr } = await type(typed);
      const isForProgram = typed.includes("--json") || typed.includes("--ndjson");
      expect({ code, silent: stdout === "" }).toEqual({ code: 2, silent: !isForProgram });
      expect(stderr).toContain(said);
      expect(stderr).toMatch(/^error: .+\nnext: {2}.+\n$/);
    },
  );

  it("is JSON on stdout as well where a program reads", async () => {
    for (const typed of [
      ["run", "--json", "--units", "0"],
      ["--json", "rum"],
      ["run", "--ndjson"],
    ]) {
      const { code, stdout, stderr } = await runProgram(typed);
      const { error } = JSON.parse(stdout) as { error: Record<string, unknown> };
      expect(code).toBe(2);
      expect(Object.keys(error)).toEqual(["code", "message", "advice", "details"]);
      expect(stderr).toContain(error["message"]);
    }
  });

  it("cannot deceive a terminal", async () => {
    const { stderr } = await runProgram(["run", "--\x1b[31m\u202e\rflag"]);
    expect(stderr.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
