/** Gits that stay while a run works. A unit asks for ten small things, and every start of a process blocks us in proportion to
 *  our memory: asking one that stays costs a fiftieth. None of them says what a refusal means: where one ends without an
 *  answer, a git of its own is asked, and tells. */
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { isSha, type Sha } from "../core/id.ts";
import { fileFailure } from "../host/file.ts";
import { Conversation } from "./conversation.ts";
import { absent, gitlink, parseDifferences } from "./difference.ts";
import { startGit } from "./git.ts";
import type { Standing } from "./standing.ts";

export class StandingGits implements Standing {
  readonly #draft: string;
  readonly #refs: StandingGit;
  readonly #trees: StandingGit;
  readonly #differences: StandingGit;
  readonly #commits: StandingGit;

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
    this.#draft = draft;
    this.#refs = new StandingGit(commonDir, ["update-ref", "--stdin", "-z"]);
    this.#trees = new StandingGit(commonDir, ["cat-file", "--batch-check"]);
    this.#differences = new StandingGit(commonDir, differ);
    this.#commits = new StandingGit(commonDir, writer);
  }

  async moveRefs(instructions: string): Promise<boolean> {
    const asked = { text: `start\0${instructions}commit\0`, end: "commit: ok\n" };
    return (await this.#refs.ask(() => asked)) !== undefined;
  }

  async differenceOf(from: Sha, to: Sha): Promise<string | undefined> {
    const trees = [await this.#treeOf(from), await this.#treeOf(to)];
    if (trees.includes(undefined)) return undefined;
    // A line that names no objects is given back, and everything before it with it.
    const mark = lastLine();
    const said = await this.#differences.ask(() => ({
      text: `${trees.join(" ")}\n${mark}`,
      end: mark,
    }));
    return said?.slice(said.indexOf("\n") + 1);
  }

  async hasNewObjects(from: Sha, to: Sha): Promise<boolean | undefined> {
    const said = await this.differenceOf(from, to);
    const root = await this.#treeOf(to);
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
    if (this.#draft.includes("\n") || (await this.#treeOf(tree)) !== tree) return undefined;
    const said = await this.#commits.ask(async () => {
      await writeDraft(this.#draft, text);
      return { text: `${this.#draft}\n`, end: "\n" };
    });
    return said !== undefined && isSha(said) ? said : undefined;
  }

  /** Waits for what is under way, and for all of them to end. */
  async close(): Promise<void> {
    const all = [this.#refs, this.#trees, this.#differences, this.#commits];
    await Promise.all(all.map((each) => each.close()));
    await rm(this.#draft, { force: true });
  }

  /** Of a commit or a tree. */
  async #treeOf(sha: Sha): Promise<Sha | undefined> {
    const said = await this.#trees.ask(() => ({ text: `${sha}^{tree}\n`, end: "\n" }));
    const [oid = "", type] = said?.split(" ") ?? [];
    return type === "tree" && isSha(oid) ? oid : undefined;
  }
}

/** A line that no answer holds by chance. */
function lastLine(): string {
  return `end-${randomBytes(12).toString("hex")}\n`;
}

async function writeDraft(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw fileFailure(error, `write ${file}`);
  }
}

interface Question {
  readonly text: string;
  /** What the answer ends with. */
  readonly end: string;
}

/** Answers one question after the other. A new one is started where it has ended. */
class StandingGit {
  readonly #commonDir: string;
  readonly #args: readonly string[];
  #talk: Conversation | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(commonDir: string, args: readonly string[]) {
    this.#commonDir = commonDir;
    this.#args = args;
  }

  /** Undefined where git ended instead. `question` is called when its turn has come. */
  ask(question: () => Question | Promise<Question>): Promise<string | undefined> {
    const mine = this.#last.then(async () => this.#put(await question()));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {
    await this.#last;
    const talk = this.#talk;
    this.#talk = undefined;
    await talk?.ends();
  }

  async #put({ text, end }: Question): Promise<string | undefined> {
    const place = { gitDir: this.#commonDir };
    this.#talk ??= new Conversation(startGit(place, this.#args, { conversation: true }));
    const talk = this.#talk;
    talk.say(text);
    const said = await talk.hears(end);
    if (said === undefined) {
      this.#talk = undefined;
      await talk.ends();
    }
    return said;
  }
}
