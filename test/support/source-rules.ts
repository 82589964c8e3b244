/** The house's rules about sources, as data, and the reading that finds what breaks them. Pure: files in, complaints out. */
import ts from "typescript";

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

const pureRooms = ["core"];
const hands = ["core", "config", "host", "git", "agent", "survey"];

/** Which rooms a room may import; it may always import itself. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core", "host"],
  host: pureRooms,
  git: ["core", "host"],
  survey: ["core", "config", "host", "git"],
  agent: ["core", "config", "host", "git"],
  plan: hands,
  work: hands,
  merge: hands,
  run: ["core", "config", "host", "git", "work", "merge"],
  view: pureRooms,
  cli: [...hands, "plan", "work", "merge", "run", "view"],
  main: ["cli"],
};

/** Rooms without an outside, and the packages that they may use all the same. */
export const purePackages: Readonly<Record<string, readonly string[]>> = {
  core: ["picomatch", "graphology", "graphology-communities-louvain"],
  view: ["picocolors", "diff", "diff2html"],
};

/** The only files, or folders, that may import a package. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  "node:child_process": ["src/host/process.ts"],
  execa: ["src/host/process.ts"],
  "simple-git": ["src/git/git.ts"],
  commander: ["src/cli/", "src/main.ts"],
  "p-queue": ["src/cli/compose.ts"],
  openai: ["src/host/model.ts"],
  "es-module-lexer": ["src/survey/parse/module-facts.ts"],
  "oxc-parser": ["src/survey/parse/module-syntax.ts"],
  bullmq: ["src/host/queue.ts"],
  "pg-boss": ["src/host/queue.ts"],
};

export const fileLinesMax = 300;
export const functionLinesMax = 60;

const forbiddenNames =
  "utils util helper helpers common misc base engine info manager service handler".split(" ");

// Spelt in pieces, so that this file does not break the rule that it holds.
const leftovers = ["TO" + "DO", "FIX" + "ME", "X" + "XX"].map(
  (word) => new RegExp(`\\b${word}\\b`),
);
const unfinished = [/\.skip\(/, /\.only\(/, /\b(?:it|test|describe)\.todo\(/];

/** Every rule on every file: `path: what`. */
export function complaints(files: readonly SourceFile[]): string[] {
  const parsed = files.map((file) => parse(file));
  return [...parsed.flatMap((file) => fileComplaints(file)), ...cycles(parsed)];
}

interface Parsed extends SourceFile {
  readonly source: ts.SourceFile;
  readonly imports: readonly string[];
}

function parse(file: SourceFile): Parsed {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  visit(source, (node) => {
    const name = importedName(node);
    if (name !== undefined) imports.push(name);
  });
  return { ...file, source, imports };
}

/** Of `import … from`, `export … from`, `import()`, `import("x").T` and `require()`. */
function importedName(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node))
    return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return literal(node.argument.literal);
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return isImport || isRequire ? literal(node.arguments[0]) : undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function fileComplaints(file: Parsed): string[] {
  const said = [...sizeComplaints(file), ...leftoverComplaints(file)];
  if (file.path.startsWith("src/")) said.push(...importComplaints(file), ...sourceComplaints(file));
  return said.map((what) => `${file.path}: ${what}`);
}

function sizeComplaints({ path, text, source }: Parsed): string[] {
  const said: string[] = [];
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  // A test file is a list of beliefs, which does not tire its reader as a long function would.
  if (path.startsWith("test/")) return said;
  if (lines > fileLinesMax) said.push(`has ${lines} lines`);
  visit(source, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
    const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
    const length = source.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
    if (length > functionLinesMax) said.push(`line ${first + 1}: a function of ${length} lines`);
  });
  return said;
}

function leftoverComplaints({ text }: Parsed): string[] {
  return text.split("\n").flatMap((line, position) => {
    const found = [...leftovers, ...unfinished].filter((left) => left.test(line));
    return found.map((left) => `line ${position + 1}: left over: ${left.source}`);
  });
}

function importComplaints(file: Parsed): string[] {
  const room = roomOf(file.path);
  const allowed = layers[room];
  if (allowed === undefined) return [`stands in no room that there is: ${room}`];
  return file.imports.flatMap((name) => {
    if (!name.startsWith(".")) return packageComplaints(file.path, room, name);
    const other = roomOf(resolve(file.path, name));
    return other === room || allowed.includes(other) ? [] : [`${room} imports ${other}: ${name}`];
  });
}

function packageComplaints(path: string, room: string, name: string): string[] {
  const plain = packageOf(name);
  const pure = purePackages[room];
  if (pure && !pure.includes(plain)) return [`${room} has no outside, and imports ${name}`];
  const open = doors[plain] ?? doors[`node:${plain}`];
  const isOpen =
    open?.some((door) => (door.endsWith("/") ? path.startsWith(door) : path === door)) ?? true;
  return isOpen ? [] : [`${plain} has one door: ${open?.join(", ")}`];
}

function sourceComplaints({ path, source }: Parsed): string[] {
  const said: string[] = [];
  const room = roomOf(path);
  const words = (path.split("/").at(-1) ?? "").replace(/\.ts$/, "");
  const folders = path.split("/").slice(1, -1);
  for (const name of [words, ...folders]) {
    if (forbiddenNames.includes(name)) said.push(`${name} is no name for a module`);
  }
  visit(source, (node) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (isDefaultExport(node)) said.push(`line ${line}: a default export`);
    if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return;
    const owner = node.expression.text;
    if (owner === "console" && room !== "cli" && room !== "view")
      said.push(`line ${line}: console`);
    const isExit = owner === "process" && node.name.text === "exit";
    if (isExit && path !== "src/main.ts") said.push(`line ${line}: process.exit outside main.ts`);
  });
  return said;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === "default";
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
}

/** Each circle of imports once, types too: a type that needs its user is in the wrong file. */
function cycles(files: readonly Parsed[]): string[] {
  const next = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter((name) => name.startsWith(".")).map((name) => resolve(path, name)),
    ]),
  );
  const done = new Set<string>();
  const said: string[] = [];
  const walk = (path: string, trail: readonly string[]) => {
    const before = trail.indexOf(path);
    if (before >= 0)
      said.push(`${path}: imports itself by way of ${trail.slice(before + 1).join(", ")}`);
    if (before >= 0 || done.has(path)) return;
    for (const other of next.get(path) ?? []) walk(other, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return said;
}

/** `src/core/id.ts` is in `core`; `src/main.ts` is a room of its own. */
function roomOf(path: string): string {
  const [, room = "", ...inside] = path.split("/");
  return inside.length === 0 ? room.replace(/\.ts$/, "") : room;
}

function packageOf(name: string): string {
  const parts = name.split("/");
  return name.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? name);
}

function resolve(from: string, name: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
