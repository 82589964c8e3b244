/** Where programs of PATH lie that people install in their home directory (nvm, cargo, pipx …), so that these can be shown
 *  while the rest of it is not. It must never name a folder in which tools keep keys. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { errorCode, isAbsent } from "../host/file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Folders of tool chains, by the variables that name them; those of cargo and gem hold credentials and are not here. */
const chainVariables =
  `NVM_BIN VOLTA_HOME FNM_DIR ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR PNPM_HOME BUN_INSTALL PYENV_ROOT
  VIRTUAL_ENV CONDA_PREFIX RBENV_ROOT RUSTUP_HOME GOROOT JAVA_HOME DOTNET_ROOT SDKMAN_DIR`.split(
    /\s+/,
  );

/** Folders of PATH whose programs need the folder above. */
const needsAbove = /\/(?:shims|\.(?:volta|bun|deno|pyenv|rbenv|nodenv)\/bin)$/;
const linksMax = 2000;

/** Absolute and real; all lie inside one of the `homes`, and none is a home. */
export function programPlaces(homes: readonly string[], env: Environment): readonly string[] {
  const isInHome = (file: string) => homes.some((home) => file.startsWith(`${home}/`));
  const folders = (env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder) && !folder.includes("/node_modules"))
    .flatMap((folder) => realIfThere(folder) ?? []);
  const chains = chainVariables.flatMap((name) => realIfThere(env[name]) ?? []);
  const rustup = folders
    .filter((folder) => folder.endsWith("/.cargo/bin"))
    .map((folder) => path.join(path.dirname(path.dirname(folder)), ".rustup"));
  const found = [
    ...folders,
    ...folders.filter((folder) => needsAbove.test(folder)).map((folder) => path.dirname(folder)),
    ...folders.filter(isInHome).flatMap(linkedFrom),
    ...chains,
    ...rustup.filter(existsSync),
    path.dirname(process.execPath),
  ];
  return [...new Set(found)].filter(isInHome);
}

/** What the links of a folder lead to: of a package for Node all packages beside it, since they need each other. */
function linkedFrom(folder: string): readonly string[] {
  const links = entriesOf(folder)
    .filter((entry) => entry.isSymbolicLink())
    .slice(0, linksMax);
  return links.flatMap((link) => {
    const target = realIfThere(path.join(folder, link.name));
    if (target === undefined) return [];
    const packages = target.indexOf("/node_modules/");
    if (packages >= 0) return [target.slice(0, packages + "/node_modules".length)];
    const above = path.dirname(path.dirname(target));
    const isVirtual = existsSync(path.join(above, "pyvenv.cfg"));
    return [isVirtual ? above : target];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === "EACCES") return [];
    throw error;
  }
}

function realIfThere(file: string | undefined): string | undefined {
  if (file === undefined || !path.isAbsolute(file)) return undefined;
  try {
    return realpathSync(file);
  } catch (error) {
    const code = errorCode(error);
    if (isAbsent(error) || code === "EACCES" || code === "ELOOP") return undefined;
    throw error;
  }
}
