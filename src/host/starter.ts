/** A small process of ours that starts programs in our stead. Starting one copies the tables of all pages of whoever starts it,
 *  and makes each of them a fault at the next write: beside many agents that is more work than all their turns. It must never
 *  start a program twice, and never outlive us. */
import { workerEnvironment } from "./environment.ts";
import { ownProgram } from "./own-folder.ts";
import { startProcess } from "./process.ts";
import { hasProc } from "./process-table.ts";
import type { StarterNews, StartOrder } from "./starter-words.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A program that runs, or ran. */
export interface Started {
  readonly pid: number;
  /** As in ProcessRow; 0 where unknown. */
  readonly start: number;
  readonly exit: Promise<Exit>;
  /** Its exit is not waited for any more. */
  letGo(): void;
}

/** What is to be started, with descriptors of ours for its own 0, 1, 2 …; undefined is nothing to read or to say. */
export interface StartRequest extends Pick<StartOrder, "file" | "args" | "cwd" | "env"> {
  readonly descriptors: readonly (number | undefined)[];
}

/** One that ended by itself is replaced; after more of them we do without. */
const lostMax = 2;

let wanted = false;
let current: Starter | undefined;
let lost = 0;

/** From now on programs are started apart, where the machine allows it. Best said while we are small. */
export function startApart(): void {
  wanted = hasProc;
  living();
}

/** From now on we start programs ourselves again; who started others goes when those have ended. */
export function startHere(): void {
  wanted = false;
  current?.retire();
  current = undefined;
}

/** Undefined where nobody starts programs in our stead. Throws what the system says where there is no such program, and where
 *  the process that was to start it has ended before it could tell: perhaps it had started it. */
export async function startedApart(request: StartRequest): Promise<Started | undefined> {
  const starter = living();
  return (await starter?.ready) === true ? starter?.start(request) : undefined;
}

function living(): Starter | undefined {
  if (!wanted) return undefined;
  if (current?.isLost === true) {
    lost += 1;
    current = undefined;
  }
  if (lost <= lostMax) current ??= new Starter();
  return current;
}

/** Who waits for the start of one program, and then for its exit. */
interface Order {
  began(started: Pick<Started, "pid" | "start">): void;
  failed(error: Error): void;
  exited(exit: Exit): void;
}

class Starter {
  readonly #child: ReturnType<typeof startProcess>;
  readonly #orders = new Map<number, Order>();
  /** Whether it is there; not where it ended before it was. */
  readonly ready: Promise<boolean>;
  #isReady: (ready: boolean) => void = () => undefined;
  #last = 0;
  #isLost = false;
  #isRetired = false;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    this.#child = startProcess(process.execPath, [ownProgram("host/starter-child")], {
      ...{ cwd: "/", env: workerEnvironment(), detached: true },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child.on("message", (news) => this.#hear(news as StarterNews));
    this.#child.once("disconnect", () => this.#leave());
    // Whoever could not be started at all has no channel that could close.
    this.#child.once("error", () => this.#leave());
    this.#child.unref();
  }

  /** It has ended, and nobody asked it to. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Nothing more will be asked of it. */
  retire(): void {
    this.#isRetired = true;
    this.#rest();
  }

  async start({ descriptors, ...what }: StartRequest): Promise<Started> {
    this.#last += 1;
    const id = this.#last;
    // Ours stay open until it has told that the program has them.
    const files = descriptors.map((one) =>
      one === undefined ? null : `/proc/${process.pid}/fd/${one}`,
    );
    let exited: Order["exited"] = () => undefined;
    const exit = new Promise<Exit>((resolve) => {
      exited = resolve;
    });
    const { pid, start } = await new Promise<Parameters<Order["began"]>[0]>((began, failed) => {
      this.#orders.set(id, { began, failed, exited });
      this.#child.channel?.ref();
      const order: StartOrder = { ...what, id, files };
      this.#child.send(order, (error) => {
        if (error === null) return;
        this.#close(id);
        failed(error);
      });
    });
    return { pid, start, exit, letGo: () => this.#close(id) };
  }

  #hear(news: StarterNews): void {
    if (news.type === "ready") {
      this.#isReady(true);
      this.#rest();
      return;
    }
    const order = this.#orders.get(news.id);
    if (news.type !== "began") this.#close(news.id);
    if (news.type === "began") order?.began(news);
    else if (news.type === "exited") order?.exited(news.exit);
    else order?.failed(Object.assign(new Error(news.message), { code: news.code }));
  }

  #close(id: number): void {
    this.#orders.delete(id);
    this.#rest();
  }

  /** It keeps us at work only while something of it is awaited. */
  #rest(): void {
    if (this.#orders.size > 0) return;
    this.#child.channel?.unref();
    if (this.#isRetired && this.#child.connected) this.#child.disconnect();
  }

  /** How those that run will end nobody can tell any more, and that is no success. */
  #leave(): void {
    this.#isLost = true;
    this.#isReady(false);
    const open = [...this.#orders.values()];
    this.#orders.clear();
    for (const order of open) {
      order.failed(new Error("the process that starts programs has ended"));
      order.exited({ code: null, signal: null });
    }
  }
}
