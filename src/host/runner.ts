/** Who a process is, told apart from a later one with the same pid, from one before a reboot, and from one on another machine
 *  or in another container that shares our disk. */
import { readFile, readlink } from "node:fs/promises";
import os from "node:os";
import type { Runner } from "../core/event.ts";
import { isAbsent } from "./file.ts";
import { askPs, hasProc, readProcess } from "./process-table.ts";

/** `unknown` where it may live beyond what we can see: then it must be taken for alive. */
export type Life = "alive" | "dead" | "unknown";

let ours: Promise<Runner> | undefined;

/** Who we are. `boot` names machine, boot and process id namespace: `<machine> <boot> <namespace>`. */
export function selfFacts(): Promise<Runner> {
  ours ??= readSelf();
  return ours;
}

/** Whether a runner lives; proof of death needs the same machine, and within one boot the same namespace. */
export async function lifeOf(runner: Runner): Promise<Life> {
  const [machine, boot, namespace] = (await selfFacts()).boot.split(" ");
  const [itsMachine, itsBoot, itsNamespace] = runner.boot.split(" ");
  if (itsBoot === undefined || itsNamespace === undefined) return "unknown";
  if (itsBoot !== boot) return itsMachine === machine ? "dead" : "unknown";
  if (itsNamespace !== namespace) return "unknown";
  return (await startTimeOf(runner.pid)) === runner.startTime ? "alive" : "dead";
}

/** Not provably dead. */
export async function isAlive(runner: Runner): Promise<boolean> {
  return (await lifeOf(runner)) !== "dead";
}

async function readSelf(): Promise<Runner> {
  const place = hasProc ? await linuxPlace() : await otherPlace();
  const startTime = (await startTimeOf(process.pid)) ?? "unknown";
  return { pid: process.pid, startTime, boot: place };
}

async function linuxPlace(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
  return [await machineName(), boot.trim(), await readlink("/proc/self/ns/pid")].join(" ");
}

async function otherPlace(): Promise<string> {
  // The first process began with the machine.
  const booted = (await askPs(["-o", "lstart=", "-p", "1"])).trim().replaceAll(/\s+/g, "_");
  return [oneWord(os.hostname()), booted || "unknown", "all"].join(" ");
}

async function machineName(): Promise<string> {
  try {
    const id = (await readFile("/etc/machine-id", "utf8")).trim();
    if (id !== "") return oneWord(id);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return oneWord(os.hostname());
}

function oneWord(text: string): string {
  return text.replaceAll(/\s+/g, "_") || "unnamed";
}

/** As the system tells it; undefined where there is no such process. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  if (hasProc) return readProcess(pid)?.start.toString();
  return (await askPs(["-o", "lstart=", "-p", String(pid)])).trim() || undefined;
}
