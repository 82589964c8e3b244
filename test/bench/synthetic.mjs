// Repositories for benches: many small TypeScript files in nested folders, with a little history, in memory-backed storage.
// The same number of files always gives the same bytes.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const home = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const made = new Map();
let folder;

export const small = 3000;
export const large = 28_000;
const modulesPerFolder = 50;

/** Where a bench may put what it needs; taken away at the end. */
export function benchFolder() {
  folder ??= mkdtempSync(path.join(home, "pleach-bench-"));
  return folder;
}

/** { dir, files, textOf }: a repository of so many files on main, made once per process. Whoever changes it puts it back. */
export function syntheticRepository(count) {
  const known = made.get(count);
  if (known) return known;
  const dir = path.join(benchFolder(), `repository-${count}`);
  const files = Array.from({ length: count }, (_, at) => fileOf(at));
  for (const [at, file] of files.entries()) writeInto(dir, file, textOf(at));
  git(dir, "init", "--quiet", "--initial-branch=main");
  commit(dir, "The first files");
  for (let version = 1; version <= 10; version++) {
    writeInto(dir, "CHANGES.md", `version ${version}\n`);
    commit(dir, `Version ${version}`);
  }
  const repository = { dir, files, textOf };
  made.set(count, repository);
  return repository;
}

/** { dir }: a packed repository of so many files of 5 KB that import each other, within their folders and across. */
export function syntheticModules(count) {
  const known = made.get(`modules-${count}`);
  if (known) return known;
  const dir = path.join(benchFolder(), `modules-${count}`);
  const folders = Math.ceil(count / modulesPerFolder);
  for (let at = 0; at < count; at++) {
    const [folder, number] = [Math.floor(at / modulesPerFolder), at % modulesPerFolder];
    const beside = [3, 6, 9, 12, 15].map((step) => (number * 7 + step) % modulesPerFolder);
    const lines = beside
      .filter((other) => other !== number && folder * modulesPerFolder + other < count)
      .map((other) => `import { value${other} } from "./module${other}";`);
    const far = `../part${(folder * 31 + 7) % folders}/module0`;
    lines.push(`import type { Options, Result } from "${far}";`);
    const [, , ...body] = textOf(at).split("\n");
    const own = `export const value${number} = 1;\nexport type Options = {};\nexport type Result = {};\n`;
    writeInto(dir, `src/part${folder}/module${number}.ts`, [...lines, ...body, own].join("\n"));
  }
  git(dir, "init", "--quiet", "--initial-branch=main");
  commit(dir, "The first files");
  // As a clone has it: git reads loose objects at a tenth of the speed.
  git(dir, "repack", "-adq");
  const repository = { dir };
  made.set(`modules-${count}`, repository);
  return repository;
}

export function removeRepositories() {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

export function git(dir, ...args) {
  const settings = ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"];
  const { status, stdout, stderr } = spawnSync("git", [...settings, ...args], {
    cwd: dir,
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`git ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

function commit(dir, message) {
  git(dir, "add", "--all");
  git(dir, "commit", "--quiet", "-m", message);
}

function writeInto(dir, file, text) {
  mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
  writeFileSync(path.join(dir, file), text);
}

/** About twelve files a folder, three folders deep. */
export function fileOf(at) {
  const group = Math.floor(at / 12);
  return `src/area${group % 16}/part${Math.floor(group / 16) % 16}/module${Math.floor(group / 256)}/file${at}.ts`;
}

/** About 4 KB of ordinary code. One file in ten calls `legacyCall`; all of them import and call something. */
function textOf(at) {
  const functions = Array.from({ length: 12 }, (_, n) => functionText(at, n));
  return [
    `import { helper${at % 97} } from "../shared/helper${at % 97}";`,
    'import type { Options, Result } from "../../types";',
    ...functions,
    at % 10 === 0 ? `export const old${at} = legacyCall(${at}, "text");` : "",
    "",
  ].join("\n");
}

function functionText(at, n) {
  return `
/** Works out value ${n} of module ${at} from what it is given. */
export function compute${at}x${n}(input: number, options: Options): Result {
  const limit = options.limit ?? ${(at * 31 + n * 17) % 1000};
  let total = input + ${n};
  for (let step = 0; step < limit; step += 1) {
    if (total % ${n + 2} === 0) total = helper${at % 97}(total, step);
    else total += step * ${n + 1};
  }
  return { total, label: \`module-${at}-\${total}\`, done: total > limit };
}`;
}
