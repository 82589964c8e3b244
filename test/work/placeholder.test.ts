import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { fillPlaceholders, mistakenPlaceholders, takesFiles } from "../../src/work/placeholder.ts";

const task = "/exchange/it's $(id)/TASK.md";
const files = ["a b.txt", "$(touch pwned)", "it's", '"', "-rf", "two\nlines", "*", "\\"];
const operands = files.map((file) => (file === "-rf" ? "./-rf" : file));

/** What a program given this command line really receives. */
function received(command: string | readonly string[]): string[] {
  const filled = fillPlaceholders(command, { task, files });
  const [file = "", ...args] = typeof filled === "string" ? ["sh", "-c", filled] : filled;
  const { PATH = "" } = process.env;
  const env = { PATH, AGENT_TASK_FILE: task };
  const output = execFileSync(file, args, { encoding: "utf8", env, cwd: "/" });
  return output.split("\0").slice(0, -1);
}

test("a string command receives the task file and every file whole, whatever their names", () => {
  expect(received("printf '%s\\0' {task} {files}")).toEqual([task, ...operands]);
});

test("in double or single quotes of a string command a placeholder is one text", () => {
  expect(received(`printf '%s\\0' "task={task}" "{files}"`)).toEqual([
    `task=${task}`,
    operands.join(" "),
  ]);
  expect(received("printf '%s\\0' 'task={task}' '<{files}>'")).toEqual([
    `task=${task}`,
    `<${operands.join(" ")}>`,
  ]);
});

test("quotes inside a command substitution are read as their own", () => {
  expect(received(`printf '%s\\0' "$(printf '%s' "{task}" '{task}' {task})" \\" {task}`)).toEqual([
    task + task + task,
    '"',
    task,
  ]);
});

test("in a list a lone {files} becomes one argument per file, a part of one is joined by spaces", () => {
  expect(received(["printf", "%s\\0", "{files}", "--task={task}", "--files={files}"])).toEqual([
    ...operands,
    `--task=${task}`,
    `--files=${operands.join(" ")}`,
  ]);
});

test("a file's name is never read as a placeholder or as a pattern of a replacement", () => {
  const filled = fillPlaceholders(["x{files}", "{task}"], {
    task: "$&{files}",
    files: ["{task}$&"],
  });
  expect(filled).toEqual(["x{task}$&", "$&{files}"]);
});

test("a command without placeholders stays as it was", () => {
  const values = { task, files };
  expect(fillPlaceholders("make {other}", values)).toBe("make {other}");
  expect(fillPlaceholders(["make", "$x"], values)).toEqual(["make", "$x"]);
});

test("more files than one argument can hold fit into a string command", () => {
  const many = Array.from({ length: 20_000 }, (_, n) => `src/some-folder/file-${n}.ts`);
  const filled = fillPlaceholders("echo $#; true {files}", { task, files: many });
  const [file = "", ...args] = filled;
  expect(execFileSync(file, args, { encoding: "utf8" })).toBe("20000\n");
});

test("a command says whether it takes files", () => {
  expect([takesFiles("a {files}"), takesFiles(["a", "x={files}"]), takesFiles("a {task}")]).toEqual(
    [true, true, false],
  );
});

test("what looks like a mistaken placeholder is told from braces of the command's own", () => {
  expect(mistakenPlaceholders("x {tasks} {FILE} {file} {file} {task} {files}")).toEqual([
    "{tasks}",
    "{FILE}",
    "{file}",
  ]);
  const honest = `awk '{print}' \${file} {} {"file":1} git show HEAD@{unit} {{file}}`;
  expect(mistakenPlaceholders(honest)).toEqual([]);
  expect(mistakenPlaceholders(["agent", "{prompt}"])).toEqual(["{prompt}"]);
});
