/** Imports and exports out of a whole syntax tree, wherever they stand: for what a lexer cannot tell. */
import {
  type CallExpression,
  type Expression,
  type ImportDeclarationSpecifier,
  type ModuleExportName,
  type ParseResult,
  type Program,
  parseSync,
  Visitor,
} from "oxc-parser";
import type { ImportKind } from "../../core/survey.ts";
import type { ImportFact, ModuleDialect } from "../blob-facts.ts";

export interface ParsedModule {
  readonly imports: readonly ImportFact[];
  readonly offers: readonly string[];
  /** What the parser could not understand, if anything. */
  readonly why: string | undefined;
}

export function parsedModule(text: string, dialect: ModuleDialect): ParsedModule {
  // Much JavaScript holds JSX; where that is not meant, it is TypeScript's `<T>x`, which is none of JavaScript's.
  const lang = dialect === "js" ? "jsx" : dialect;
  let parsed = parseSync(`file.${lang}`, text, { lang, sourceType: "unambiguous" });
  if (whyOf(parsed) !== undefined && lang === "jsx")
    parsed = parseSync("file.cjs", text, { lang, sourceType: "script" });
  const { program } = parsed;
  const found = new Found();
  found.visit(program);
  const offers = new Set([...offersOf(parsed), ...found.offers]);
  return { imports: found.imports, offers: [...offers], why: whyOf(parsed) };
}

function whyOf(parsed: ParseResult): string | undefined {
  const error = parsed.errors.find(({ severity }) => severity === "Error");
  return error?.message.split("\n")[0];
}

function offersOf({ module }: ParseResult): readonly string[] {
  return module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName }) =>
      exportName.kind === "Default" ? "default" : (exportName.name ?? []),
    ),
  );
}

/** What a walk over one program has come across. */
class Found {
  readonly imports: ImportFact[] = [];
  readonly offers: string[] = [];
  /** Names taken from a call of `require`, by where the call starts: the walk sees what is around it first. */
  readonly #taken = new Map<number, readonly string[]>();

  visit(program: Program): void {
    new Visitor({
      ImportDeclaration: (node) => {
        const types = node.specifiers.map(isTypeSpecifier);
        const allTypes = types.length > 0 && types.every(Boolean);
        const kind = node.importKind === "type" || allTypes ? "type" : "static";
        this.#add(kind, node.source.value, node.specifiers.map(importedName));
      },
      ExportNamedDeclaration: (node) => {
        if (node.source === null) return;
        const allTypes =
          node.specifiers.length > 0 && node.specifiers.every((one) => one.exportKind === "type");
        const kind = node.exportKind === "type" || allTypes ? "type" : "re-export";
        const names = node.specifiers.map(({ local }) => nameOf(local));
        this.#add(kind, node.source.value, names);
      },
      ExportAllDeclaration: (node) =>
        this.#add(node.exportKind === "type" ? "type" : "re-export", node.source.value, ["*"]),
      ImportExpression: (node) => this.#addExpression("dynamic", node.source, ["*"]),
      TSImportType: (node) => {
        const used = node.qualifier === null ? ["*"] : [leftmost(node.qualifier)];
        this.#add("type", node.source.value, used);
      },
      TSImportEqualsDeclaration: (node) => {
        if (node.moduleReference.type !== "TSExternalModuleReference") return;
        const kind = node.importKind === "type" ? "type" : "require";
        this.#add(kind, node.moduleReference.expression.value, ["*"]);
      },
      TSModuleDeclaration: (node) => {
        if (node.id.type === "Literal") this.#addAugmentation(node.id.value);
      },
      TSExportAssignment: () => this.offers.push("default"),
      VariableDeclarator: (node) => {
        if (node.id.type === "ObjectPattern")
          this.#take(node.init, propertyNames(node.id.properties));
      },
      MemberExpression: (node) => {
        if (!node.computed && node.property.type === "Identifier")
          this.#take(node.object, [node.property.name]);
      },
      CallExpression: (node) => this.#addCall(node),
      AssignmentExpression: (node) => this.offers.push(...offeredBy(node.left, node.right)),
    }).visit(program);
  }

  #add(kind: ImportKind, specifier: string, names: readonly string[]): void {
    this.imports.push({ kind, specifier, names });
  }

  #addExpression(kind: ImportKind, source: Expression, names: readonly string[]): void {
    const specifier = literalOf(source);
    if (specifier !== undefined) this.#add(kind, specifier, names);
  }

  /** `declare module "./x" { … }` adds to the types of that file. */
  #addAugmentation(name: string): void {
    if (/^\.{1,2}\//.test(name)) this.#add("type", name, ["*"]);
  }

  #take(from: Expression | null, names: readonly string[]): void {
    const call = from?.type === "AwaitExpression" ? from.argument : from;
    if (call?.type === "CallExpression") this.#taken.set(call.start, names);
  }

  #addCall(node: CallExpression): void {
    const [first] = node.arguments;
    if (first === undefined || first.type === "SpreadElement" || !isRequire(node.callee)) return;
    this.#addExpression("require", first, this.#taken.get(node.start) ?? ["*"]);
  }
}

/** `require` and `require.resolve`. */
function isRequire(callee: Expression): boolean {
  if (callee.type === "MemberExpression" && !callee.computed)
    return callee.property.type === "Identifier" && callee.property.name === "resolve"
      ? isRequire(callee.object)
      : false;
  return callee.type === "Identifier" && callee.name === "require";
}

function literalOf(node: Expression): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type !== "TemplateLiteral" || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

function isTypeSpecifier(node: ImportDeclarationSpecifier): boolean {
  return node.type === "ImportSpecifier" && node.importKind === "type";
}

function importedName(node: ImportDeclarationSpecifier): string {
  if (node.type === "ImportNamespaceSpecifier") return "*";
  return node.type === "ImportDefaultSpecifier" ? "default" : nameOf(node.imported);
}

function nameOf(node: ModuleExportName): string {
  return node.type === "Literal" ? node.value : node.name;
}

type Qualifier = { readonly type: string; readonly left?: unknown; readonly name?: unknown };

function leftmost(node: object): string {
  let at = node as Qualifier;
  while (typeof at.left === "object" && at.left !== null) at = at.left as Qualifier;
  return typeof at.name === "string" ? at.name : "*";
}

type Property = { readonly type: string; readonly computed?: boolean; readonly key?: unknown };

/** Of `{ a, b: c }`; all of it where one of them is not plain. */
function propertyNames(properties: readonly Property[]): readonly string[] {
  const names = properties.map(({ type, computed, key }) => {
    const named = key as { readonly type: string; readonly name?: unknown } | undefined;
    const isPlain = type === "Property" && computed !== true && named?.type === "Identifier";
    return isPlain ? String(named.name) : "*";
  });
  return names.includes("*") ? ["*"] : names;
}

/** What `exports.a = …`, `module.exports.a = …` and `module.exports = { a, b }` offer. */
function offeredBy(left: object, right: Expression): readonly string[] {
  const path = dotted(left);
  if (path === "module.exports") {
    if (right.type !== "ObjectExpression") return ["default"];
    return propertyNames(right.properties).filter((name) => name !== "*");
  }
  const name = /^(?:module\.)?exports\.([^.]+)$/.exec(path)?.[1];
  return name === undefined ? [] : [name];
}

function dotted(node: object): string {
  const one = node as {
    readonly type: string;
    readonly name?: unknown;
    readonly computed?: boolean;
    readonly object?: object;
    readonly property?: object;
  };
  if (one.type === "Identifier") return String(one.name);
  if (one.type !== "MemberExpression" || one.computed === true) return "";
  return `${dotted(one.object ?? {})}.${dotted(one.property ?? {})}`;
}
