/** What package.json promises: the packages that are used and no others, and a tarball of what the program needs. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { startProcess } from "../src/host/process.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:ts|mjs)$/.test(name))
    .map((name) => `${folder}/${name}`);
}

const program = sources("src").map(read).join("\n");
const around = [...sources("test"), ...sources("scripts"), "package.json"].map(read).join("\n");

function isNamedIn(text: string, name: string): boolean {
  return text.includes(`"${name}"`) || text.includes(`"${name}/`) || text.includes(`/${name}/`);
}

test("every dependency is imported by the program", () => {
  const unused = Object.keys(manifest.dependencies).filter((name) => !isNamedIn(program, name));
  expect(unused).toEqual([]);
});

test("every development dependency is used by tests or scripts, or has the types of a package that is", () => {
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const unused = Object.keys(manifest.devDependencies).filter((name) => {
    const typed = name.replace("@types/", "");
    if (typed !== name) return typed !== "node" && !Object.hasOwn(declared, typed);
    // Its own line in package.json is no use of it.
    return !isNamedIn(around.replace(`"${name}": "`, ""), name);
  });
  expect(unused).toEqual([]);
});

test("every package that the program imports is a dependency", () => {
  const imported = [...program.matchAll(/(?:from |import\(|import )"([a-z@][\w@:./-]*)"/g)];
  const names = imported
    .map(([, name = ""]) => name)
    .filter((name) => !name.startsWith("node:"))
    .map((name) => name.match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? name);
  expect(names.length).toBeGreaterThan(5);
  const missing = names.filter((name) => !Object.hasOwn(manifest.dependencies, name));
  expect(missing).toEqual([]);
});

test("the tarball holds the built program, its schema, README and licence, and nothing else", async () => {
  const child = startProcess("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await new Promise((resolve) => child.once("close", resolve));
  const [packed] = JSON.parse(said) as [{ readonly files: readonly { readonly path: string }[] }];
  const files = packed.files.map((file) => file.path);

  const children = ["host/starter-child", "work/codemod-child", "survey/parse/parse-child"];
  const built = ["main", ...children].map((name) => `dist/${name}.js`);
  const plain = ["package.json", "README.md", "LICENSE", "agentrc.schema.json"];
  expect([...plain, ...built].filter((name) => !files.includes(name))).toEqual([]);
  const others = files.filter((name) => !plain.includes(name));
  expect(others.filter((name) => !/^dist\/.*\.js$/.test(name))).toEqual([]);
  expect(missingImports(files)).toEqual([]);
});

/** What the built files load of each other and is not in the tarball. */
function missingImports(files: readonly string[]): readonly string[] {
  const built = files.filter((name) => name.startsWith("dist/"));
  return built.flatMap((name) => {
    const text = readFileSync(path.join(root, name), "utf8");
    const loaded = [...text.matchAll(/(?:^(?:im|ex)port [^"]*|\bawait import\()"(\.[^"]+)"/gm)].map(
      ([, to = ""]) => path.posix.join(path.posix.dirname(name), to),
    );
    return loaded.filter((to) => !files.includes(to));
  });
}
