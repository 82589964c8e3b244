/** Journals of every released format are replayed for ever: what was true of a run then is told of it now. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { decide } from "../../src/core/decide.ts";
import { foldJournal, readJournal } from "../../src/run/journal.ts";
import { finalDocument } from "../../src/view/document.ts";

const folder = path.resolve(import.meta.dirname, "../journals");
const journals = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

describe("journals that were written once", () => {
  it("are there", () => {
    expect(journals.length).toBeGreaterThanOrEqual(2);
  });

  it.each(journals)("%s says what it said", async (name) => {
    const file = path.join(folder, name);
    const read = await readJournal(file);
    const state = foldJournal(file, read?.lines ?? []);
    const document = file.replace(".jsonl", ".document.json");
    expect(existsSync(document)).toBe(true);
    // Fields are added, never renamed.
    expect(finalDocument(state)).toMatchObject(JSON.parse(readFileSync(document, "utf8")));
  });

  it.each(journals)("%s can be gone on with from each of its lines", async (name) => {
    const file = path.join(folder, name);
    const lines = (await readJournal(file))?.lines ?? [];
    for (let count = 1; count <= lines.length; count += 1) {
      const state = foldJournal(file, lines.slice(0, count));
      expect(decide(state, { now: state.updatedAt, answerable: false })).toBeInstanceOf(Array);
    }
  });
});
