/** What a command of an agent may see and do: its worktree, and programs to work on it with. It must never be shown the home
 *  directory (but for caches that were named), be able to write where git looks, or reach a service of this machine. */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { workerEnvironment } from "../host/environment.ts";
import { isAbsent } from "../host/file.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { programPlaces } from "./program-places.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface ShellPlaces {
  /** Absolute path of the worktree, the only place that can be written and stays. */
  readonly worktree: string;
  /** The git directories of the repository, absolute: the common one, and where it lies elsewhere the worktree's own. */
  readonly gitDirs: readonly string[];
  readonly network: boolean;
  /** Folders of the home directory to be seen and written, relative to it. */
  readonly caches: readonly string[];
  /** To be seen, read-only, though they lie in the home directory or under /tmp. */
  readonly visible?: readonly string[];
}

/** Secrets that only an administrator could read, in case we are one. */
const adminSecrets =
  `/etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- /etc/ssh /etc/sudoers.d /etc/kubernetes
  /var/spool/cron /var/lib/docker /var/lib/containerd /var/lib/kubelet /root`.split(/\s+/);

/** What of /run is no service: where names are looked up, and where NixOS keeps its programs. */
const harmlessRun = ["/run/current-system", "/run/booted-system", "/run/wrappers"];
const nameLookup = ["/etc/resolv.conf", "/etc/hosts"];

/** Folders that cannot be emptied without ending every program. */
const systemFolders = new Set(
  "/ /usr /bin /sbin /lib /lib64 /etc /var /opt /tmp /dev /proc /run /sys /nix /home".split(" "),
);

/** The sandbox for the `shell` tool of one unit. */
export function shellSandbox(places: ShellPlaces, env: Environment = process.env): Sandbox {
  const homes = homesOf(env);
  const emptied = homes.filter((home) => !systemFolders.has(home));
  // A home that is no folder of its own, such as /, still has its secrets in files with a dot.
  const dotted = homes.filter((home) => systemFolders.has(home)).flatMap(dotEntries);
  const pointer = path.join(places.worktree, ".git");
  const visible = [
    ...(places.visible ?? []),
    ...programPlaces(emptied, env),
    ...harmlessRun,
    ...(places.network ? nameLookup.map(realOf) : []),
  ];
  return {
    writable: [places.worktree, ...cachesIn(emptied, places.caches)],
    protect: [...places.gitDirs, pointer].filter(existsSync),
    visible: [...new Set(visible)].filter(existsSync),
    hidden: [...adminSecrets.filter((secret) => !homes.includes(secret)), ...dotted],
    emptied: [...emptied, "/run"],
    network: places.network,
  };
}

/** Without secrets, and without questions: nobody is there to answer or to scroll. */
export function shellEnvironment(env: Environment = process.env): Record<string, string> {
  return workerEnvironment(
    {
      CI: "true",
      PAGER: "cat",
      GIT_PAGER: "cat",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
    },
    env,
  );
}

/** By the environment, and by the system's list of users. */
function homesOf(env: Environment): readonly string[] {
  const said = [env["HOME"], homeOfUser()].filter((home) => home !== undefined);
  const real = said.filter((home) => path.isAbsolute(home) && existsSync(home)).map(realOf);
  return [...new Set(real)];
}

function homeOfUser(): string | undefined {
  const uid = process.getuid?.();
  try {
    const users = readFileSync("/etc/passwd", "utf8").split("\n");
    return users.map((line) => line.split(":")).find((user) => user[2] === String(uid))?.[5];
  } catch (error) {
    if (isAbsent(error)) return os.homedir();
    throw error;
  }
}

function dotEntries(home: string): readonly string[] {
  return readdirSync(home)
    .filter((name) => name.startsWith(".") && name !== ".git")
    .map((name) => path.join(home, name));
}

/** A cache that leads out of the home directory was put there by its owner; the home itself is no cache. */
function cachesIn(homes: readonly string[], caches: readonly string[]): readonly string[] {
  return homes.flatMap((home) =>
    caches
      .map((cache) => path.join(home, cache))
      .filter((folder) => folder !== home && existsSync(folder)),
  );
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (isAbsent(error)) return file;
    throw error;
  }
}
