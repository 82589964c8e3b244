/** What the parsing children are told and answer, over stdin and stdout: a line of JSON, then the bytes of its files one after
 *  the other; for each such batch one line of JSON with as many facts, in order. */
import type { BlobFacts, Dialect } from "../blob-facts.ts";

/** A file of a batch: how it is to be read, and how many bytes it has. */
export type BatchEntry = readonly [dialect: Dialect, bytes: number];

export type BatchAnswer = readonly BlobFacts[];
