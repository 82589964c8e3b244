import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/read-config.ts";
import { configJsonSchema, emptyConfig } from "../../src/config/schema.ts";

const root = path.join(import.meta.dirname, "../..");
const read = (name: string) => readFile(path.join(root, name), "utf8");

interface Described {
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
  readonly oneOf?: readonly Described[];
  readonly const?: unknown;
}

/** Every key that the schema knows, such as `workers.*.command#codemod`. */
function keysOf(described: Described, at: string): readonly string[] {
  const { properties = {}, additionalProperties: rest } = described;
  const kind = properties["type"]?.const;
  const mark = kind === undefined ? "" : `#${String(kind)}`;
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => [
      `${at}.${key}${mark}`,
      ...keysOf(inner, `${at}.${key}`),
    ]),
    ...(typeof rest === "object" ? keysOf(rest, `${at}.*`) : []),
    ...(described.items ? keysOf(described.items, `${at}[]`) : []),
    ...[...(described.anyOf ?? []), ...(described.oneOf ?? [])].flatMap((one) => keysOf(one, at)),
  ];
}

/** Every key that a value uses, in the same words. */
function keysUsed(value: unknown, at: string, named: ReadonlySet<string>): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => keysUsed(one, `${at}[]`, named));
  if (typeof value !== "object" || value === null) return [];
  const kind = (value as { readonly type?: string }).type;
  const mark = kind === undefined ? "" : `#${kind}`;
  return Object.entries(value).flatMap(([key, inner]) => {
    const own = `${at}.${key}${mark}`;
    if (named.has(own)) return [own, ...keysUsed(inner, `${at}.${key}`, named)];
    return keysUsed(inner, `${at}.*`, named);
  });
}

describe("the example", () => {
  it("is a config that the parser takes", async () => {
    expect(await parseConfig(await read(".agentrc.example.json"), "json")).toMatchObject({
      type: "config",
    });
  });

  it("shows every key of the schema", async () => {
    const keys = new Set(keysOf(configJsonSchema(), ""));
    const example: unknown = JSON.parse(await read(".agentrc.example.json"));
    expect([...keys].filter((key) => !keysUsed(example, "", keys).includes(key))).toEqual([]);
    expect(keys.size).toBeGreaterThan(50);
  });

  it("shows the defaults of what it need not say", async () => {
    const parsed = await parseConfig(await read(".agentrc.example.json"), "json");
    const { limits, approval, checkout, land, sandbox, keep } = emptyConfig;
    expect(parsed).toMatchObject({ config: { limits, approval, checkout, land, sandbox, keep } });
  });
});

describe("the committed JSON Schema", () => {
  it("is what the parser's own description says (else: npm run schema)", async () => {
    const made: unknown = JSON.parse(JSON.stringify(configJsonSchema()));
    expect(JSON.parse(await read("agentrc.schema.json"))).toEqual(made);
  });
});
