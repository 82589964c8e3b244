/** The program of a codemod's child process: `rules` rewrites the files it is told of on stdin, until stdin ends; `search` looks for
 *  matches in the texts that it is given there; `module FILE` runs a module over the files of a job. It waits for its input and for the disk, for it has nothing else to
 *  do, and it ends when its parent is gone. */
import { appendFileSync, readFileSync, readSync, writeSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { messageOf } from "../core/failure.ts";
import {
  type FolderCheck,
  makeFolderCheck,
  readForCodemod,
  replaceFile,
  splitMark,
} from "./codemod-file.ts";
import { loadLibrary } from "./codemod-library.ts";
import type {
  Batch,
  FileDone,
  ModuleJob,
  ModuleLine,
  Ready,
  RuleJob,
  SearchBatch,
  SearchJob,
  TextSearched,
} from "./codemod-protocol.ts";
import { fixProblems, makeRewriter, type Rewriter } from "./codemod-rewrite.ts";
import { parseRuleFile } from "./codemod-rule.ts";
import { loadSearcher, type Searcher } from "./codemod-search.ts";

/** A tree takes some sixty times the memory of its text. */
const parsedCharactersMax = 500_000;
let parsedCharacters = 0;

const [kind, jobFile] = process.argv.slice(2);
if (kind === "module" && jobFile !== undefined) {
  await runModule(JSON.parse(readFileSync(jobFile, "utf8")) as ModuleJob);
  // All is in the report; the module may have left timers or servers of its own running.
  process.kill(process.pid, "SIGKILL");
} else if (kind === "search") {
  await runSearch();
} else {
  await runRules();
}

async function runRules(): Promise<void> {
  const lines = linesOfStdin();
  const first = lines.next();
  if (first.done) return;
  const rewriter = loadRules(JSON.parse(first.value) as RuleJob);
  if (rewriter === undefined) return;
  for (const line of lines) {
    const { worktree, files } = JSON.parse(line) as Batch;
    const folders = makeFolderCheck(worktree);
    for (const file of files) {
      say(rewriteFile(file, worktree, folders, rewriter));
      if (parsedCharacters > parsedCharactersMax) await forgetTrees();
    }
  }
}

async function runSearch(): Promise<void> {
  const lines = linesOfStdin();
  const first = lines.next();
  if (first.done) return;
  const loaded = loadSearcher((JSON.parse(first.value) as SearchJob).match);
  if (loaded.type === "problems") return say({ problems: loaded.problems });
  const { searcher } = loaded;
  const { extensions } = searcher;
  say({ problems: [], ...(extensions === undefined ? {} : { extensions }) });
  for (const line of lines) {
    for (const { path: file, text } of (JSON.parse(line) as SearchBatch).texts) {
      parsedCharacters += text.length;
      say(searchText(file, text, searcher));
      if (parsedCharacters > parsedCharactersMax) await forgetTrees();
    }
  }
}

function searchText(file: string, text: string, searcher: Searcher): TextSearched {
  try {
    return searcher.search(file, text);
  } catch (error) {
    return { state: "failed", why: messageOf(error).split("\n")[0] ?? "" };
  }
}

/** Says what is wrong with the rules, if anything is. */
function loadRules({ text, file }: RuleJob): Rewriter | undefined {
  const read = parseRuleFile(text, file);
  if (read.type === "problems") return saidWrong(read.problems);
  const loaded = loadLibrary(read.rules.map(({ language }) => language));
  if (loaded.type === "problems") return saidWrong(loaded.problems);
  const problems = fixProblems(read.rules, loaded.library);
  if (problems.length > 0) return saidWrong(problems);
  const rewriter = makeRewriter(read.rules, loaded.library);
  say({ problems: [] });
  return rewriter;
}

function saidWrong(problems: readonly string[]): undefined {
  say({ problems });
}

function rewriteFile(
  file: string,
  worktree: string,
  folders: FolderCheck,
  rewriter: Rewriter,
): FileDone {
  const rules = rewriter.rulesFor(file);
  if (rules === undefined) return { state: "unchanged" };
  const place = path.join(worktree, file);
  return guarded(() => {
    const read = readForCodemod(place, folders);
    if (read.type === "skipped") return { state: "skipped", why: read.why };
    const { bytes, mode } = read;
    if (rules.needed?.every((text) => !bytes.includes(text))) return { state: "unchanged" };
    const { text, mark } = splitMark(bytes);
    parsedCharacters += text.length;
    const written = rewriter.rewrite(text, rules);
    const unclean = written.unclean ? ({ unclean: true } as const) : {};
    if (written.text === undefined) return { state: "unchanged", ...unclean };
    replaceFile(place, mark + written.text, mode);
    return { state: "changed", ...unclean };
  });
}

/** Syntax trees lie outside of what V8 counts, so that it would collect hardly any; and they are given back only in a turn
 *  of the event loop. */
async function forgetTrees(): Promise<void> {
  parsedCharacters = 0;
  globalThis.gc?.();
  await setImmediate();
}

function guarded(work: () => FileDone): FileDone {
  try {
    return work();
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): FileDone {
  const code =
    error instanceof Error && "code" in error ? { code: String(error.code) } : ({} as const);
  return { state: "failed", why: messageOf(error).split("\n")[0] ?? "", ...code };
}

function say(message: Ready | FileDone | TextSearched): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`);
  while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
}

function* linesOfStdin(): Generator<string, undefined> {
  const chunk = Buffer.allocUnsafe(65_536);
  let parts: Buffer[] = [];
  for (;;) {
    const count = readSync(0, chunk, 0, chunk.length, null);
    if (count === 0) return;
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0 && end < count; end = chunk.indexOf(10, from)) {
      parts.push(Buffer.from(chunk.subarray(from, end)));
      yield Buffer.concat(parts).toString("utf8");
      parts = [];
      from = end + 1;
    }
    parts.push(Buffer.from(chunk.subarray(from, count)));
  }
}

type Transform = (source: string, file: { readonly path: string }) => unknown;

async function runModule(job: ModuleJob): Promise<void> {
  const report = (line: ModuleLine) => appendFileSync(job.report, `${JSON.stringify(line)}\n`);
  const loaded = await loadModule(job.module);
  if (typeof loaded === "string") return report({ type: "cannot_load", why: loaded });
  const folders = makeFolderCheck(job.worktree);
  for (const file of job.files) {
    report({ type: "begins", file });
    const done = await transformFile(file, job.worktree, folders, loaded);
    report({ type: "done", file, done });
    if (done.state === "failed") return;
  }
  report({ type: "finished" });
}

async function loadModule(file: string): Promise<Transform | string> {
  try {
    const loaded: unknown = await import(pathToFileURL(file).href);
    const transform =
      typeof loaded === "object" && loaded !== null && "default" in loaded
        ? loaded.default
        : undefined;
    return typeof transform === "function"
      ? (transform as Transform)
      : "its default export is not a function";
  } catch (error) {
    return messageOf(error).split("\n")[0] ?? "";
  }
}

async function transformFile(
  file: string,
  worktree: string,
  folders: FolderCheck,
  transform: Transform,
): Promise<FileDone> {
  const place = path.join(worktree, file);
  try {
    const read = readForCodemod(place, folders);
    if (read.type === "skipped") return { state: "skipped", why: read.why };
    const { text, mark } = splitMark(read.bytes);
    const made = await transform(text, { path: file });
    if (made === undefined || made === text) return { state: "unchanged" };
    if (typeof made !== "string") {
      return { state: "failed", why: `returned ${kindOf(made)} instead of text or undefined` };
    }
    replaceFile(place, mark + made, read.mode);
    return { state: "changed" };
  } catch (error) {
    return failed(error);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
