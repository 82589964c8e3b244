/** The command line of bubblewrap: a view of this machine in which all is read-only but what the work needs, with a /tmp and
 *  process ids of its own. It must never make writable what is protected, whatever lies inside what. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { Failure, unreachable } from "../core/failure.ts";
import { errorCode, isAbsent, isProgram } from "./file.ts";

/** What a program may do to the disk. All paths are absolute and exist, but for those of `hidden`. */
export interface Sandbox {
  readonly writable: readonly string[];
  /** Read-only also inside what is writable: every git directory, the worktree's `.git` pointer file. */
  readonly protect: readonly string[];
  /** To be seen, read-only, though they lie under /tmp or another place that is made anew. */
  readonly visible?: readonly string[];
  /** Shown empty, beside the doors to other programs that are always hidden. */
  readonly hidden?: readonly string[];
  /** Folders that are empty at first and can be written, until the program ends: nothing of it reaches the disk. What is
   *  named above and lies within is there all the same. */
  readonly emptied?: readonly string[];
  readonly network: boolean;
}

/** In the order of strictness. */
const treatments = [
  "visible",
  "writable",
  "protect",
  "emptied",
  "hidden-folder",
  "hidden-file",
] as const;
type Treatment = (typeof treatments)[number];
interface Place {
  readonly path: string;
  readonly treatment: Treatment;
}

const usualPlaces = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];

/** Sockets through which a program could have others act outside for it: a container engine, the user's services. */
const doors = [
  "/run/user",
  "/run/dbus",
  "/run/systemd/private",
  "/run/docker.sock",
  "/run/containerd",
  "/run/podman",
  "/run/crio",
];

const kernelFiles = ["/proc/sys", "/proc/sysrq-trigger", "/proc/mtrr"];

/** What an administrator's program needs for ordinary work, and nothing that could undo the sandbox. */
const rootCapabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"];

/** Where bubblewrap is; a repository's own `node_modules/.bin` on PATH is not asked. */
export function findBubblewrap(
  searchPath = process.env["PATH"] ?? "",
  places: readonly string[] = usualPlaces,
): string | undefined {
  const onPath = searchPath
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder) && !folder.includes("node_modules"))
    .map((folder) => path.join(folder, "bwrap"));
  return [...places, ...onPath].find(isProgram);
}

/** What to put before a command so that it runs in the sandbox; the descriptor `statusFd` hears how it ended. Throws a
 *  Failure where a place to bind is missing. */
export async function sandboxCommand(
  program: string,
  sandbox: Sandbox,
  place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
  statusFd: number,
): Promise<readonly string[]> {
  const cwd = await real(place.cwd);
  const tmp = await real("/tmp");
  const needed = await neededPlaces(sandbox);
  const optional = await optionalPlaces(sandbox, [cwd, ...programFolders(place.env)]);
  const emptied = optional.filter((one) => one.treatment === "emptied").map((one) => one.path);
  const shown = optional.filter(
    (one) => one.treatment !== "visible" || disappears(one.path, [tmp, "/dev", ...emptied], needed),
  );
  return [
    program,
    ...["--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc"],
    ...(sandbox.network ? [] : ["--unshare-net"]),
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", tmp],
    ...(process.getuid?.() === 0 ? withoutPower() : []),
    ...inOrder([...needed, ...shown]).flatMap(bindOf),
    ...["--setenv", "TMPDIR", "/tmp", "--chdir", cwd],
    ...["--json-status-fd", String(statusFd), "--"],
  ];
}

async function neededPlaces(sandbox: Sandbox): Promise<readonly Place[]> {
  const asked: readonly (readonly [Treatment, readonly string[]])[] = [
    ["writable", sandbox.writable],
    ["protect", sandbox.protect],
    ["visible", sandbox.visible ?? []],
  ];
  return Promise.all(
    asked.flatMap(([treatment, files]) =>
      files.map(async (file) => ({ path: await real(file), treatment })),
    ),
  );
}

async function optionalPlaces(
  sandbox: Sandbox,
  visible: readonly string[],
): Promise<readonly Place[]> {
  const hidden = [...doors, ...(sandbox.hidden ?? [])];
  const found = await Promise.all([
    ...hidden.map(async (file) => {
      const there = await realIfThere(file);
      if (there === undefined) return [];
      const treatment = (await stat(there)).isDirectory() ? "hidden-folder" : "hidden-file";
      return [{ path: there, treatment } as const];
    }),
    ...visible.map((file) => placeIfThere(file, "visible")),
    ...(sandbox.emptied ?? []).map((file) => placeIfThere(file, "emptied")),
  ]);
  return found.flat();
}

async function placeIfThere(file: string, treatment: Treatment): Promise<readonly Place[]> {
  const there = await realIfThere(file);
  return there === undefined ? [] : [{ path: there, treatment }];
}

/** Outer places first, so that what lies inside has the last word; at one path the stricter treatment has it. */
function inOrder(places: readonly Place[]): readonly Place[] {
  return [...places].sort(
    (a, b) =>
      depth(a.path) - depth(b.path) ||
      treatments.indexOf(a.treatment) - treatments.indexOf(b.treatment),
  );
}

/** Whether a place would be gone from sight if nobody bound it: it lies in a folder that is made anew, and what is bound of
 *  that folder does not take it in. */
function disappears(file: string, madeAnew: readonly string[], bound: readonly Place[]): boolean {
  const around = madeAnew.filter((folder) => isWithin(file, folder));
  return around.some(
    (folder) => !bound.some((one) => isWithin(file, one.path) && isWithin(one.path, folder)),
  );
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder === "/" ? "/" : `${folder}/`);
}

function programFolders(env: Readonly<Record<string, string>>): readonly string[] {
  return (env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

function bindOf(place: Place): readonly string[] {
  switch (place.treatment) {
    case "writable":
      return ["--bind", place.path, place.path];
    case "protect":
    case "visible":
      return ["--ro-bind", place.path, place.path];
    case "emptied":
      return ["--perms", "0755", "--tmpfs", place.path];
    case "hidden-folder":
      return ["--perms", "0555", "--tmpfs", place.path];
    case "hidden-file":
      return ["--ro-bind", "/dev/null", place.path];
    default:
      return unreachable(place.treatment);
  }
}

/** An administrator's program could set the kernel's parameters even without any capability, by owning their files. */
function withoutPower(): readonly string[] {
  const kept = rootCapabilities.flatMap((name) => ["--cap-add", `CAP_${name}`]);
  const kernel = kernelFiles.flatMap((file) => ["--ro-bind-try", file, file]);
  return [...kernel, "--cap-drop", "ALL", ...kept];
}

async function real(file: string): Promise<string> {
  const there = await realIfThere(file);
  if (there !== undefined) return there;
  throw new Failure("environment", "sandbox_place_missing", `${file} is not there`, {
    advice: "see whether this path was removed while the run went on",
  });
}

async function realIfThere(file: string): Promise<string | undefined> {
  try {
    return await realpath(file);
  } catch (error) {
    if (isAbsent(error) || errorCode(error) === "EACCES") return undefined;
    throw error;
  }
}

function depth(file: string): number {
  return file === "/" ? 0 : file.split("/").length;
}
