/** Names resolved over the files of a commit, beside TypeScript's own resolver over the same files. */
import fc from "fast-check";
import ts from "typescript";
import { expect, it } from "vitest";
import type { RepoPath } from "../../src/core/id.ts";
import { fileTree } from "../../src/survey/file-tree.ts";
import { moduleResolver } from "../../src/survey/resolve/module-resolver.ts";
import { packagesOf } from "../../src/survey/resolve/packages.ts";

const settings = JSON.stringify({
  compilerOptions: {
    module: "esnext",
    moduleResolution: "bundler",
    allowJs: true,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    baseUrl: "./lib",
    paths: { "@/*": ["*", "../src/*"], "@/a/*": ["b/*"], exact: ["b/index"], "*-end": ["a/*"] },
  },
});

const stem = fc.constantFrom("a", "b", "index", "x.y");
const folder = fc.constantFrom("", "src/", "src/a/", "lib/", "lib/a/", "lib/b/");
const ending = fc.constantFrom(".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".mjs", ".json");
const file = fc.tuple(folder, stem, ending).map((parts) => parts.join(""));
const head = fc.constantFrom("./", "../", "../../", "./a/", "../lib/", "@/", "@/a/", "");
const tail = fc.constantFrom(
  "",
  "",
  "",
  "/",
  ".js",
  ".ts",
  ".jsx",
  ".mjs",
  ".json",
  "/index",
  "-end",
);
const specifier = fc.oneof(
  fc.tuple(head, stem, tail).map((parts) => parts.join("")),
  fc.constantFrom(".", "..", "./", "exact", "exact/more", "a/b", "rxjs"),
);

/** The host's root, so that nothing of this machine is found. */
const root = "/the-commit";

function byTypeScript(files: ReadonlySet<string>, from: string, name: string): string | undefined {
  const host: ts.ModuleResolutionHost = {
    fileExists: (path) => files.has(path.slice(root.length + 1)),
    readFile: () => undefined,
    directoryExists: (path) => {
      const folder = `${path.replace(/\/$/, "")}/`;
      return [...files].some((one) => `${root}/${one}`.startsWith(folder));
    },
  };
  const { options } = ts.convertCompilerOptionsFromJson(JSON.parse(settings).compilerOptions, root);
  const { resolvedModule } = ts.resolveModuleName(name, `${root}/${from}`, options, host);
  return resolvedModule?.resolvedFileName.slice(root.length + 1);
}

function byUs(files: ReadonlySet<string>, from: string, name: string): string | undefined {
  const facts = { kind: "text" } as const;
  const tree = fileTree([
    ...[...files].map((path) => [path as RepoPath, facts] as const),
    ["tsconfig.json" as RepoPath, { ...facts, text: settings }],
  ]);
  const resolve = moduleResolver(tree, packagesOf(tree, new Map()));
  const resolution = resolve(from as RepoPath, { kind: "static", specifier: name, names: [] });
  return resolution.type === "files" ? resolution.files[0]?.path : undefined;
}

it("leads where TypeScript says, and further only where a bundler would find a file", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(file, { minLength: 1, maxLength: 14 }),
      file,
      specifier,
      (list, from, name) => {
        const files = new Set([...list, from]);
        const [theirs, ours] = [byTypeScript(files, from, name), byUs(files, from, name)];
        // Without an ending TypeScript knows neither `.mts` nor `.json`; bundlers do.
        if (theirs === undefined && ours !== undefined && /\.(?:m[jt]s|json)$/.test(ours)) return;
        expect({ files: [...files], from, name, to: ours }).toEqual({
          files: [...files],
          from,
          name,
          to: theirs,
        });
      },
    ),
    { numRuns: 3000 },
  );
});
