/** The lane to one provider: how many requests of this process may be on their way to it at once. A provider that has too much
 *  halves that for all, what goes well raises it again by and by, and a wait that it asks for holds all back. It never keeps
 *  anybody for ever: at least one may always go, and every wait ends with its signal. */
import { setMaxListeners } from "node:events";
import { invariant } from "../core/failure.ts";
import { LoopTurns } from "./loop-turns.ts";
import { type ModelClock, realClock } from "./model-clock.ts";

/** What became of a request, as far as the lane is concerned. */
export type LaneNews =
  | { readonly type: "went_well" }
  /** 429, or an overload. */
  | { readonly type: "too_much"; readonly retryAfterMs?: number }
  | { readonly type: "unknown" };

export interface LanePass {
  /** Once; the next one may go. */
  leave(news: LaneNews): void;
}

export interface LaneOptions {
  readonly clock: ModelClock;
  /** 0 … 1. */
  readonly random: () => number;
  readonly widthMax: number;
}

/** More at once than any run has agents. */
const widthMaxDefault = 256;
/** No provider can hold everybody back for longer at a time. */
const holdMsMax = 180_000;
/** After everybody was held back they do not go in the same moment: within this share of the wait, and this time. */
const spreadShare = 0.25;
const spreadMsMax = 5_000;

/** In one turn of the event loop. */
const enteredMax = 2;

interface Waiter {
  readonly go: () => void;
}

export class ModelLane {
  readonly #clock: ModelClock;
  readonly #random: () => number;
  readonly #widthMax: number;
  readonly #waiting = new Set<Waiter>();
  #width: number;
  #active = 0;
  #successes = 0;
  /** Counts the halvings: of many that went out together and all had too much, one halves. */
  #halvings = 0;
  #heldUntil = 0;
  #spreadMs = 0;
  /** A request takes a moment to be made. */
  readonly #turns = new LoopTurns(enteredMax);
  /** Ends the wait for the hold where nobody waits any more. */
  #holding: AbortController | undefined;

  constructor(options: Partial<LaneOptions> = {}) {
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
    this.#widthMax = options.widthMax ?? widthMaxDefault;
    this.#width = this.#widthMax;
  }

  /** How many may be on their way at once. */
  get width(): number {
    return Math.floor(this.#width);
  }

  /** How many went well so far: whether the provider is there for others. */
  get successes(): number {
    return this.#successes;
  }

  /** Waits for a place, first come, first served; undefined where the signal aborted before. */
  async enter(signal: AbortSignal): Promise<LanePass | undefined> {
    if (signal.aborted) return undefined;
    if (this.#waiting.size > 0 || !this.#isOpen()) await this.#turn(signal);
    else this.#active += 1;
    if (signal.aborted) return this.#giveBack();
    const spreadMs = this.#spreadMs * this.#random();
    if (spreadMs > 0) await this.#clock.wait(spreadMs, signal);
    await this.#turns.take();
    return signal.aborted ? this.#giveBack() : this.#pass();
  }

  #isOpen(): boolean {
    return this.#active < this.width && this.#clock.now() >= this.#heldUntil;
  }

  /** Settles with a place taken. One that aborts first takes one too, and gives it back at once. */
  #turn(signal: AbortSignal): Promise<void> {
    // One signal stops many agents at once; that is no leak to warn of.
    setMaxListeners(0, signal);
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", go);
        this.#active += 1;
        resolve();
      };
      const waiter: Waiter = { go };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", go, { once: true });
      this.#letIn();
    });
  }

  #giveBack(): undefined {
    this.#active -= 1;
    this.#letIn();
    return undefined;
  }

  #pass(): LanePass {
    const halvings = this.#halvings;
    let open = true;
    return {
      leave: (news) => {
        invariant(open, "a pass is given back once");
        open = false;
        this.#hear(news, halvings);
        this.#active -= 1;
        this.#letIn();
      },
    };
  }

  #hear(news: LaneNews, halvings: number): void {
    if (news.type === "went_well") {
      this.#successes += 1;
      this.#width = Math.min(this.#widthMax, this.#width + 1 / this.#width);
      if (this.#clock.now() >= this.#heldUntil) this.#spreadMs = 0;
      return;
    }
    if (news.type === "unknown") return;
    if (halvings === this.#halvings) {
      this.#halvings += 1;
      this.#width = Math.max(1, Math.floor(Math.min(this.#width, this.#active) / 2));
    }
    this.#hold(Math.min(news.retryAfterMs ?? 0, holdMsMax));
  }

  #hold(ms: number): void {
    if (ms <= 0) return;
    this.#heldUntil = Math.max(this.#heldUntil, this.#clock.now() + ms);
    this.#spreadMs = Math.min(spreadMsMax, ms * spreadShare);
    this.#endHolding();
  }

  /** Lets in whoever may go, and looks again when the hold is over. */
  #letIn(): void {
    for (const waiter of this.#waiting) {
      if (!this.#isOpen()) break;
      waiter.go();
    }
    if (this.#waiting.size === 0) this.#endHolding();
    const ms = this.#heldUntil - this.#clock.now();
    if (this.#waiting.size === 0 || ms <= 0 || this.#holding !== undefined) return;
    const holding = new AbortController();
    this.#holding = holding;
    void this.#clock.wait(ms, holding.signal).then(() => {
      if (this.#holding !== holding) return;
      this.#holding = undefined;
      this.#letIn();
    });
  }

  #endHolding(): void {
    this.#holding?.abort();
    this.#holding = undefined;
  }
}

/** The lane of each base URL, the same for all that ask. */
export class ModelLanes {
  readonly #options: Partial<LaneOptions>;
  readonly #lanes = new Map<string, ModelLane>();

  constructor(options: Partial<LaneOptions> = {}) {
    this.#options = options;
  }

  of(baseURL: string): ModelLane {
    const key = baseURL.replace(/\/+$/, "");
    const before = this.#lanes.get(key);
    if (before !== undefined) return before;
    const made = new ModelLane(this.#options);
    this.#lanes.set(key, made);
    return made;
  }
}

/** Those of this process. */
export const modelLanes = new ModelLanes();
