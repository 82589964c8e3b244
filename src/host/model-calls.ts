/** Tool calls out of the pieces in which servers send them: without an index, with the same index for all, with objects for
 *  arguments, all at once or letter by letter. It only joins what came; whether it came in whole is for the stream to say. */
import { randomBytes } from "node:crypto";
import type { ToolCall } from "../core/model.ts";
import { fieldsOf, isJsonObject } from "./model-json.ts";

interface Slot {
  readonly index: number | undefined;
  id: string;
  name: string;
  text: string;
}

interface Piece {
  readonly index: number | undefined;
  readonly id: string;
  readonly name: string;
  /** Text to be added; an object is whole. */
  readonly text: string;
  readonly isWhole: boolean;
}

/** More in one answer is no answer. */
export const callsMax = 256;

export class CallPieces {
  readonly #slots: Slot[] = [];
  #last: Slot | undefined;
  #characters = 0;

  /** The characters of all names and arguments. */
  get characters(): number {
    return this.#characters;
  }

  get count(): number {
    return this.#slots.length;
  }

  /** Takes one `tool_calls` entry of a delta, whatever it is. */
  add(given: unknown): void {
    const piece = pieceOf(given);
    if (piece === undefined) return;
    this.#characters += piece.name.length + piece.text.length;
    const slot = this.#slotOf(piece);
    this.#last = slot;
    if (slot.id === "") slot.id = piece.id;
    slot.name = joinedName(slot, piece);
    slot.text = piece.isWhole ? piece.text : slot.text + piece.text;
  }

  /** What has come so far, each with an id of its own: results are told apart by it. */
  calls(): readonly ToolCall[] {
    const taken = new Set<string>();
    return this.#slots.map(({ id, name, text }) => {
      const own = id === "" || taken.has(id) ? `call_${randomBytes(12).toString("hex")}` : id;
      taken.add(own);
      // A tool without arguments is called with nothing at all by some.
      return { id: own, name, text: text.trim() === "" ? "{}" : text };
    });
  }

  #slotOf(piece: Piece): Slot {
    const found = this.#find(piece);
    if (found !== undefined && !startsAnother(found, piece)) return found;
    const made: Slot = { index: piece.index, id: "", name: "", text: "" };
    this.#slots.push(made);
    return made;
  }

  /** By index, else by id, else the last. */
  #find({ index, id }: Piece): Slot | undefined {
    if (index !== undefined) return this.#slots.findLast((slot) => slot.index === index);
    if (id !== "") return this.#slots.findLast((slot) => slot.id === id);
    return this.#last;
  }
}

/** Several calls under one index are told apart by their ids, or, where there are none, by a name after a whole call. */
function startsAnother(slot: Slot, piece: Piece): boolean {
  if (piece.name === "") return false;
  if (piece.id !== "" && slot.id !== "") return piece.id !== slot.id;
  if (slot.name === "" || slot.text === "") return false;
  if (piece.name !== slot.name) return true;
  // Some repeat the name with every piece, the last one too, which brings no more text.
  return piece.text.trim() !== "" && slot.text.trimEnd().endsWith("}") && isJsonObject(slot.text);
}

/** A name comes whole, and again with every piece from some; only before any arguments may it come in pieces. */
function joinedName(slot: Slot, { name }: Piece): string {
  if (name === "" || name === slot.name) return slot.name;
  return slot.text === "" ? slot.name + name : slot.name;
}

function pieceOf(given: unknown): Piece | undefined {
  const { index, id, function: called } = fieldsOf(given);
  const { name, arguments: text } = fieldsOf(called);
  const isWhole = typeof text === "object" && text !== null;
  if (id === undefined && index === undefined && called === undefined) return undefined;
  return {
    index: typeof index === "number" ? index : undefined,
    id: typeof id === "string" ? id : "",
    name: typeof name === "string" ? name : "",
    text: isWhole ? JSON.stringify(text) : typeof text === "string" ? text : "",
    isWhole,
  };
}
