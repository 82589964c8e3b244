/** Where the workspaces of a repository have their packages: by the manifests, and by pnpm's own file. */
import { type FileTree, folderOf } from "./file-tree.ts";
import { type WorkspaceGlobs, workspaceGlobs } from "./resolve/packages.ts";

export async function readWorkspaces(tree: FileTree): Promise<WorkspaceGlobs> {
  const files = tree.named("pnpm-workspace.yaml");
  if (files.length === 0) return workspaceGlobs(tree, new Map());
  const { parse, YAMLParseError } = await import("yaml");
  const said = new Map<string, readonly string[]>();
  for (const file of files) {
    try {
      const value: unknown = parse(tree.textOf(file) ?? "", { maxAliasCount: 0 });
      said.set(folderOf(file), packagesIn(value));
    } catch (error) {
      // A file that pnpm could not read either names no packages.
      if (!(error instanceof YAMLParseError || error instanceof ReferenceError)) throw error;
    }
  }
  return workspaceGlobs(tree, said);
}

function packagesIn(value: unknown): readonly string[] {
  const said =
    typeof value === "object" && value !== null && "packages" in value ? value.packages : [];
  return Array.isArray(said) ? said.filter((one): one is string => typeof one === "string") : [];
}
