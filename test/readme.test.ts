/** Every command that README.md tells people to type is run: here, in a repository of its own for each section, or by .ci/run. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProcess } from "../src/host/process.ts";
import { detectBubblewrap } from "../src/host/sandbox.ts";
import { type ModelServer, startModelServer } from "./support/model-server.ts";
import { builtProgram, type Ran, runProgram } from "./support/program.ts";
import { commandsOf, fencesOf } from "./support/readme.ts";
import { makeRepository, type TestRepository } from "./support/repository.ts";

const root = path.resolve(import.meta.dirname, "..");
const page = readFileSync(path.join(root, "README.md"), "utf8");
const fences = fencesOf(page);
const ciSteps = readFileSync(path.join(root, ".ci/run"), "utf8");

/** Run by .ci/run, word for word: they are about this repository, not about one of a user's. */
function isRunByCi(command: string): boolean {
  const words = command.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:^step \\d+ (?:newcomer )?|&& |^ +)${words}(?: &&| \\|\\||$)`, "m").test(
    ciSteps,
  );
}

const sections = [...new Set(fences.map(({ section }) => section))];
const scenarios = sections
  .map((section) => ({ section, commands: commandsIn(section).filter((one) => !isRunByCi(one)) }))
  .filter(({ commands }) => commands.length > 0);

function commandsIn(section: string): readonly string[] {
  return fences.filter((fence) => fence.section === section).flatMap(commandsOf);
}

/** Stand-ins: each checks how it was called, reads its task, and comments the files of its unit. */
const agent = (expected: string) => `#!/bin/sh
[ "$*" = '${expected}' ] || { echo "called with $*" >&2; exit 1; }
grep -q "Say what every part is for" || exit 1
for file in "src/$PLEACH_UNIT"/*; do sed -i "1i // $PLEACH_UNIT" "$file"; done
`;
const agents = {
  codex: agent("exec --sandbox workspace-write -"),
  claude: agent("-p --permission-mode acceptEdits"),
};

/** The model of the README, wherever it listens: it comments the files of whichever unit it is told of. */
const modelAddress = "http://localhost:11434/v1";
const fixtures = ["cart", "shop"].flatMap((unit) => {
  const match = { userMessage: `(${unit})` };
  const command = `for file in src/${unit}/*; do sed -i '1i // ${unit}' "$file"; done`;
  const toolCalls = [{ name: "shell", arguments: { command } }];
  return [
    { match: { ...match, turnIndex: 0 }, response: { toolCalls } },
    { match: { ...match, turnIndex: 1 }, response: { content: `Commented ${unit}.` } },
  ];
});

let home: string;
let model: ModelServer;
beforeAll(async () => {
  model = await startModelServer(fixtures);
  // Not below /tmp, of which a sandbox has its own: the agents are installed here.
  home = mkdtempSync("/var/tmp/pleach-readme-");
  mkdirSync(path.join(home, "bin"));
  chmodSync(builtProgram, 0o755);
  symlinkSync(builtProgram, path.join(home, "bin/pleach"));
});
afterAll(async () => {
  await model.stop();
  rmSync(home, { recursive: true, force: true });
});

const parts = ["cart", "shop", "user"].flatMap((folder) => [1, 2, 3].map((n) => ({ folder, n })));
const example = {
  ...Object.fromEntries(
    parts.map(({ folder, n }) => [`src/${folder}/part${n}.js`, `var ${folder}${n} = ${n};\n`]),
  ),
  "package.json": '{ "scripts": { "test": "node --check src/cart/part1.js" } }\n',
  ".gitignore": "node_modules\n",
};

/** The repository that a section speaks of, with the files that the README has named so far; a configuration is its section's. */
async function makeExample(section: string): Promise<TestRepository> {
  rmSync(path.join(home, "app"), { recursive: true, force: true });
  const repository = await makeRepository(example, { under: home, name: "app" });
  const soFar = sections.slice(0, sections.indexOf(section) + 1);
  for (const fence of fences.filter((one) => soFar.includes(one.section))) {
    const isForeign = fence.file === ".agentrc.json" && fence.section !== section;
    if (fence.file !== undefined && !isForeign)
      await repository.commit({
        [fence.file]: fence.text.replaceAll(modelAddress, model.baseURL),
      });
  }
  const write = (name: string, text: string) =>
    repository.write({ [path.join(home, "bin", name)]: text });
  for (const [name, text] of Object.entries(agents)) {
    write(name, text);
    chmodSync(path.join(home, "bin", name), 0o755);
  }
  repository.write({ "node_modules/thing/index.js": "" });
  return repository;
}

function type(command: string, cwd: string): Promise<Ran> {
  const { PATH = "" } = process.env;
  const child = startProcess("sh", ["-c", command], {
    cwd,
    env: { PATH: `${path.join(home, "bin")}:${PATH}`, HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

const { available } = await detectBubblewrap();

/** Where there is no sandbox, people are told to do without one. */
function asTypedHere(command: string): string {
  return available ? command : command.replace(/\bpleach run\b/, "$& --sandbox none");
}

/** What must be so before a section's commands are typed. */
const before: Readonly<Record<string, (repository: TestRepository) => Promise<void>>> = {
  "Watch it, stop it, go on": (repository) => cutOff(repository),
};

/** A run that is killed while its first unit is at work. */
async function cutOff({ path: cwd }: TestRepository): Promise<void> {
  const waits =
    'until [ -e "$HOME/go" ]; do sleep 0.1; done; for f in {files}; do echo >>"$f"; done';
  const args = ["run", "--files", "src/**", "--command", waits, "--sandbox", "none", "--ndjson"];
  const { PATH = "" } = process.env;
  const child = startProcess(process.execPath, [builtProgram, ...args], {
    cwd,
    env: { PATH, HOME: home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise<void>((resolve) => {
    let said = "";
    child.stdout?.on("data", (text: Buffer) => {
      said += text.toString();
      if (said.includes('"unit-started"')) resolve();
    });
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await ended;
  writeFileSync(path.join(home, "go"), "");
}

describe("what README.md tells people to type works", () => {
  test.each(scenarios)("$section", async ({ section, commands }) => {
    const repository = await makeExample(section);
    await before[section]?.(repository);
    for (const command of commands.map(asTypedHere)) {
      const ran = await type(command, repository.path);
      expect({ command, ...ran }).toMatchObject({ command, code: 0 });
    }
  });
});

describe("what README.md says is so", () => {
  test("a run looks like the one that it shows", async () => {
    const shown = fences.filter(({ language }) => language === "text");
    expect(shown).toHaveLength(1);
    const [typed = "", ...said] = shown[0]?.text.trimEnd().split("\n") ?? [];
    expect(typed).toMatch(/^\$ pleach run /);
    const last = sections.find((one) => one.startsWith("A codemod")) ?? "";
    const repository = await makeExample(last);

    const ran = await type(typed.slice(2), repository.path);

    const seen = `${ran.stderr}${ran.stdout}`.trimEnd().split("\n");
    expect(seen.map(timeless).toSorted()).toEqual(said.map(timeless).toSorted());
  });

  test("it names every command, and none that is not there", async () => {
    const { stdout } = await runProgram(["--help"]);
    const there = [...stdout.matchAll(/^ {2}([a-z]+) {2,}[a-z]/gm)].map(([, name]) => name);
    const [, table = ""] = page.split("| command | what it does |\n");
    const named = (table.split("\n\n")[0] ?? "").matchAll(/`pleach ([a-z]+)/g);
    expect([...named].map(([, name]) => name).toSorted()).toEqual(there.toSorted());
  });

  test("every flag of ours that it names exists", async () => {
    const helps = ["run", "plan", "status", "report", "clean"].map((name) =>
      runProgram([name, "--help"]),
    );
    const known = (await Promise.all(helps)).map(({ stdout }) => stdout).join("\n");
    const prose = page.replaceAll(/^```.*?^```$/gms, "").replaceAll(/git \S+ --\S+/g, "");
    const flags = new Set([...prose.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag));
    expect(flags.size).toBeGreaterThan(5);
    expect([...flags].filter((flag) => !known.includes(flag))).toEqual([]);
  });

  test("every file that it points to is there", () => {
    const pointed = [...page.matchAll(/`((?:test|scripts)\/[\w./-]+)`|\]\(([\w./-]+)\)/g)];
    const files = pointed.map(([, code, link]) => code ?? link ?? "");
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });
});

/** Without what differs from run to run: clock, run, commits, durations and the columns that they widen. */
function timeless(line: string): string {
  return line
    .replaceAll(/\d{8}-\d{4}-\w{4}/g, "RUN")
    .replace(/^\d\d:\d\d:\d\d/, "TIME")
    .replaceAll(/\b[0-9a-f]{10}\b/g, "COMMIT")
    .replaceAll(/\b\d+(?:\.\d)? (?:s|min)\b/g, "TIME")
    .replaceAll(/ {2,}/g, "  ");
}
