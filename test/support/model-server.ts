/** A scripted model behind the wire of OpenAI: `@copilotkit/aimock` as a process of its own, which nobody here wrote. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** What is said to a request that fits; the first that fits counts. See `FixtureMatch` in aimock's types.d.ts for more. */
export interface ModelFixture {
  readonly match: {
    /** Part of the last user message. */
    readonly userMessage?: string;
    /** Parts of the system messages, all of them. */
    readonly systemMessage?: string | readonly string[];
    /** The last message is the result of this call. */
    readonly toolCallId?: string;
    /** Part of the last message, which is a tool's result. */
    readonly toolResultContains?: string;
    readonly hasToolResult?: boolean;
    /** How many assistant messages come before; checked only under AIMOCK_STRICT_TURN_INDEX, which is set. */
    readonly turnIndex?: number;
    /** The how manieth request that fits, from 0. */
    readonly sequenceIndex?: number;
    readonly model?: string;
  };
  readonly response: Readonly<Record<string, unknown>> & {
    readonly content?: string;
    readonly toolCalls?: readonly {
      readonly id?: string;
      readonly name: string;
      /** An object, or text that need not be JSON. */
      readonly arguments: unknown;
    }[];
    readonly error?: { readonly message: string; readonly type?: string; readonly code?: string };
    readonly status?: number;
    /** Seconds. */
    readonly retryAfter?: number;
    /** `prompt_tokens`, `completion_tokens`; of cached ones only under the base path /api/v1. */
    readonly usage?: Readonly<Record<string, unknown>>;
    readonly finishReason?: string;
  };
  /** Milliseconds before each chunk. */
  readonly latency?: number;
  /** Characters of one chunk. */
  readonly chunkSize?: number;
  readonly truncateAfterChunks?: number;
  readonly disconnectAfterMs?: number;
  readonly chaos?: Readonly<Record<string, number>>;
}

/** One request as the server had it. */
export interface ModelServerRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly messages: readonly Readonly<Record<string, unknown>>[];
  };
  readonly response: { readonly status: number; readonly interrupted?: boolean };
}

export interface ModelServer {
  /** Ends with /v1. */
  readonly baseURL: string;
  /** With the fields of OpenRouter: ends with /api/v1. */
  readonly routerURL: string;
  /** Every request so far, oldest first. */
  requests(): Promise<readonly ModelServerRequest[]>;
  stop(): Promise<void>;
}

export interface ModelServerOptions {
  /** Characters of one chunk. */
  readonly chunkSize?: number;
  /** Between chunks. */
  readonly latencyMs?: number;
  /** Accepts only this key. */
  readonly key?: string;
}

/** Stops when the test has finished. */
export async function modelServer(
  fixtures: readonly ModelFixture[],
  options: ModelServerOptions = {},
): Promise<ModelServer> {
  const server = await startModelServer(fixtures, options);
  onTestFinished(() => server.stop());
  return server;
}

/** For more than one test: whoever starts it stops it. */
export async function startModelServer(
  fixtures: readonly ModelFixture[],
  { chunkSize = 20, latencyMs = 0, key }: ModelServerOptions = {},
): Promise<ModelServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "pleach-model-"));
  const file = path.join(folder, "fixtures.json");
  await writeFile(file, JSON.stringify({ fixtures }));
  const args = ["--port", "0", "--fixtures", file, "--strict", "--validate-on-load"];
  const child = spawn(
    process.execPath,
    [program(), ...args, "--latency", String(latencyMs), "--chunk-size", String(chunkSize)],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"],
        AIMOCK_STRICT_TURN_INDEX: "1",
        ...(key === undefined ? {} : { AIMOCK_API_KEYS: key }),
      },
    },
  );
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const url = await addressOf(child);
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    baseURL: `${url}/v1`,
    routerURL: `${url}/api/v1`,
    requests: async () => {
      const response = await fetch(`${url}/__aimock/journal`, { headers });
      const entries = (await response.json()) as readonly ModelServerRequest[];
      return entries.filter((entry) => entry.path.endsWith("/chat/completions"));
    },
    stop: async () => {
      process.removeListener("exit", end);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.signalCode === null) {
        end();
        await ended;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function program(): string {
  const main = createRequire(import.meta.url).resolve("@copilotkit/aimock");
  return path.join(path.dirname(main), "cli.js");
}

/** Its log says where it listens. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const url = /listening on (http:\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", (code) => reject(new Error(`aimock ended with ${code}: ${said}`)));
  });
}
