/** Refs: read by their full names, moved only by compare-and-swap, many in one transaction. A ref is never followed to
 *  another one when it is written: a symbolic ref that somebody planted under our name must not move theirs. */
import { Failure } from "../core/failure.ts";
import { isSha, type RefName, type Sha } from "../core/id.ts";
import { git } from "./git.ts";
import { outsideFailure } from "./outside.ts";
import type { Standing } from "./standing.ts";

/** What a ref needs of a repository. */
export interface RefHome {
  readonly commonDir: string;
  /** While a run works. */
  readonly standing?: Standing | undefined;
}

export interface RefUpdate {
  readonly ref: RefName;
  /** `null` deletes. */
  readonly new: Sha | null;
  /** What it must be now; `null`: it must not exist. */
  readonly old: Sha | null;
}

export type RefsMoved =
  | { readonly type: "moved" }
  /** Nothing moved: `ref`, where it is known, is not what it was said to be. */
  | { readonly type: "refused"; readonly ref?: RefName };

/** How often a transaction is tried when it was refused as stale, but by now every ref is as it was said to be. */
const tries = 3;

/** Moves all of the refs or none. A stale `old` is an answer; a name in the way or a disk that refuses is a Failure. */
export async function updateRefs(
  home: RefHome,
  updates: readonly RefUpdate[],
  options: { readonly message?: string; readonly signal?: AbortSignal } = {},
): Promise<RefsMoved> {
  if (updates.length === 0) return { type: "moved" };
  const input = updates.map(instruction).join("");
  // Where it refuses, a git of its own is asked, which tells why.
  if (options.message === undefined && (await home.standing?.moveRefs(input)))
    return { type: "moved" };
  return moveAlone(home, updates, input, options);
}

async function moveAlone(
  home: RefHome,
  updates: readonly RefUpdate[],
  input: string,
  options: { readonly message?: string; readonly signal?: AbortSignal },
): Promise<RefsMoved> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await git(
      { gitDir: home.commonDir },
      [
        "update-ref",
        ...(options.message === undefined ? [] : ["-m", options.message]),
        "--stdin",
        "-z",
      ],
      {
        input,
        codes: [0, 1, 128],
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
    if (answer.code === 0) return { type: "moved" };
    const stale = await firstStale(home, updates);
    if (stale !== undefined) return { type: "refused", ref: stale };
    const made = updates.filter((update) => update.new !== null).map((update) => update.ref);
    const inTheWay = await nameInTheWay(home, made);
    if (inTheWay !== undefined) throw inTheWay;
    if (attempt < tries && /reference already exists|but expected/.test(answer.stderr)) continue;
    throw notMoved(home, answer.stderr, updates);
  }
}

/** Throws a Failure where a name of somebody else's keeps this ref from being made. */
export async function requireRoomFor(home: RefHome, ref: RefName): Promise<void> {
  const inTheWay = await nameInTheWay(home, [ref]);
  if (inTheWay !== undefined) throw inTheWay;
}

/** Puts a ref that only we write at a commit, wherever it is; `likely` is where it should be, which saves looking. */
export async function putRef(
  home: RefHome,
  put: { readonly ref: RefName; readonly new: Sha; readonly likely: Sha | null },
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  let old = put.likely;
  for (let attempt = 1; attempt <= putTries; attempt += 1) {
    const update = { ref: put.ref, new: put.new, old };
    if ((await updateRefs(home, [update], options)).type === "moved") return;
    old = (await readRef(home, put.ref)) ?? null;
    if (old === put.new) return;
  }
  throw new Failure("repository", "ref_moved", `${put.ref} is moved by somebody else`, {
    advice: "see what else writes refs under pleach/, then go on with `pleach resume`",
  });
}

const putTries = 4;

/** The object that a ref names now; undefined if there is no such ref. */
export async function readRef(home: RefHome, ref: RefName): Promise<Sha | undefined> {
  return (await readRefs(home, [ref])).get(ref);
}

/** Those of the refs that exist, each with its object. */
export async function readRefs(
  home: RefHome,
  refs: readonly RefName[],
): Promise<ReadonlyMap<RefName, Sha>> {
  if (refs.length > refsInArguments) {
    const wanted = new Set(refs);
    const all = await listRefs(home, "refs/");
    return new Map([...all].filter(([ref]) => wanted.has(ref)));
  }
  const found = await forEachRef(home, refs);
  return new Map(refs.flatMap((ref) => (found.has(ref) ? [[ref, found.get(ref) as Sha]] : [])));
}

/** All refs whose names begin with `prefix`, which ends in `/`, in order of their names; with `within` only those whose commits
 *  are in the history of that one. */
export async function listRefs(
  home: RefHome,
  prefix: string,
  options: { readonly within?: Sha } = {},
): Promise<ReadonlyMap<RefName, Sha>> {
  const { within } = options;
  return forEachRef(home, [...(within === undefined ? [] : [`--merged=${within}`]), prefix]);
}

/** Above this many names one listing of all is asked for, since arguments are limited. */
const refsInArguments = 200;

async function forEachRef(home: RefHome, patterns: readonly string[]): Promise<Map<RefName, Sha>> {
  const answer = await git({ gitDir: home.commonDir }, [
    "for-each-ref",
    "--format=%(objectname) %(refname)",
    ...patterns,
  ]);
  const found = new Map<RefName, Sha>();
  for (const line of answer.stdout.split("\n")) {
    const space = line.indexOf(" ");
    const sha = line.slice(0, space);
    if (isSha(sha)) found.set(line.slice(space + 1) as RefName, sha);
  }
  return found;
}

/** One line of `update-ref --stdin -z`. */
function instruction(update: RefUpdate): string {
  return `option no-deref\0${command(update)}`;
}

function command({ ref, new: next, old }: RefUpdate): string {
  if (next === null) return old === null ? `verify ${ref}\0\0` : `delete ${ref}\0${old}\0`;
  return old === null ? `create ${ref}\0${next}\0` : `update ${ref}\0${next}\0${old}\0`;
}

async function firstStale(
  home: RefHome,
  updates: readonly RefUpdate[],
): Promise<RefName | undefined> {
  const refs = updates.map((update) => update.ref);
  const now = await readRefs(home, refs);
  return updates.find((update) => (now.get(update.ref) ?? null) !== update.old)?.ref;
}

/** `a/b` cannot be made while `a` is a ref, nor `a` while `a/b` is one. */
async function nameInTheWay(home: RefHome, made: readonly RefName[]): Promise<Failure | undefined> {
  const above = [...new Set(made.flatMap(foldersOf))];
  const asked = readRefs(home, above);
  const below = made.slice(0, refsInArguments).map(async (ref) => {
    const name = (await listRefs(home, `${ref}/`)).keys().next().value;
    return name === undefined ? undefined : branchInTheWay(name, ref);
  });
  const [existing, ...others] = await Promise.all([asked, ...below]);
  const found = existing.keys().next().value;
  if (found !== undefined) return branchInTheWay(found, made[0] ?? found);
  return others.find((failure) => failure !== undefined);
}

/** The names under `refs/<kind>/` that a ref's name lies below. */
function foldersOf(ref: RefName): RefName[] {
  const parts = ref.split("/");
  return parts.slice(2, -1).map((_, position) => parts.slice(0, position + 3).join("/") as RefName);
}

function branchInTheWay(existing: RefName, wanted: RefName): Failure {
  const branch = existing.replace(/^refs\/heads\//, "");
  return new Failure("repository", "branch_in_the_way", `${existing} is in the way of ${wanted}`, {
    advice: existing.startsWith("refs/heads/")
      ? `rename that branch: git branch -m ${branch} ${branch.replaceAll("/", "-")}-renamed`
      : `see what made ${existing}; git cannot hold both names`,
    details: { existing, wanted },
  });
}

function notMoved(home: RefHome, stderr: string, updates: readonly RefUpdate[]): Failure {
  const details = { refs: updates.slice(0, 20).map((update) => update.ref), stderr };
  const what = "refs could not be moved";
  const outside = outsideFailure(what, stderr, { folder: home.commonDir, details });
  if (outside !== undefined) return outside;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const lock = /Unable to create '(.*\.lock)'/.exec(stderr)?.[1];
  return new Failure("repository", "ref_not_moved", `${what}: ${said}`, {
    advice:
      lock === undefined
        ? "run `pleach doctor` to see what is wrong with this repository"
        : `if no git is running here, remove ${lock}`,
    details,
  });
}
