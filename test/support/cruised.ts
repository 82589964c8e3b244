/** The import graph of files as dependency-cruiser sees it: another program, with another parser and another resolver. It reads the
 *  disk, so that the files are laid there first. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { temporaryFolder } from "./repository.ts";

export interface CruisedEdge {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

export interface CruiseOptions {
  /** Of `exports`, beside those of Node. */
  readonly conditions?: readonly string[];
  /** Whose `paths` are followed, from the root. */
  readonly tsconfig?: string;
  /** Folders of the workspace's packages by their names: an installation links them, and nothing else here knows of workspaces. */
  readonly linked?: Readonly<Record<string, string>>;
}

/** Sorted; each pair once, and none from a file to itself. */
export async function cruisedEdges(
  files: Readonly<Record<string, string>>,
  options: CruiseOptions = {},
): Promise<readonly CruisedEdge[]> {
  const folder = temporaryFolder("pleach-cruised-");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const { tsconfig, conditions = [], linked = {} } = options;
  for (const [name, target] of Object.entries(linked)) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(folder, target), link);
  }
  const before = process.cwd();
  // It resolves what it is given from where its process stands, whatever its options say.
  process.chdir(folder);
  try {
    const tsConfig = tsconfig === undefined ? undefined : path.join(folder, tsconfig);
    const { output } = await cruise(
      ["."],
      {
        baseDir: folder,
        tsPreCompilationDeps: true,
        exclude: { path: "^node_modules/" },
        ...(tsconfig === undefined ? {} : { tsConfig: { fileName: tsconfig } }),
      },
      {
        extensions: [
          ".ts",
          ".tsx",
          ".d.ts",
          ".js",
          ".jsx",
          ".mjs",
          ".cjs",
          ".mts",
          ".cts",
          ".json",
        ],
        conditionNames: [...conditions, "types", "import", "require", "node", "default"],
        exportsFields: ["exports"],
      },
      tsConfig === undefined ? {} : { tsConfig: extractTsConfig(tsConfig) },
    );
    return edgesOf(output as ICruiseResult);
  } finally {
    process.chdir(before);
  }
}

function edgesOf({ modules }: ICruiseResult): readonly CruisedEdge[] {
  const edges = new Map<string, CruisedEdge>();
  for (const { source, dependencies } of modules) {
    for (const { resolved, couldNotResolve, coreModule, dependencyTypes } of dependencies) {
      if (couldNotResolve || coreModule || resolved === source) continue;
      const key = `${source} ${resolved}`;
      const typeOnly = dependencyTypes.some((one) => one === "type-only" || one === "type-import");
      const known = edges.get(key);
      edges.set(key, {
        from: source,
        to: resolved,
        typeOnly: typeOnly && known?.typeOnly !== false,
      });
    }
  }
  return [...edges.keys()].sort().map((key) => edges.get(key) as CruisedEdge);
}
