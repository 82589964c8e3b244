/** Pairs of commits generated from seeds, written by one fast-import, and what `git merge` itself makes of each pair. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sha } from "../../src/core/id.ts";
import { temporaryFolder } from "./repository.ts";
import { runGit } from "./user-git.ts";

export interface MergeCase {
  readonly seed: number;
  readonly onto: Sha;
  readonly head: Sha;
}

export interface GitVerdict {
  /** `crashed`: a few merges break an assertion of git 2.39 itself; then ours must not be clean. */
  readonly type: "clean" | "conflict" | "crashed";
  readonly tree?: string;
  readonly paths?: readonly string[];
}

type Mode = "100644" | "100755" | "120000";
interface Entry {
  readonly mode: Mode;
  readonly content: string;
}
type Tree = ReadonlyMap<string, Entry>;

/** A bare repository with two branches' worth of commits for each seed. */
export async function importMergeCases(
  seeds: readonly number[],
): Promise<{ gitDir: string; cases: MergeCase[] }> {
  const gitDir = join(temporaryFolder(), "cases.git");
  await runGit(".", ["init", "--quiet", "--bare", "--template=", gitDir]);
  const stream = new ImportStream();
  const marks = seeds.map((seed) => ({ seed, ...writeCase(stream, seed) }));
  const marksFile = join(gitDir, "marks");
  await runGit(gitDir, ["fast-import", "--quiet", `--export-marks=${marksFile}`], {
    input: stream.text(),
  });
  const ids = new Map(
    readFileSync(marksFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, Sha]),
  );
  const idOf = (mark: number): Sha => {
    const id = ids.get(`:${mark}`);
    if (id === undefined) throw new Error(`mark ${mark} was not made`);
    return id;
  };
  return {
    gitDir,
    cases: marks.map(({ seed, onto, head }) => ({ seed, onto: idOf(onto), head: idOf(head) })),
  };
}

/** What `git merge` does with each pair in a checkout of its own. */
export async function mergeByGit(
  gitDir: string,
  cases: readonly MergeCase[],
): Promise<GitVerdict[]> {
  const scratch = join(temporaryFolder(), "scratch");
  await runGit(".", ["clone", "--quiet", "--shared", "--no-checkout", gitDir, scratch]);
  const verdicts: GitVerdict[] = [];
  for (const { onto, head } of cases) {
    await runGit(scratch, ["checkout", "--quiet", "--force", "--detach", onto]);
    verdicts.push(await mergeOne(scratch, { onto, head }));
    if (verdicts.at(-1)?.type !== "clean") await runGit(scratch, ["clean", "-dfqx"]);
  }
  return withTrees(scratch, verdicts);
}

async function mergeOne(
  scratch: string,
  { onto, head }: { readonly onto: Sha; readonly head: Sha },
): Promise<GitVerdict> {
  const person = ["-c", "user.name=U", "-c", "user.email=u@example.com"];
  try {
    await runGit(scratch, [...person, "merge", "--quiet", "--no-edit", "--no-ff", head]);
  } catch (error) {
    if (/: (?:null: .*(?:Assertion|BUG:)|128: .*null sha1)/s.test(String(error))) {
      rmSync(join(scratch, ".git/index.lock"), { force: true });
      return { type: "crashed" };
    }
    if (!/: 1: /.test(String(error))) throw error;
    const unmerged = await runGit(scratch, ["ls-files", "--unmerged", "-z"]);
    const paths = unmerged
      .split("\0")
      .filter(Boolean)
      .map((line) => line.slice(line.indexOf("\t") + 1))
      .map((path) =>
        path
          .replace(/~HEAD$/, "")
          .replace(`~${onto}`, "")
          .replace(`~${head}`, ""),
      );
    return { type: "conflict", paths: [...new Set(paths)].sort() };
  }
  // A merge commit for now; withTrees asks for all the trees at once.
  return { type: "clean", tree: readFileSync(join(scratch, ".git/HEAD"), "utf8").trim() };
}

async function withTrees(scratch: string, verdicts: readonly GitVerdict[]): Promise<GitVerdict[]> {
  const commits = verdicts.flatMap((verdict) => verdict.tree ?? []);
  const answer = await runGit(scratch, ["cat-file", "--batch-check=%(objectname)"], {
    input: commits.map((commit) => `${commit}^{tree}\n`).join(""),
  });
  const trees = answer.split("\n");
  const treeOf = new Map(commits.map((commit, position) => [commit, trees[position] ?? ""]));
  return verdicts.map((verdict) =>
    verdict.tree === undefined ? verdict : { ...verdict, tree: treeOf.get(verdict.tree) ?? "" },
  );
}

class ImportStream {
  readonly #parts: string[] = [];
  #mark = 0;

  commit(tree: Tree, parents: readonly number[]): number {
    this.#mark += 1;
    const mark = this.#mark;
    const [first, ...others] = parents;
    this.#parts.push(
      `commit refs/heads/c${mark}\nmark :${mark}\ncommitter C <c@example.com> ${1_700_000_000 + mark} +0000\ndata 1\nx\n`,
      ...(first === undefined ? [] : [`from :${first}\n`]),
      ...others.map((parent) => `merge :${parent}\n`),
      "deleteall\n",
    );
    for (const [path, { mode, content }] of tree)
      this.#parts.push(
        `M ${mode} inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      );
    this.#parts.push("\n");
    return mark;
  }

  text(): string {
    return this.#parts.join("");
  }
}

function writeCase(stream: ImportStream, seed: number): { onto: number; head: number } {
  const random = randomFrom(seed);
  const base = baseTree(random);
  const start = stream.commit(base, []);
  const left = mutate(base, random);
  const right = mutate(base, random);
  const onto = stream.commit(left, [start]);
  const head = stream.commit(right, [start]);
  if (random(6) > 0) return { onto, head };
  // Criss-cross: each side has merged the other in its own way, so there are two merge bases.
  return {
    onto: stream.commit(mutate(left, random), [onto, head]),
    head: stream.commit(mutate(right, random), [head, onto]),
  };
}

type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function baseTree(random: Random): Tree {
  const tree = new Map<string, Entry>();
  for (const folder of ["", "lib/", "lib/deep/", "docs/"])
    for (let n = 0; n < 2 + random(3); n += 1)
      tree.set(`${folder}f${n}.txt`, {
        mode: random(8) === 0 ? "100755" : "100644",
        content: linesOf(`${folder}${n}`, 6 + random(14)),
      });
  if (random(3) === 0) tree.set("link", { mode: "120000", content: "lib/f0.txt" });
  return tree;
}

function linesOf(name: string, count: number): string {
  return Array.from({ length: count }, (_, n) => `${name} line ${n} ${(n * 7919) % 101}\n`).join(
    "",
  );
}

function mutate(from: Tree, random: Random): Tree {
  const tree = new Map(from);
  for (let left = 1 + random(5); left > 0; left -= 1) {
    const step = steps[random(steps.length)];
    const paths = [...tree.keys()];
    const path = paths[random(paths.length)];
    if (step && path !== undefined) step(tree, path, random);
  }
  return withoutClashes(tree);
}

type Step = (tree: Map<string, Entry>, path: string, random: Random) => void;

const editLine: Step = (tree, path, random) => {
  const entry = tree.get(path);
  if (entry === undefined) return;
  const lines = entry.content.split("\n");
  const at = random(lines.length);
  if (random(2) === 0) lines.splice(at, random(2), `inserted ${random(3)}`);
  else lines[at] = `${lines[at] ?? ""} edited ${random(3)}`;
  tree.set(path, { ...entry, content: lines.join("\n") });
};

const remove: Step = (tree, path) => {
  if (tree.size > 2) tree.delete(path);
};

const rename: Step = (tree, path, random) => {
  const entry = tree.get(path);
  if (entry === undefined) return;
  tree.delete(path);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const to = [`moved/${name}`, `lib/renamed${random(2)}.txt`, `new${random(3)}.txt`][random(3)];
  tree.set(to ?? name, entry);
  if (random(2) === 0) editLine(tree, to ?? name, random);
};

const renameFolder: Step = (tree, _path, random) => {
  const from = ["lib/", "lib/deep/", "docs/"][random(3)] ?? "lib/";
  const to = ["src/", "lib2/", "docs/more/"][random(3)] ?? "src/";
  for (const [path, entry] of [...tree])
    if (path.startsWith(from) && !path.startsWith(to)) {
      tree.delete(path);
      tree.set(to + path.slice(from.length), entry);
    }
};

const add: Step = (tree, _path, random) => {
  const folder = ["", "lib/", "lib/deep/", "docs/", "fresh/"][random(5)] ?? "";
  tree.set(`${folder}added${random(2)}.txt`, {
    mode: "100644",
    content: linesOf(`added ${random(2)}`, 5),
  });
};

const changeMode: Step = (tree, path) => {
  const entry = tree.get(path);
  if (entry === undefined || entry.mode === "120000") return;
  tree.set(path, { ...entry, mode: entry.mode === "100644" ? "100755" : "100644" });
};

const makeLink: Step = (tree, path, random) => {
  tree.set(path, { mode: "120000", content: `docs/f${random(2)}.txt` });
};

const makeFolder: Step = (tree, path) => {
  const entry = tree.get(path);
  if (entry === undefined) return;
  tree.delete(path);
  tree.set(`${path}/inside.txt`, entry);
};

const steps: readonly Step[] = [
  editLine,
  editLine,
  editLine,
  editLine,
  add,
  add,
  remove,
  rename,
  rename,
  renameFolder,
  changeMode,
  makeLink,
  makeFolder,
];

/** No path may be both a file and a folder. */
function withoutClashes(tree: Map<string, Entry>): Tree {
  for (const path of [...tree.keys()])
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1))
      if (tree.has(path.slice(0, end))) tree.delete(path);
  return tree;
}
