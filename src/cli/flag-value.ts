/** What the values of flags may be. A parser takes what was typed, and for a flag that repeats what came before. */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../core/duration.ts";

export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  }
  return number;
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  }
  return number;
}

export function positiveAmount(text: string): number {
  const number = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || !Number.isFinite(number) || number <= 0) {
    throw new InvalidArgumentError("It must be a number greater than 0, such as 2.50.");
  }
  return number;
}

export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new InvalidArgumentError("It must be a time above 0, such as 90s, 15m or 1h.");
  }
  return ms;
}

export function someText(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** A branch or a revision: never something that git could take for an option. */
export function revisionText(text: string): string {
  if (text.startsWith("-")) throw new InvalidArgumentError("A name cannot begin with '-'.");
  return someText(text);
}

export function repeated(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), someText(text)];
}
