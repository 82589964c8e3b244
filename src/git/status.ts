/** What git says of a checkout: `status --porcelain=v2`, parsed. It takes no lock, writes nothing and looks into no
 *  repository inside the checkout. */
import { isSha, type Sha } from "../core/id.ts";
import { type GitPlace, git, zeroSeparated } from "./git.ts";
import type { WorktreeCommand } from "./standing.ts";

/** A tracked path that differs between HEAD and the index (`staged`) or the index and the disk (`unstaged`). */
export interface StatusEntry {
  /** Bytes, as latin1. */
  readonly path: string;
  /** `.` where the two agree, `U` where a merge left it open. */
  readonly staged: string;
  readonly unstaged: string;
  readonly headMode: string;
  readonly indexMode: string;
  readonly diskMode: string;
  readonly headOid: Sha;
  readonly indexOid: Sha;
}

export interface Status {
  /** What HEAD means; undefined where it means no commit. */
  readonly head: Sha | undefined;
  readonly tracked: readonly StatusEntry[];
  /** A name that ends in `/` is a repository of its own. */
  readonly untracked: readonly string[];
  /** A name that ends in `/` is a folder that is ignored as a whole. */
  readonly ignored: readonly string[];
}

/** No honest checkout takes as long; what a worker left could make git wait for ever. */
const statusTimeoutMs = 15 * 60_000;
const settings = ["core.untrackedCache=false", "core.trustctime=true", "core.checkStat=default"];
/** Worktrees of ours are looked at several at a time: threads for each only get into each other's way. */
export const oneThread = "core.preloadIndex=false";

/** `untracked: false` is faster: only tracked paths are looked at. */
export async function readStatus(
  place: GitPlace,
  options: { readonly untracked: boolean; readonly config?: readonly string[] },
): Promise<Status> {
  const args = [
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--no-renames",
    "--ignore-submodules=all",
    ...(options.untracked
      ? ["--untracked-files=all", "--ignored=matching"]
      : ["--untracked-files=no"]),
  ];
  const config = [...settings, ...(options.config ?? [])];
  const signal = AbortSignal.timeout(statusTimeoutMs);
  const told = await toldByShell(place, { args, config, signal });
  signal.throwIfAborted();
  const how = { encoding: "latin1", config, signal } as const;
  return parseStatus(told ?? (await git(place, args, how)).stdout);
}

async function toldByShell(
  { standing, gitDir, workTree, indexFile }: GitPlace,
  command: Omit<WorktreeCommand, "place">,
): Promise<string | undefined> {
  if (workTree === undefined || indexFile === undefined) return undefined;
  return standing?.inWorktree({ ...command, place: { gitDir, workTree, indexFile } });
}

function parseStatus(text: string): Status {
  const tracked: StatusEntry[] = [];
  const untracked: string[] = [];
  const ignored: string[] = [];
  let head: Sha | undefined;
  for (const line of zeroSeparated(text)) {
    if (line.startsWith("# branch.oid ")) {
      const oid = line.slice("# branch.oid ".length);
      if (isSha(oid)) head = oid;
    } else if (line.startsWith("1 ")) tracked.push(changedEntry(line));
    else if (line.startsWith("u ")) tracked.push(unmergedEntry(line));
    else if (line.startsWith("? ")) untracked.push(line.slice(2));
    else if (line.startsWith("! ")) ignored.push(line.slice(2));
  }
  return { head, tracked, untracked, ignored };
}

/** `1 XY sub mH mI mW hH hI path` */
function changedEntry(line: string): StatusEntry {
  const [fields, path] = splitFields(line, 8);
  const [, states = "..", , headMode = "", indexMode = "", diskMode = "", headOid, indexOid] =
    fields;
  return {
    path,
    staged: states[0] ?? ".",
    unstaged: states[1] ?? ".",
    headMode,
    indexMode,
    diskMode,
    headOid: headOid as Sha,
    indexOid: indexOid as Sha,
  };
}

/** `u XY sub m1 m2 m3 mW h1 h2 h3 path`: three stages instead of an index entry. */
function unmergedEntry(line: string): StatusEntry {
  const [fields, path] = splitFields(line, 10);
  const zeros = "0".repeat(fields[7]?.length ?? 40) as Sha;
  return {
    path,
    staged: "U",
    unstaged: "U",
    headMode: fields[4] ?? "",
    indexMode: "000000",
    diskMode: fields[6] ?? "",
    headOid: (fields[8] ?? zeros) as Sha,
    indexOid: zeros,
  };
}

function splitFields(line: string, count: number): [string[], string] {
  const fields: string[] = [];
  let at = 0;
  for (let n = 0; n < count; n += 1) {
    const end = line.indexOf(" ", at);
    fields.push(line.slice(at, end));
    at = end + 1;
  }
  return [fields, line.slice(at)];
}
