/** ARCHITECTURE.md says what the code is, not what it was. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { doors, layers } from "./support/source-rules.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const page = read("ARCHITECTURE.md");

/** The body of the table with this heading: the names in each row's first cell, and those in its last. */
function table(heading: string): Readonly<Record<string, readonly string[]>> {
  const [, after = ""] = page.split(`${heading}\n`);
  const rows = (after.split("\n\n")[0] ?? "").split("\n").slice(1);
  return Object.fromEntries(
    rows.map((row) => {
      const [, first = "", ...rest] = row.split("|");
      return [namesIn(first)[0] ?? "", namesIn(rest.at(-2) ?? "")];
    }),
  );
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

function sorted(record: Readonly<Record<string, readonly string[]>>) {
  return Object.fromEntries(Object.entries(record).map(([key, names]) => [key, names.toSorted()]));
}

test("the table of layers is the one that is enforced", () => {
  expect(sorted(table("| room | may import |"))).toEqual(sorted(layers));
});

test("the table of doors is the one that is enforced", () => {
  expect(sorted(table("| package | its only door |"))).toEqual(sorted(doors));
});

test("every file that a room's row names is in that room", () => {
  const rooms = Object.entries(table("| room | what it is for | begin reading at |"));
  expect(rooms.length).toBeGreaterThan(8);
  const files = rooms.flatMap(([room, names]) => names.map((name) => `src/${room}/${name}`));
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});

test("it lists the journal's whole vocabulary", () => {
  const [, after = ""] = page.split("is closed:\n\n");
  const listed = namesIn(after.split("\n\n")[0] ?? "");
  expect(listed.toSorted()).toEqual(eventTypes().toSorted());
});

/** What agents tell is among the events, and stands beside their other words. */
function eventTypes(): string[] {
  return [...typesIn("src/core/event.ts", "RunEvent"), ...typesIn("src/core/desk.ts", "AgentFact")];
}

function typesIn(name: string, union: string): string[] {
  const source = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest);
  const types: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isTypeAliasDeclaration(statement) || statement.name.text !== union) continue;
    const text = statement.type.getText(source);
    for (const [, type = ""] of text.matchAll(
      /\{\s*(?:\/\*\*[^*]*\*\/\s*)?readonly type: "([a-z-]+)"/g,
    ))
      types.push(type);
  }
  return types;
}
