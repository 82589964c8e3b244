/** A lock between processes: a file that is there whole or not at all, and names its owner. It is taken over only from an
 *  owner that is provably dead, by one taker alone; a lock that nobody can read is held. */
import { randomBytes } from "node:crypto";
import { setMaxListeners } from "node:events";
import {
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  unlink,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Runner } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { RunId } from "../core/id.ts";
import { errorCode, fileFailure, isAbsent } from "./file.ts";
import { lifeOf, selfFacts } from "./runner.ts";

export { isAlive, lifeOf, selfFacts } from "./runner.ts";

/** Who holds a lock, and for which run. */
export interface LockFacts extends Runner {
  readonly run?: RunId;
}

export interface Lock {
  readonly type: "acquired";
  /** Removes the lock if it is still ours. */
  release(): Promise<void>;
}

export interface LockHeld {
  readonly type: "held";
  readonly path: string;
  /** Undefined where the file cannot be understood. */
  readonly by: LockFacts | undefined;
}

interface LockFile extends LockFacts {
  /** Tells two locks of one process apart. */
  readonly token: string;
}
type Found = { readonly text: string; readonly owner: LockFile | undefined } | undefined;

/** A taker that dies while it takes over leaves a lock of its own, which is taken over in the same way. */
const takersMax = 4;
const triesMax = 200;
const retryMs = 10;

/** Takes a lock at once, or says who holds it. */
export async function acquireLock(
  file: string,
  facts: { readonly run?: RunId } = {},
): Promise<Lock | LockHeld> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const token = randomBytes(12).toString("hex");
    const mine = JSON.stringify({ ...(await selfFacts()), ...facts, token });
    const held = await acquire(file, mine, 0);
    if (held !== undefined) return { type: "held", path: file, by: factsOf(held.owner) };
    await sweepLeftovers(file);
    return { type: "acquired", release: () => release(file, mine) };
  } catch (error) {
    throw fileFailure(error, `take the lock ${file}`);
  }
}

/** Takes a lock, waiting for it to become free; throws the Failure of `lockHeld` after `timeoutMs`. */
export async function waitForLock(
  file: string,
  facts: { readonly run?: RunId },
  wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Lock> {
  const begun = performance.now();
  // One signal ends many waits at once; that is no leak to warn of.
  setMaxListeners(0, wait.signal);
  for (;;) {
    wait.signal.throwIfAborted();
    const answer = await acquireLock(file, facts);
    if (answer.type === "acquired") return answer;
    if (performance.now() - begun > wait.timeoutMs) throw lockHeld(answer);
    await delay(retryMs * (1 + Math.random()), undefined, { signal: wait.signal });
  }
}

/** The Failure of a lock that another holds. */
export function lockHeld(held: LockHeld): Failure {
  const { by } = held;
  if (by === undefined) {
    const message = `the lock ${held.path} cannot be understood, so it is taken for held`;
    const advice = `if no Pleach is at work here, remove it: rm ${JSON.stringify(held.path)}`;
    return new Failure("busy", "lock_unreadable", message, {
      advice,
      details: { path: held.path },
    });
  }
  const what = by.run === undefined ? "another Pleach" : `run ${by.run}`;
  const message = `${what} is active here (process ${by.pid})`;
  const advice = `wait for it or cancel it; if process ${by.pid} ran on another machine or in a container that is gone, remove ${held.path}`;
  return new Failure("busy", "run_active", message, {
    advice,
    details: { path: held.path, ...by },
  });
}

/** Undefined once the lock is ours, else what was found there. */
async function acquire(
  file: string,
  mine: string,
  takers: number,
): Promise<NonNullable<Found> | undefined> {
  let last: NonNullable<Found> = { text: "", owner: undefined };
  for (let tries = 0; tries < triesMax; tries += 1) {
    if (await place(file, mine, "new")) return undefined;
    const found = await read(file);
    if (found === undefined) continue;
    last = found;
    if (!(await isStale(found)) || takers === takersMax) return found;
    if (await takeOver(file, mine, takers + 1)) return undefined;
    await delay(retryMs * Math.random());
  }
  return last;
}

/** Whoever takes a lock over holds a second lock meanwhile and looks again under it, so that of many who saw the same dead
 *  owner one alone replaces the file. */
async function takeOver(file: string, mine: string, takers: number): Promise<boolean> {
  const guard = `${file}.taking`;
  if ((await acquire(guard, mine, takers)) !== undefined) return false;
  try {
    const found = await read(file);
    if (found === undefined || !(await isStale(found))) return false;
    return await place(file, mine, "replacement");
  } finally {
    await release(guard, mine);
  }
}

/** Puts the file there whole: as a new name, which fails where there is one, or in the place of the one that is there. */
async function place(file: string, text: string, as: "new" | "replacement"): Promise<boolean> {
  const draft = `${file}.${process.pid}-${randomBytes(6).toString("hex")}.draft`;
  try {
    const handle = await open(draft, "wx");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (as === "replacement") await rename(draft, file);
    else await linkOrWrite(draft, file, text);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function linkOrWrite(draft: string, file: string, text: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errorCode(error) ?? "")) throw error;
    // A file system without hard links: a crash in this moment leaves a lock that nobody can read, which is held.
    await writeFile(file, text, { flag: "wx" });
  }
}

async function read(file: string): Promise<Found> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (errorCode(error) === "EISDIR" || errorCode(error) === "EACCES") {
      return { text: "", owner: undefined };
    }
    throw error;
  }
  return { text, owner: parse(text) };
}

function parse(text: string): LockFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, startTime, boot, run, token } = value as Record<string, unknown>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof startTime !== "string" || typeof boot !== "string") return undefined;
  if (typeof token !== "string" || !(run === undefined || typeof run === "string")) {
    return undefined;
  }
  return { pid, startTime, boot, token, ...(run === undefined ? {} : { run: run as RunId }) };
}

async function isStale(found: NonNullable<Found>): Promise<boolean> {
  return found.owner !== undefined && (await lifeOf(found.owner)) === "dead";
}

async function release(file: string, mine: string): Promise<void> {
  if ((await read(file))?.text !== mine) return;
  // Nobody takes a lock from the living: it is still ours when it goes.
  await unlink(file);
}

/** Removes what takers left that were killed. A dead guard may go as well: who holds the lock itself is alive. */
async function sweepLeftovers(file: string): Promise<void> {
  const folder = path.dirname(file);
  const names = await readdir(folder);
  for (const name of names) {
    if (!name.startsWith(`${path.basename(file)}.`) || !/\.(?:draft|taking)$/.test(name)) continue;
    const found = await read(path.join(folder, name));
    if (found !== undefined && (await isStale(found))) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

function factsOf(owner: LockFile | undefined): LockFacts | undefined {
  if (owner === undefined) return undefined;
  const { token: _, ...facts } = owner;
  return facts;
}

/** Who holds a lock now, alive or dead; undefined where nobody does or the file cannot be understood. */
export async function readLock(file: string): Promise<LockFacts | undefined> {
  const found = await read(file);
  return found === undefined ? undefined : factsOf(found.owner);
}
