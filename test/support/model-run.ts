/** Runs of the built program whose units are worked on by a scripted model: the server is a process of its own, and what it was
 *  asked is what the test believes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { TranscriptLine } from "../../src/agent/transcript-line.ts";
import type { JournalLine, RunEvent } from "../../src/core/event.ts";
import { type Started, startPleach } from "./killed-run.ts";
import {
  type ModelFixture,
  type ModelServer,
  type ModelServerOptions,
  type ModelServerRequest,
  modelServer,
  startModelServer,
} from "./model-server.ts";
import { type CallOptions, makeScene, type Scene } from "./scene.ts";

/** One answer of the model. */
export interface Said {
  readonly text?: string;
  /** Name and arguments of each call. */
  readonly calls?: readonly (readonly [name: string, given: unknown])[];
  readonly usage?: Readonly<Record<string, unknown>>;
  /** Milliseconds before it. */
  readonly latency?: number;
}

export interface Listener {
  /** Part of the system prompt, such as `You are a reviewer`. */
  readonly system?: string;
  /** How many answers it had before. */
  readonly from?: number;
}

/** What the model says, answer by answer, to whoever was last told something that holds `told`. */
export function script(
  told: string,
  answers: readonly Said[],
  { system, from = 0 }: Listener = {},
): readonly ModelFixture[] {
  return answers.map((said, at) => ({
    match: {
      userMessage: told,
      turnIndex: from + at,
      ...(system === undefined ? {} : { systemMessage: system }),
    },
    ...answer(said),
  }));
}

export function answer(said: Said): Omit<ModelFixture, "match"> {
  const { text, calls = [], usage, latency } = said;
  return {
    response: {
      ...(text === undefined ? {} : { content: text }),
      ...(calls.length === 0
        ? {}
        : { toolCalls: calls.map(([name, given]) => ({ name, arguments: given })) }),
      ...(usage === undefined ? {} : { usage }),
    },
    // A whole answer is one chunk, so that its latency is that of the answer.
    ...(latency === undefined ? {} : { latency, chunkSize: 1_000_000 }),
  };
}

/** Who is spoken to by a unit's task. */
export const unitCalled = (id: string) => `(${id})`;

export const modelKey = "sk-test-0123456789abcdefghijklmnop";

export interface ModelSceneParts {
  readonly fixtures: readonly ModelFixture[];
  readonly files?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Over the settings of the worker. */
  readonly model?: Readonly<Record<string, unknown>>;
  readonly server?: ModelServerOptions;
  /** Whoever makes it stops the server. */
  readonly shared?: boolean;
}

export interface ModelScene extends Scene {
  readonly server: ModelServer;
  /** What the program finds: the key, and a home of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** In a process group of its own, to be killed. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Started;
}

export async function makeModelScene(parts: ModelSceneParts): Promise<ModelScene> {
  const { fixtures, files = {}, config = {}, model = {} } = parts;
  const start = parts.shared === true ? startModelServer : modelServer;
  const server = await start(fixtures, parts.server);
  const worker = {
    type: "model",
    baseURL: server.baseURL,
    apiKeyEnv: "MODEL_KEY",
    model: "scripted",
    ...model,
  };
  const scene = await makeScene({
    "README.md": "# Small\n",
    ".agentrc.json": JSON.stringify({
      worker: "model",
      workers: { model: worker },
      limits: { attempts: 1 },
      ...config,
    }),
    ...files,
  });
  const env = { MODEL_KEY: modelKey, HOME: path.join(scene.repository.folder, "home") };
  const withEnv = (how: CallOptions = {}): CallOptions => ({ ...how, env: { ...env, ...how.env } });
  const { repository, stateHome } = scene;
  const place = { repository, folder: repository.folder, plan: "", stateHome };
  return {
    ...scene,
    server,
    env,
    type: (args, how) => scene.type(args, withEnv(how)),
    ask: (args, how) => scene.ask(args, withEnv(how)),
    start: (args, more = {}) => startPleach(place, args, { ...quietGit, ...env, ...more }),
  };
}

const quietGit = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };

/** `run`, as a person who trusts what is there types it. */
export const runPlan = (plan: string, ...more: readonly string[]) => [
  ...["run", "--plan", plan, "--trust", "--sandbox", "none"],
  ...more,
];

/** What one request said, all of it. */
export function wordsOf({ body }: ModelServerRequest): string {
  return body.messages.map(({ content }) => String(content ?? "")).join("\n");
}

/** The result of the tool that the model was told last, in the request that came after so many answers to the listener. */
export function resultsTold({ body }: ModelServerRequest): readonly string[] {
  const last = body.messages.findLastIndex(({ role }) => role === "assistant");
  return body.messages
    .slice(last + 1)
    .filter(({ role }) => role === "tool")
    .map(({ content }) => String(content));
}

/** Requests of whoever's first messages hold `told`. */
export async function requestsOf(
  server: ModelServer,
  told: string,
): Promise<readonly ModelServerRequest[]> {
  const all = await server.requests();
  return all.filter(({ body }) =>
    body.messages.some(({ role, content }) => role === "user" && String(content).includes(told)),
  );
}

/** Requests that were answered, each by its messages: the same twice was paid twice. */
export async function paidTwice(server: ModelServer): Promise<readonly string[]> {
  const answered = (await server.requests()).filter(
    ({ response }) => response.status === 200 && response.interrupted !== true,
  );
  const seen = new Set<string>();
  return answered.flatMap(({ body }) => {
    const text = JSON.stringify(body.messages);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [text.slice(-500)];
  });
}

/** Every request met a fixture. */
export async function expectScripted(server: ModelServer): Promise<void> {
  const lost = (await server.requests()).filter(({ response }) => response.status === 503);
  expect(lost.map((each) => wordsOf(each).slice(-1500))).toEqual([]);
}

export function journalLines(scene: Pick<Scene, "record">, run: string): readonly JournalLine[] {
  const lines = scene.record(run, "journal.jsonl").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as JournalLine);
}

export function eventsIn<T extends RunEvent["type"]>(
  scene: Pick<Scene, "record">,
  run: string,
  type: T,
) {
  return journalLines(scene, run).flatMap(({ event }) =>
    event.type === type ? [event as Extract<RunEvent, { type: T }>] : [],
  );
}

export interface Bill {
  readonly calls: number;
  readonly input: number;
  readonly output: number;
}

/** What the server would want to be paid for: whatever it began to answer, at `each`. */
export async function billed(
  server: ModelServer,
  each = { input: 3000, output: 100 },
): Promise<Bill> {
  const { length: calls } = (await server.requests()).filter(
    ({ response }) => response.status === 200,
  );
  return { calls, input: calls * each.input, output: calls * each.output };
}

/** Transcripts of the newest attempt of each unit, by `unit/agent`: the lines that are whole. */
export function transcriptsOf(
  { repository }: Pick<Scene, "repository">,
  run: string,
): ReadonlyMap<string, readonly TranscriptLine[]> {
  const units = path.join(repository.path, ".git/pleach/runs", run, "units");
  const found = new Map<string, readonly TranscriptLine[]>();
  for (const unit of namesIn(units)) {
    const newest = Math.max(0, ...namesIn(path.join(units, unit)).map(Number));
    const agents = path.join(units, unit, String(newest), "agents");
    for (const name of namesIn(agents)) {
      const lines = readFileSync(path.join(agents, name), "utf8").split("\n").slice(0, -1);
      const told = lines.map((line) => JSON.parse(line) as TranscriptLine);
      found.set(`${unit}/${name.replace(/\.jsonl$/, "")}`, told);
    }
  }
  return found;
}

/** How many calls of the model are begun and not answered, as far as anybody can know. */
export function callsInFlight(scene: Pick<Scene, "repository">, run: string): number {
  const open = [...transcriptsOf(scene, run).values()].filter(
    (lines) => lines.at(-1)?.type === "asked",
  );
  return open.length;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
