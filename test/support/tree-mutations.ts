/** Random things that a worker may do to its worktree, and the belief that a snapshot loses none of it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";

/** Paths are bytes, as latin1. */
export type Mutation =
  | { readonly type: "write"; readonly path: string; readonly content: string }
  | { readonly type: "delete" | "mkdir" | "fifo" | "init" | "executable"; readonly path: string }
  | { readonly type: "link" | "rename"; readonly path: string; readonly to: string };

const paths = [
  "a",
  "b.log",
  "dir/c",
  "dir/d.log",
  "dir/sub/e",
  "dir",
  "dir/sub",
  "out/x",
  "out",
  "new/deep/y",
  "new",
  "-f",
  "n\xe9\n",
  "\xff\xfe raw",
  ".GIT/x",
  "git~1",
  ".gitignore",
  "dir/.gitignore",
  "new/.gitignore",
  ".gitattributes",
  ".gitmodules",
];
const contents = ["", "x", "*\n", "!*.log\n", "/dir/\n", "long".repeat(40), "1\n", "\0\xff\r\n"];

export const baseFiles = {
  ".gitignore": "*.log\nout/\n",
  a: "1\n",
  "dir/c": "1\n",
  "dir/sub/e": "1\n",
  same: "s\n",
};

const path = fc.constantFrom(...paths);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant("write" as const),
        path,
        content: fc.constantFrom(...contents),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constantFrom("delete" as const, "mkdir" as const, "fifo" as const),
        path,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("init" as const, "executable" as const),
        path,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constantFrom("link" as const, "rename" as const),
        path,
        to: path,
      }),
    },
  ),
  { minLength: 1, maxLength: 10 },
);

function at(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
}

/** What cannot be done (a file where a folder is needed) is passed over. */
export function mutate(root: string, list: readonly Mutation[]): void {
  for (const mutation of list) {
    try {
      mutateOnce(root, mutation);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }
}

function mutateOnce(root: string, mutation: Mutation): void {
  const file = at(root, mutation.path);
  if (mutation.type !== "delete" && mutation.type !== "executable") {
    const slash = mutation.path.lastIndexOf("/");
    mkdirSync(at(root, slash < 0 ? "." : mutation.path.slice(0, slash)), { recursive: true });
  }
  const run = (program: string, ...args: string[]): void => {
    if (!/[^ -~]/.test(mutation.path))
      spawnSync(program, [...args, "--", `${root}/${mutation.path}`], { stdio: "ignore" });
  };
  const actions: Readonly<Record<Mutation["type"], () => unknown>> = {
    // Through a link it would leave the worktree; a FIFO would never take it.
    write: () =>
      (lstatSync(file, { throwIfNoEntry: false })?.isFile() ?? true) &&
      writeFileSync(file, Buffer.from("content" in mutation ? mutation.content : "", "latin1")),
    delete: () => rmSync(file, { recursive: true, force: true }),
    mkdir: () => mkdirSync(file, { recursive: true }),
    fifo: () => run("mkfifo"),
    init: () => run("git", "init", "--quiet"),
    executable: () => chmodSync(file, 0o755),
    link: () => symlinkSync("to" in mutation ? mutation.to : "", file),
    rename: () => renameSync(file, at(root, "to" in mutation ? mutation.to : "")),
  };
  actions[mutation.type]();
}

export interface DiskEntry {
  /** As git's tree entries are; `folder` if it is empty, `special` if git cannot hold it. */
  readonly mode: string;
  readonly oid: string;
}

/** Everything below a folder by its path (bytes, as latin1), but for the root's own `.git` file. */
export function readDisk(root: string): Map<string, DiskEntry> {
  const found = new Map<string, DiskEntry>();
  const walk = (folder: string): void => {
    const entries = readdirSync(at(root, folder), { withFileTypes: true, encoding: "latin1" });
    if (entries.length === 0 && folder !== ".") found.set(folder, { mode: "folder", oid: "" });
    for (const entry of entries) {
      const name = folder === "." ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else if (name !== ".git") found.set(name, describe(at(root, name)));
    }
  };
  walk(".");
  return found;
}

function describe(file: Buffer): DiskEntry {
  const facts = lstatSync(file);
  if (facts.isSymbolicLink()) return { mode: "120000", oid: blobId(readlinkSync(file, "buffer")) };
  if (!facts.isFile()) return { mode: "special", oid: "" };
  const mode = (facts.mode & 0o100) === 0 ? "100644" : "100755";
  return { mode, oid: blobId(readFileSync(file)) };
}

function blobId(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
