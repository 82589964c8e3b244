/** What files on the disk would be in git: mode and object id, through the same filters and line-end rules as `git add`, but
 *  nothing is written. */
import { createHash } from "node:crypto";
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import type { Sha } from "../core/id.ts";
import { isAbsent } from "../host/file.ts";
import type { CheckedOut } from "./checked-out.ts";
import { onDisk } from "./disk-path.ts";
import { type GitPlace, git } from "./git.ts";

/** `other` is what git does not hold: a folder, a FIFO, a socket. */
export type FileContent =
  | { readonly type: "nothing" }
  | { readonly type: "other" }
  | { readonly type: "file"; readonly mode: string; readonly oid: Sha };

/** Paths are bytes, as latin1. */
export async function fileContents(
  checkout: CheckedOut,
  paths: readonly string[],
): Promise<ReadonlyMap<string, FileContent>> {
  const found = new Map<string, FileContent>();
  const plain: { readonly path: string; readonly mode: string }[] = [];
  for (const path of paths) {
    const facts = factsOf(checkout.workTree, path);
    if (facts === undefined) found.set(path, { type: "nothing" });
    else if (facts.isSymbolicLink())
      found.set(path, { type: "file", mode: "120000", oid: linkOid(checkout.workTree, path) });
    else if (facts.isFile())
      plain.push({ path, mode: (facts.mode & 0o100) === 0 ? "100644" : "100755" });
    else found.set(path, { type: "other" });
  }
  const oids = await hashFiles(
    checkout,
    plain.map((file) => file.path),
  );
  for (const [position, { path, mode }] of plain.entries())
    found.set(path, { type: "file", mode, oid: oids[position] as Sha });
  return found;
}

function factsOf(root: string, path: string): Stats | undefined {
  try {
    return lstatSync(onDisk(root, path), { throwIfNoEntry: false });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Only SHA-1 repositories: in others a link counts as changed, which is the careful answer. */
function linkOid(root: string, path: string): Sha {
  const target = readlinkSync(onDisk(root, path), "buffer");
  return createHash("sha1").update(`blob ${target.length}\0`).update(target).digest("hex") as Sha;
}

/** The object ids of regular files, in the same order; `raw` keeps their bytes, unfiltered, as objects too. */
export async function hashFiles(
  place: GitPlace,
  paths: readonly string[],
  options: { readonly raw?: boolean } = {},
): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const answer = await git(
    place,
    ["hash-object", ...(options.raw === true ? ["-w", "--no-filters"] : []), "--stdin-paths"],
    { input: Buffer.from(paths.map((path) => `${quotedPath(path)}\n`).join(""), "latin1") },
  );
  return answer.stdout.split("\n").filter(Boolean);
}

/** As git reads a line that names a path: in quotes, so that a line end in a name is none. */
function quotedPath(path: string): string {
  const escaped = path.replace(/["\\]|[^ -~]/g, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${escaped}"`;
}
