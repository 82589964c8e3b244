/** Messages of a command worker: what others say to its unit appears as files in its inbox, and what it puts into its outbox is sent.
 *  The worker may do anything to both folders meanwhile: nothing is followed, and nothing is written outside of them. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import type { Desk, Message } from "../core/desk.ts";
import { errorCode } from "../host/file.ts";
import type { ExchangePaths } from "./exchange.ts";
import { readWorkerFile } from "./worker-file.ts";

export interface Mail {
  /** Sends what still lies in the outbox, then ends. */
  close(): Promise<void>;
}

/** How a command is called among the agents of its unit. */
const agentName = "command";
const pollMs = 500;
const messageBytesMax = 100_000;
/** What a worker puts into its outbox beyond that is left there. */
const filesMax = 1000;

/** A message as a worker writes it: `to` is a unit, or `unit/agent`. */
const written = z.object({ to: z.string().min(1).max(300), text: z.string() });

export function openMail(paths: ExchangePaths, desk: Desk): Mail {
  const stop = new AbortController();
  const taken = new Set<string>();
  let sending: Promise<void> = Promise.resolve();
  const send = () => {
    sending = sending.then(() => sendAll(paths.outbox, desk, taken, stop.signal.aborted));
    return sending;
  };
  const both = Promise.all([deliverAll(paths.inbox, desk, stop.signal), poll(send, stop.signal)]);
  // Told when it is closed.
  both.catch(() => undefined);
  return {
    close: async () => {
      stop.abort();
      await both;
      await send();
    },
  };
}

async function deliverAll(inbox: string, desk: Desk, signal: AbortSignal): Promise<void> {
  let since = 0;
  while (!signal.aborted) {
    for (const message of desk.messages(since)) {
      await deliver(inbox, message);
      since = message.id;
    }
    await desk.untilMessage(since, signal);
  }
}

async function deliver(inbox: string, { id, from, text, at }: Message): Promise<void> {
  const folder = await openFolder(inbox);
  if (folder === undefined) return;
  const inside = `/proc/self/fd/${folder.fd}`;
  const name = `${String(id).padStart(8, "0")}.json`;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const draft = await open(path.join(inside, `.${name}.draft`), flags, 0o644);
    const said = { id, from, text, at: new Date(at).toISOString() };
    await draft.writeFile(`${JSON.stringify(said)}\n`).finally(() => draft.close());
    await rename(path.join(inside, `.${name}.draft`), path.join(inside, name));
  } catch (error) {
    if (!isOfWorker(error)) throw error;
  } finally {
    await folder.close();
  }
}

async function poll(send: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await send();
    // Aborting the pause is how it ends.
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

/** `isLast`: what is no message now will not become one. */
async function sendAll(
  outbox: string,
  desk: Desk,
  taken: Set<string>,
  isLast: boolean,
): Promise<void> {
  const folder = await openFolder(outbox);
  if (folder === undefined) return;
  const inside = `/proc/self/fd/${folder.fd}`;
  try {
    const names = (await readdir(inside)).filter((name) => /^[^.].*\.json$/.test(name)).sort();
    for (const name of names.slice(0, filesMax)) {
      if (taken.has(name)) continue;
      const message = await readMessage(path.join(inside, name));
      // One that is still being written is whole a little later.
      if (message === undefined) {
        const text = `${name} in its outbox was not sent: it is no JSON with to and text`;
        if (isLast) desk.report({ unit: desk.unit, text });
        continue;
      }
      taken.add(name);
      const told = await desk.send(agentName, message.to, message.text);
      if (told.type === "refused") {
        desk.report({ unit: desk.unit, text: `${name} in its outbox was not sent: ${told.why}` });
      }
    }
  } catch (error) {
    if (!isOfWorker(error)) throw error;
  } finally {
    await folder.close();
  }
}

async function readMessage(file: string): Promise<z.infer<typeof written> | undefined> {
  const read = readWorkerFile(file, messageBytesMax);
  if (read.type !== "read") return undefined;
  try {
    return written.safeParse(JSON.parse(read.bytes.toString("utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined where the worker took it away, or put something else in its place. */
async function openFolder(folder: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  try {
    return await open(folder, flags);
  } catch (error) {
    if (isOfWorker(error)) return undefined;
    throw error;
  }
}

/** What a worker can bring about by what it does to its folders. */
function isOfWorker(error: unknown): boolean {
  const codes = ["ENOENT", "ENOTDIR", "ELOOP", "EEXIST", "EACCES", "EPERM", "EISDIR", "EMLINK"];
  return codes.includes(errorCode(error) ?? "");
}
