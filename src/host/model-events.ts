/** The bytes of an answer to the data of its server-sent events. It never holds more than its limit, and lines that are no
 *  events at all (a JSON error, a proxy's page) are kept aside to be read as what they are. */
import { StringDecoder } from "node:string_decoder";

export interface ServerEvent {
  readonly data: string;
  /** `message` where it has no name. */
  readonly name: string;
}

export interface EventReaderOptions {
  /** Of one event, and of all that is no event. */
  readonly charactersMax: number;
  readonly take: (event: ServerEvent) => void;
}

/** A last line that is the beginning of one of them is no text of its own. */
const fields = ["data:", "event:", "id:", "retry:"];

/** The package's own reader copies all it has with every chunk, tells nothing of what is no event, and has no limit. */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #decoder = new StringDecoder("utf8");
  /** A line that has not ended yet. */
  #line = "";
  #data: string | undefined;
  #name = "message";
  #foreign = "";
  #overflown = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** Text that came between events and is none. */
  get foreign(): string {
    return this.#foreign;
  }

  /** Something was longer than its limit; whatever came after it was not looked at. */
  get overflown(): boolean {
    return this.#overflown;
  }

  feed(bytes: Uint8Array): void {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#lines(this.#decoder.write(view));
  }

  /** No more will come. A last event without its empty line counts: some servers end so, and what was cut is no JSON. */
  end(): void {
    if (fields.some((field) => field.startsWith(this.#line))) this.#line = "";
    this.#lines(`${this.#decoder.end()}\n\n`);
  }

  #lines(text: string): void {
    let from = 0;
    // Only what is new is searched, or a line that never ends would be read again with every chunk.
    for (let at = text.indexOf("\n"); at >= 0 && !this.#overflown; at = text.indexOf("\n", from)) {
      const line = this.#line + text.slice(from, at);
      this.#line = "";
      from = at + 1;
      for (const part of line.includes("\r") ? line.replace(/\r$/, "").split("\r") : [line]) {
        this.#takeLine(part);
      }
    }
    this.#line += text.slice(from);
    this.#bound(this.#line.length);
  }

  #takeLine(line: string): void {
    if (line === "") this.#dispatch();
    else if (line.startsWith("data:")) this.#addData(fieldValue(line, 5));
    else if (line.startsWith("event:")) this.#name = fieldValue(line, 6);
    else if (!/^(?::|id:|retry:)/.test(line)) this.#addForeign(line);
  }

  #dispatch(): void {
    const data = this.#data;
    const name = this.#name;
    this.#data = undefined;
    this.#name = "message";
    if (data !== undefined) this.#options.take({ data, name });
  }

  #addData(value: string): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    this.#bound(this.#data.length);
  }

  #addForeign(line: string): void {
    // A byte order mark before the first line.
    if (line.startsWith("\ufeff")) {
      this.#takeLine(line.slice(1));
      return;
    }
    this.#foreign += `${line}\n`;
    this.#bound(this.#foreign.length);
  }

  #bound(characters: number): void {
    if (characters > this.#options.charactersMax) this.#overflown = true;
  }
}

function fieldValue(line: string, from: number): string {
  return line.slice(line[from] === " " ? from + 1 : from);
}
