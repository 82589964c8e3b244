/** Gits that stay while a run works. A unit asks for ten small things, and every start of a process blocks us in proportion to
 *  our memory: asking one that stays costs a fiftieth. None of them says what a refusal means: where one ends without an
 *  answer, a git of its own is asked, and tells. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Failure } from "../core/failure.ts";
import { isSha, type Sha } from "../core/id.ts";
import { fileFailure } from "../host/file.ts";
import { absent, gitlink, parseDifferences } from "./difference.ts";
import { startGit } from "./git.ts";
import { type ObjectReader, openObjects } from "./objects.ts";
import type { RefHome } from "./ref.ts";
import type { Standing, TreeEdit, WorktreeCommand } from "./standing.ts";
import { StandingShells } from "./standing-shells.ts";
import { type Question, StandingTalk } from "./standing-talk.ts";
import { TreeLoom } from "./tree-loom.ts";

/** What objects hold never changes: so many answers are kept, and texts up to this length. */
const knownMax = 1000;
const knownDifferenceMax = 20_000;

export class StandingGits implements Standing {
  readonly #draft: string;
  readonly #refs: StandingTalk;
  readonly #trees: StandingTalk;
  readonly #differences: StandingTalk;
  readonly #commits: StandingTalk;
  readonly #blobs: StandingTalk;
  readonly #newTrees: StandingTalk;
  readonly #loom: TreeLoom;
  readonly #shells: StandingShells;
  readonly #home: RefHome;
  readonly #treesOf = new Map<Sha, Sha>();
  readonly #parentsOf = new Map<Sha, readonly Sha[]>();
  readonly #differencesOf = new Map<string, string>();
  #objects: ObjectReader | undefined;

  /** `draft` is a file of ours that may be written and is gone at the end. */
  constructor(commonDir: string, draft: string) {
    const differ = [
      "diff-tree",
      "--stdin",
      "-r",
      "-t",
      "-z",
      "--raw",
      "--no-renames",
      "--no-abbrev",
    ];
    const writer = ["hash-object", "-t", "commit", "-w", "--no-filters", "--stdin-paths"];
    const blobWriter = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
    this.#draft = draft;
    const place = { gitDir: commonDir };
    const talk = (args: readonly string[]) =>
      new StandingTalk(() => startGit(place, args, { conversation: true }));
    this.#refs = talk(["update-ref", "--stdin", "-z"]);
    this.#trees = talk(["cat-file", "--batch-check"]);
    this.#differences = talk(differ);
    this.#commits = talk(writer);
    this.#blobs = talk(blobWriter);
    // What a tree names was in another tree, or has just been written.
    this.#newTrees = talk(["mktree", "-z", "--batch", "--missing"]);
    this.#shells = new StandingShells(commonDir);
    this.#home = { commonDir };
    this.#loom = new TreeLoom({
      read: (oid) => this.readObject(oid),
      write: (trees) => this.#writeTrees(trees),
    });
  }

  async moveRefs(instructions: string): Promise<boolean> {
    const asked = { text: `start\0${instructions}commit\0`, end: "commit: ok\n" };
    return (await this.#refs.ask(() => asked)) !== undefined;
  }

  async differenceOf(from: Sha, to: Sha): Promise<string | undefined> {
    const trees = [await this.#knownTreeOf(from), await this.#knownTreeOf(to)];
    if (trees.includes(undefined)) return undefined;
    const key = trees.join(" ");
    const known = this.#differencesOf.get(key);
    if (known !== undefined) return known;
    // A line that names no objects is given back, and everything before it with it.
    const mark = lastLine();
    const said = await this.#differences.ask(() => ({
      text: `${key}\n${mark}`,
      end: mark,
    }));
    const difference = said?.slice(said.indexOf("\n") + 1);
    if (difference !== undefined && difference.length < knownDifferenceMax)
      remember(this.#differencesOf, key, difference);
    return difference;
  }

  async hasNewObjects(from: Sha, to: Sha): Promise<boolean | undefined> {
    const said = await this.differenceOf(from, to);
    const root = await this.#knownTreeOf(to);
    if (said === undefined || root === undefined) return undefined;
    const below = parseDifferences(said, { trees: true })
      .filter(({ newMode }) => newMode !== absent && newMode !== gitlink)
      .map(({ newOid }) => newOid);
    const objects = [to, root, ...below].map((oid) => `${oid}\n`);
    const mark = lastLine();
    const answer = await this.#trees.ask(() => ({
      text: `${objects.join("")}${mark}`,
      end: mark.replace("\n", " missing\n"),
    }));
    return answer === undefined ? undefined : !answer.includes(" missing");
  }

  async writeCommit(tree: Sha, text: string): Promise<Sha | undefined> {
    if (this.#draft.includes("\n") || (await this.#knownTreeOf(tree)) !== tree) return undefined;
    const said = await this.#commits.ask(() => {
      writeDraft(this.#draft, text);
      return { text: `${this.#draft}\n`, end: "\n" };
    });
    if (said === undefined || !isSha(said)) return undefined;
    remember(this.#treesOf, said, tree);
    return said;
  }

  async writeBlobs(files: readonly string[]): Promise<readonly Sha[] | undefined> {
    if (files.length === 0) return [];
    // A path is a line, and of a carriage return at its end git takes no notice: it would read another file. Where a path holds
    // either, a git of its own is told in another way.
    if (files.some((file) => /[\r\n]/.test(file))) return undefined;
    const text = Buffer.from(files.map((file) => `${file}\n`).join(""), "latin1");
    return this.#oids(this.#blobs, { text, end: files.length });
  }

  async entriesAt(of: Sha, paths: readonly string[]) {
    const tree = await this.#knownTreeOf(of);
    return tree && this.#loom.entriesAt(tree, paths);
  }

  async weave(of: Sha, edits: readonly TreeEdit[]): Promise<Sha | undefined> {
    const tree = await this.#knownTreeOf(of);
    const woven = tree && (await this.#loom.weave(tree, edits));
    if (woven !== undefined) remember(this.#treesOf, woven, woven);
    return woven;
  }

  async parentsOf(commit: Sha): Promise<readonly Sha[] | undefined> {
    const known = this.#parentsOf.get(commit);
    if (known !== undefined) return known;
    const text = (await this.readObject(commit))?.toString("latin1");
    const header = text?.slice(0, text.indexOf("\n\n")).split("\n");
    if (header?.[0]?.startsWith("tree ") !== true) return undefined;
    const lines = header.filter((line) => line.startsWith("parent "));
    const parents = lines.map((line) => line.slice("parent ".length)).filter(isSha);
    remember(this.#parentsOf, commit, parents);
    return parents;
  }

  async readObject(oid: Sha): Promise<Buffer | undefined> {
    this.#objects ??= openObjects(this.#home);
    const objects = this.#objects;
    try {
      const found = await objects.readBlob(oid);
      return found.type === "blob" ? found.bytes : undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.#objects === objects) this.#objects = undefined;
      return undefined;
    }
  }

  #writeTrees(trees: readonly Buffer[]): Promise<readonly Sha[] | undefined> {
    const end = Buffer.from([0]);
    const text = Buffer.concat(trees.flatMap((lines) => [lines, end]));
    return this.#oids(this.#newTrees, { text, end: trees.length });
  }

  async #oids(talk: StandingTalk, question: Question): Promise<readonly Sha[] | undefined> {
    const said = (await talk.ask(() => question))?.split("\n");
    return said?.every(isSha) ? said : undefined;
  }

  inWorktree(command: WorktreeCommand): Promise<string | undefined> {
    return this.#shells.run(command);
  }

  /** Waits for what is under way, and for all of them to end. */
  async close(): Promise<void> {
    const talks = [
      this.#refs,
      this.#trees,
      this.#differences,
      this.#commits,
      this.#blobs,
      this.#newTrees,
    ];
    const closing = [...talks, this.#shells].map((each) => each.close());
    await Promise.all([...closing, this.#objects?.close()]);
    await rm(this.#draft, { force: true });
  }

  /** As it was told before, though the object may be gone by now. */
  async #knownTreeOf(sha: Sha): Promise<Sha | undefined> {
    const known = this.#treesOf.get(sha);
    if (known !== undefined) return known;
    const tree = await this.#treeOf(sha);
    if (tree !== undefined) remember(this.#treesOf, sha, tree);
    return tree;
  }

  /** Of a commit or a tree. */
  async #treeOf(sha: Sha): Promise<Sha | undefined> {
    const said = await this.#trees.ask(() => ({ text: `${sha}^{tree}\n`, end: "\n" }));
    const [oid = "", type] = said?.split(" ") ?? [];
    return type === "tree" && isSha(oid) ? oid : undefined;
  }
}

function remember<Key, Value>(answers: Map<Key, Value>, key: Key, value: Value): void {
  if (answers.size >= knownMax) answers.clear();
  answers.set(key, value);
}

/** A line that no answer holds by chance. */
function lastLine(): string {
  return `end-${randomBytes(12).toString("hex")}\n`;
}

/** Waiting for a few hundred bytes would take longer than writing them. */
function writeDraft(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
}
