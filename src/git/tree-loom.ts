/** Trees made from other trees by putting entries in and taking them out, level by level, through gits that stay. It judges
 *  nothing: where an edit and the tree do not fit each other there is no answer, and git's own index or merge must tell. */
import { createHash } from "node:crypto";
import type { Sha } from "../core/id.ts";
import type { TreeEdit, TreeEntry } from "./standing.ts";

export interface Loom {
  /** The bytes of a tree object; undefined where there is none. */
  readonly read: (oid: Sha) => Promise<Buffer | undefined>;
  /** Writes trees, each of these lines of `mktree -z`; the object ids in order. */
  readonly write: (trees: readonly Buffer[]) => Promise<readonly Sha[] | undefined>;
}

type Entries = ReadonlyMap<string, TreeEntry>;
type Woven = { readonly type: "tree"; readonly oid: Sha } | { readonly type: "empty" } | undefined;

const treeMode = "40000";
const gitlinkMode = "160000";
/** So many entries of trees are remembered: units of one run differ from their base in a few folders only. */
const rememberedMax = 50_000;

export class TreeLoom {
  readonly #loom: Loom;
  readonly #trees = new Map<Sha, Entries>();
  #remembered = 0;

  constructor(loom: Loom) {
    this.#loom = loom;
  }

  /** The tree that `root` becomes; a folder without entries goes. */
  async weave(root: Sha, edits: readonly TreeEdit[]): Promise<Sha | undefined> {
    const fresh = new Map<Sha, Entries>();
    const woven = await this.#weave(root, edits, fresh);
    if (woven === undefined) return undefined;
    const oid = woven.type === "tree" ? woven.oid : addFresh(fresh, new Map(), root.length);
    return (await this.#write(fresh)) ? oid : undefined;
  }

  /** What lies at these paths of a tree; those that are not there are left out. */
  async entriesAt(
    root: Sha,
    paths: readonly string[],
  ): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    const found = new Map<string, TreeEntry>();
    for (const path of paths) {
      let entry: TreeEntry | undefined = { mode: treeMode, oid: root };
      for (const name of path.split("/")) {
        if (entry?.mode !== treeMode) entry = undefined;
        else {
          const entries = await this.#entries(entry.oid, root.length);
          if (entries === undefined) return undefined;
          entry = entries.get(name);
        }
      }
      if (entry !== undefined) found.set(path, entry);
    }
    return found;
  }

  async #weave(
    tree: Sha | undefined,
    edits: readonly TreeEdit[],
    fresh: Map<Sha, Entries>,
    oidLength = tree?.length ?? 0,
  ): Promise<Woven> {
    const before = tree === undefined ? noEntries : await this.#entries(tree, oidLength);
    if (before === undefined) return undefined;
    const { here, below } = byLevel(edits);
    const after = new Map(before);
    if (!here.every(({ path, entry }) => replace(after, path, entry))) return undefined;
    for (const [name, inner] of below) {
      const folder = after.get(name);
      if (folder !== undefined && folder.mode !== treeMode) return undefined;
      const woven = await this.#weave(folder?.oid, inner, fresh, oidLength);
      if (woven === undefined) return undefined;
      if (woven.type === "empty") after.delete(name);
      else after.set(name, { mode: treeMode, oid: woven.oid });
    }
    if (after.size === 0) return { type: "empty" };
    return { type: "tree", oid: addFresh(fresh, after, oidLength) };
  }

  /** All levels at once: their ids are known before git has written them. Also those that are remembered: until a ref holds
   *  them, a garbage collection may have taken them since. */
  async #write(fresh: ReadonlyMap<Sha, Entries>): Promise<boolean> {
    if (fresh.size === 0) return true;
    const written = await this.#loom.write([...fresh.values()].map(linesOf));
    if ([...fresh.keys()].some((oid, at) => written?.[at] !== oid)) return false;
    for (const [oid, entries] of fresh) if (!this.#trees.has(oid)) this.#remember(oid, entries);
    return true;
  }

  async #entries(tree: Sha, oidLength: number): Promise<Entries | undefined> {
    const known = this.#trees.get(tree);
    if (known !== undefined) return known;
    const bytes = await this.#loom.read(tree);
    const entries = bytes && parseTree(bytes, oidLength / 2);
    if (entries !== undefined) this.#remember(tree, entries);
    return entries;
  }

  #remember(tree: Sha, entries: Entries): void {
    this.#remembered += entries.size;
    if (this.#remembered > rememberedMax) {
      this.#trees.clear();
      this.#remembered = entries.size;
    }
    this.#trees.set(tree, entries);
  }
}

const noEntries: Entries = new Map();

/** The edits of entries of a tree itself, and those of each folder below it, with paths as that folder has them. */
function byLevel(edits: readonly TreeEdit[]) {
  const here: TreeEdit[] = [];
  const below = new Map<string, TreeEdit[]>();
  for (const edit of edits) {
    const end = edit.path.indexOf("/");
    const name = edit.path.slice(0, Math.max(end, 0));
    const inner = { path: edit.path.slice(end + 1), entry: edit.entry };
    if (end < 0) here.push(edit);
    else below.set(name, [...(below.get(name) ?? []), inner]);
  }
  return { here, below };
}

/** False where it cannot be: a file in the place of a folder, or something gone that was not there. */
function replace(
  entries: Map<string, TreeEntry>,
  name: string,
  entry: TreeEntry | undefined,
): boolean {
  const there = entries.get(name);
  if (there?.mode === treeMode) return false;
  if (entry === undefined) return entries.delete(name);
  entries.set(name, entry);
  return true;
}

/** The id that git will give it. */
function addFresh(fresh: Map<Sha, Entries>, entries: Entries, oidLength: number): Sha {
  const parts = [...entries]
    .map(([name, entry]) => ({ name, entry, key: entry.mode === treeMode ? `${name}/` : name }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap(({ name, entry: { mode, oid } }) => [
      Buffer.from(`${mode} ${name}\0`, "latin1"),
      Buffer.from(oid, "hex"),
    ]);
  const bytes = Buffer.concat(parts);
  const hash = createHash(oidLength === 40 ? "sha1" : "sha256");
  const oid = hash.update(`tree ${bytes.length}\0`).update(bytes).digest("hex") as Sha;
  fresh.set(oid, entries);
  return oid;
}

function linesOf(entries: Entries): Buffer {
  const lines = [...entries].map(([name, { mode, oid }]) => `${line(mode, oid)}\t${name}\0`);
  return Buffer.from(lines.join(""), "latin1");
}

function line(mode: string, oid: Sha): string {
  const type = mode === treeMode ? "tree" : mode === gitlinkMode ? "commit" : "blob";
  return `${mode.padStart(6, "0")} ${type} ${oid}`;
}

/** `mode name`, a zero, and the raw object id, again and again. Undefined where it is not whole. */
export function parseTree(bytes: Buffer, oidBytes: number): Entries | undefined {
  const entries = new Map<string, TreeEntry>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(32, at);
    const zero = bytes.indexOf(0, space);
    const end = zero + 1 + oidBytes;
    if (space < 0 || zero < 0 || end > bytes.length) return undefined;
    const oid = bytes.toString("hex", zero + 1, end) as Sha;
    entries.set(bytes.toString("latin1", space + 1, zero), {
      mode: bytes.toString("latin1", at, space),
      oid,
    });
    at = end;
  }
  return entries;
}
