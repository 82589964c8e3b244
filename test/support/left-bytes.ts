/** Lets workers loose that leave everything a worker can leave, and asks afterwards for every byte of it (promise P4): in the
 *  snapshot that a ref holds, or in place beside the run's records and named. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import {
  type Ended,
  journalOf,
  makeScene,
  plainFiles,
  planOf,
  pleach,
  runRoot,
  type Scene,
} from "./fault-scene.ts";
import { runGit } from "./repository.ts";

const program = path.resolve(import.meta.dirname, "programs/random-work.mjs");

export interface Lost {
  readonly ended: Ended;
  /** Each in words; none is the good answer. */
  readonly lost: readonly string[];
  /** How many files, links, pipes and empty folders were asked for. */
  readonly asked: number;
}

export async function leaveAndAsk(facts: {
  readonly seeds: readonly number[];
  readonly largestBytes: number;
}): Promise<Lost> {
  const scene = await makeScene({ ...plainFiles, ".gitignore": "*.log\nbuild/\nnode_modules/\n" });
  const notes = path.join(scene.folder, "notes");
  mkdirSync(notes);
  const units = facts.seeds.map((seed) => ({ id: `u${seed}`, owns: [`u${seed}/**`] }));
  const command = `node ${program} ${notes} ${facts.largestBytes}`;
  const limits = ["--sandbox", "none", "--attempts", "1", "--concurrency", "2"];
  const ended = await pleach(scene, [
    "run",
    ...planOf(scene, units),
    "--command",
    command,
    ...limits,
  ]);
  const run = ended.document?.run ?? "";
  const named = await namedBy(scene, run);
  let asked = 0;
  const lost: string[] = [];
  for (const { id } of units) {
    const noted = JSON.parse(readFileSync(path.join(notes, `${id}.json`), "utf8")) as Noted;
    asked += Object.keys(noted).length;
    const seen = await snapshotOf(scene, `refs/pleach/${run}/${id}/1`);
    const left = path.join(await runRoot(scene, run), "units", id, "1", "left");
    for (const [file, what] of Object.entries(noted)) {
      const why = whyLost(file, what, { seen, left, named: named.get(id) ?? [] });
      if (why !== undefined) lost.push(`${id} ${JSON.stringify(file)}: ${why}`);
    }
  }
  return { ended, lost, asked };
}

type Noted = Readonly<Record<string, string>>;

interface Kept {
  /** By path: the sha256 of a file, or `link <target>`. */
  readonly seen: ReadonlyMap<string, string>;
  readonly left: string;
  readonly named: readonly string[];
}

function whyLost(file: string, what: string, { seen, left, named }: Kept): string | undefined {
  if (seen.get(file) === what) return undefined;
  const isNamed = named
    .map((name) => name.replace(/\/$/, ""))
    .some((name) => file === name || file.startsWith(`${name}/`));
  if (!isNamed) return `${what.slice(0, 20)} is in no snapshot and not named`;
  if (what === "empty" || what === "special") return undefined;
  return contentOf(path.join(left, file)) === what
    ? undefined
    : "named, but its bytes are not there";
}

function contentOf(file: string): string | undefined {
  if (!existsSync(path.dirname(file))) return undefined;
  const facts = lstatSync(file, { throwIfNoEntry: false });
  if (facts === undefined) return undefined;
  if (facts.isSymbolicLink()) return `link ${readlinkSync(file)}`;
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

async function namedBy(scene: Scene, run: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const lines = await journalOf(scene, run);
  return new Map(
    lines.flatMap(({ event }) =>
      event.type === "unit-finished" ? [[event.unit, event.leavings.left ?? []] as const] : [],
    ),
  );
}

/** As a checkout of it on a plain disk would be, without any filter or line-end rule; a unit that left nothing has none and
 *  is what the base is. */
async function snapshotOf(scene: Scene, ref: string): Promise<ReadonlyMap<string, string>> {
  const git = (...args: readonly string[]) => runGit(scene.checkout, args);
  const found = await git("for-each-ref", "--format=%(objectname)", ref);
  const list = await git("ls-tree", "-r", "-z", found || "HEAD");
  const seen = new Map<string, string>();
  for (const line of list.split("\0").filter(Boolean)) {
    const [mode, , oid = ""] = line.slice(0, line.indexOf("\t")).split(" ");
    if (mode === "160000") continue;
    const bytes = await blobOf(scene, oid);
    const name = line.slice(line.indexOf("\t") + 1);
    const hash = createHash("sha256").update(bytes).digest("hex");
    seen.set(name, mode === "120000" ? `link ${bytes.toString()}` : hash);
  }
  return seen;
}

const blobs = new Map<string, Buffer>();

async function blobOf({ checkout, folder }: Scene, oid: string): Promise<Buffer> {
  const known = blobs.get(oid);
  if (known !== undefined) return known;
  const file = path.join(folder, "blob");
  await runGit(checkout, ["-c", `alias.keep=!git cat-file blob ${oid} > '${file}'`, "keep"]);
  const bytes = readFileSync(file);
  if (bytes.length < 100_000) blobs.set(oid, bytes);
  return bytes;
}
