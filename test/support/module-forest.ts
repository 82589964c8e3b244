/** A large TypeScript repository made up from a seed: packages of a workspace with barrels, circles, types, dynamic imports, aliases of
 *  `tsconfig.json` and entries of manifests, in the ways that people write them. The same seed always makes the same files. */

export interface ForestOptions {
  readonly packages: number;
  /** In each of them, beside its barrel. */
  readonly modules: number;
  readonly seed: number;
}

export function moduleForest({ packages, modules, seed }: ForestOptions): Record<string, string> {
  const random = randomFrom(seed);
  const files: Record<string, string> = {
    "package.json": JSON.stringify({ name: "forest", private: true, workspaces: ["packages/*"] }),
    "tsconfig.json": `{
  // What the packages are called within the repository.
  "compilerOptions": {
    "module": "ESNext", "moduleResolution": "Bundler", "target": "ES2022", "allowImportingTsExtensions": true,
    "baseUrl": ".",
    "paths": { "@alias/*": ["packages/*/src/index.ts"], "~shared": ["shared/index"], },
  },
}\n`,
    "shared/index.ts": `export * from "./words";\nexport type { Shape } from "./shape.js";\n`,
    "shared/words.ts": "export const word = 1;\n",
    "shared/shape.ts": "export interface Shape { readonly size: number }\n",
  };
  for (let at = 0; at < packages; at++) {
    const folder = `packages/part${at}/src`;
    const names = Array.from({ length: modules }, (_, number) => `m${number}`);
    files[`packages/part${at}/package.json`] = JSON.stringify({
      name: `@forest/part${at}`,
      exports: { ".": "./src/index.ts", "./deep/*": "./src/deep/*.ts" },
    });
    files[`${folder}/index.ts`] = names.map((name) => `export * from "./${name}";\n`).join("");
    files[`${folder}/deep/inner.ts`] = `export { m0 as outer } from "../m0.js";\n`;
    for (const [number, name] of names.entries()) {
      const text = moduleText({ at, number, packages, modules, random });
      files[`${folder}/${name}.${number % 7 === 3 ? "tsx" : "ts"}`] = text;
    }
  }
  return files;
}

interface Spot {
  readonly at: number;
  readonly number: number;
  readonly packages: number;
  readonly modules: number;
  readonly random: (below: number) => number;
}

/** No module imports one in the same way twice, and none imports itself. */
function moduleText({ at, number, packages, modules, random }: Spot): string {
  const other = () => `m${(number + 1 + random(modules - 1)) % modules}`;
  const part = () => (at + 1 + random(Math.max(1, packages - 1))) % packages;
  const kinds: readonly (() => string)[] = [
    () => `import { ${other()} } from "./${other()}";`,
    () => `import type { T${number} } from "./${other()}.js";`,
    () => `import { type Shape, word as w } from "~shared";`,
    () => `import * as all from "@alias/part${part()}";`,
    () => `import "../../part${part()}/src/index";`,
    () => `import { outer } from '@forest/part${part()}/deep/inner';`,
    () => `export { ${other()} as again${number} } from "./${other()}";`,
    () => `export const later = () => import("./${other()}");`,
    () => `export let shaped: import("../../../shared/shape").Shape;`,
    () => `import old = require("./${other()}");`,
    () => `// import { gone } from "./gone";\nexport const text = 'import "./no"';`,
  ];
  const lines = Array.from({ length: 1 + random(6) }, () => kinds[random(kinds.length)]?.() ?? "");
  const view = number % 7 === 3 ? `export const View = () => <p>it's {w}</p>;` : "";
  return `${[...new Set(lines)].join("\n")}\nexport const m${number} = ${number};\nexport type T${number} = number;\n${view}\n`;
}

/** A small generator that gives the same numbers on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
