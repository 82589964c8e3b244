/** How other processes speak to a run: a small file in its inbox, put there by an atomic rename; the loop takes it, journals what it
 *  means, and only then removes it. Nobody but the loop reads; a file that means nothing is removed and told of. */
import { randomBytes } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { isUnitId } from "../core/id.ts";
import { fileFailure, isAbsent, readTextIfThere, writeAtomically } from "../host/file.ts";
import type { Mailbox } from "./mailbox.ts";
import type { RunRequest } from "./request.ts";
import { messageCharsMax } from "./worker-request.ts";

/** A watcher may miss what happens while it starts, and network disks tell nothing. */
const pollMs = 500;
const requestCharsMax = 100_000;

const requestShape = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("cancel"), unit: z.string().refine(isUnitId).optional() }),
  z.strictObject({ type: z.literal("pause") }),
  z.strictObject({ type: z.literal("continue") }),
  z.strictObject({
    type: z.literal("answer"),
    id: z.string().max(200),
    answer: z.enum(["approved", "denied"]),
    text: z.string().max(messageCharsMax).optional(),
  }),
  z.strictObject({
    type: z.literal("message"),
    from: z.literal("person"),
    unit: z.string().refine(isUnitId),
    agent: z.string().max(200).optional(),
    text: z.string().max(messageCharsMax),
  }),
]);

/** What people may say from outside; Ctrl-C has a way of its own. */
export type SpokenRequest = Extract<
  RunRequest,
  { type: "cancel" | "pause" | "continue" | "answer" | "message" }
>;

export async function dropRequest(inbox: string, request: SpokenRequest): Promise<void> {
  const name = `${Date.now().toString().padStart(14, "0")}-${randomBytes(4).toString("hex")}.json`;
  try {
    await mkdir(inbox, { recursive: true });
  } catch (error) {
    throw fileFailure(error, `make ${inbox}`);
  }
  await writeAtomically(path.join(inbox, name), `${JSON.stringify(request)}\n`);
}

export interface InboxReader {
  /** Posts what waits now; settles when all has been posted. */
  read(): Promise<void>;
  close(): void;
}

export async function openInbox(
  inbox: string,
  mailbox: Mailbox,
  warn: (text: string) => void,
): Promise<InboxReader> {
  await mkdir(inbox, { recursive: true });
  const posted = new Set<string>();
  let reading: Promise<void> = Promise.resolve();
  const read = () => {
    reading = reading.then(() => postAll(inbox, posted, mailbox, warn));
    return reading;
  };
  const readQuietly = () => {
    read().catch((error: unknown) => {
      if (!isAbsent(error)) warn(`the inbox of the run cannot be read: ${String(error)}`);
    });
  };
  const watcher = watch(inbox, readQuietly);
  // The poll goes on without it.
  watcher.on("error", () => watcher.close());
  const timer = setInterval(readQuietly, pollMs);
  return {
    read,
    close: () => {
      clearInterval(timer);
      watcher.close();
    },
  };
}

async function postAll(
  inbox: string,
  posted: Set<string>,
  mailbox: Mailbox,
  warn: (text: string) => void,
): Promise<void> {
  const names = (await readdir(inbox)).filter((name) => name.endsWith(".json")).sort();
  for (const name of names) {
    if (posted.has(name)) continue;
    posted.add(name);
    const file = path.join(inbox, name);
    const request = parseRequest(await readTextIfThere(file));
    const acknowledge = () => rm(file, { force: true });
    if (request === undefined) {
      warn(`${name} in the run's inbox is no request: removed`);
      await acknowledge();
    } else mailbox.post({ type: "request", request, acknowledge });
  }
}

function parseRequest(text: string | undefined): SpokenRequest | undefined {
  if (text === undefined || text.length > requestCharsMax) return undefined;
  try {
    const parsed = requestShape.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as SpokenRequest) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
