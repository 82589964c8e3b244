/** A machine to escape into: a home with keys and a repository, worktrees of several units in it, services that listen, a
 *  process that runs. It lies where a sandbox shows the disk, not under /tmp, which is made anew in any case. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { FileStates } from "../../src/agent/file-state.ts";
import { PathLocks } from "../../src/agent/path-locks.ts";
import { shellEnvironment, shellSandbox } from "../../src/agent/shell-sandbox.ts";
import type { Workplace } from "../../src/agent/tool.ts";
import { shellTool } from "../../src/agent/tools/shell.ts";
import type { ShellSettings } from "../../src/core/settings.ts";
import { numberIn } from "./scratch.ts";
import { callTool, said } from "./tool-place.ts";
import { runGit } from "./user-git.ts";

export interface EscapeScene {
  readonly folder: string;
  readonly home: string;
  readonly checkout: string;
  readonly worktree: string;
  readonly out: string;
  /** What the attacks may refer to. */
  readonly names: Readonly<Record<string, string>>;
  /** The shell tool of an agent in this scene. */
  shell(command: string, kind: "sandbox" | "none", more?: Partial<ShellSettings>): Promise<Answer>;
  end(): Promise<void>;
}

export interface Answer {
  readonly isGood: boolean;
  readonly text: string;
}

const secret = "sk-planted-0123456789";

export async function makeEscapeScene(): Promise<EscapeScene> {
  const folder = realpathSync(mkdtempSync("/var/tmp/pleach-escape-"));
  const at = (name: string) => path.join(folder, name);
  const state = at("home/.local/state/pleach");
  const files: Readonly<Record<string, string>> = {
    "home/.ssh/id_ed25519": "PRIVATE KEY\n",
    "home/.npmrc": "//registry/:_authToken=token\n",
    "home/.bashrc": "# mine\n",
    "home/.npm/cached": "cached\n",
    "home/.config/gh/hosts.yml": "oauth_token: x\n",
    "home/project/docs/c.txt": "mine\n",
    "home/project/src/a.ts": "export const a = 1;\n",
    "home/project/.env": "TOKEN=x\n",
    "out/victim": "victim\n",
  };
  for (const [name, text] of Object.entries(files)) write(at(name), text);
  const checkout = at("home/project");
  const gitDir = path.join(checkout, ".git");
  const git = (...args: string[]) =>
    runGit(checkout, ["-c", "user.name=U", "-c", "user.email=u@x", ...args]);
  await git("init", "-q", "-b", "main");
  await git("add", "docs", "src");
  await git("commit", "-q", "-m", "base");
  const slots = path.join(state, "worktrees/project/r1");
  for (const slot of ["slot-0", "slot-1"]) {
    await git("worktree", "add", "-q", "--detach", path.join(slots, slot));
  }
  const record = path.join(gitDir, "pleach/runs/r1");
  const outputs = path.join(record, "units/one/1/outputs");
  const victim = await startVictim(at("out"));
  const services = await startServices(folder);
  write(path.join(record, "journal.jsonl"), "{}\n");
  write(path.join(record, "units/one/1/agents/coder.jsonl"), "{}\n");
  write(path.join(gitDir, "pleach/runner"), JSON.stringify({ pid: victim.pid }));
  mkdirSync(path.join(record, "inbox"));
  mkdirSync(path.join(state, "exchange/project/r1/one/1"), { recursive: true });
  const worktree = path.join(slots, "slot-0");
  const names = {
    git: gitDir,
    checkout,
    out: at("out"),
    admin: path.join(gitDir, "worktrees/slot-0"),
    other: path.join(slots, "slot-1"),
    exchange: path.join(state, "exchange/project/r1/one/1"),
    outputs,
    record,
    victim: String(victim.pid),
    scene: path.basename(folder),
    port: String(services.port),
    home: at("home"),
    AGENT_WORK_DIR: worktree,
  };
  const hostEnv = { ...process.env, HOME: at("home"), PLANTED_API_KEY: secret };
  return {
    ...{ folder, home: at("home"), checkout, worktree, out: at("out"), names },
    shell: async (command, kind, more = {}) => {
      const settings = { network: false, caches: [], timeoutMs: 20_000, ...more };
      const places = { worktree, gitDirs: [gitDir], ...settings };
      const shell =
        kind === "none"
          ? { sandbox: undefined, env: { ...definedOnly(hostEnv), ...names } }
          : {
              sandbox: shellSandbox(places, hostEnv),
              env: { ...shellEnvironment(hostEnv), ...names },
            };
      const workplace: Workplace = {
        worktree,
        mayChange: () => ({ type: "yes" }),
        files: new FileStates(),
        locks: new PathLocks(),
        outputs,
        redact: (text: string) => text,
        shell: { ...shell, timeoutMs: settings.timeoutMs, mark: {} },
      };
      const result = await callTool(shellTool(workplace), { command });
      return { isGood: result.type === "done", text: said(result) };
    },
    end: async () => {
      victim.child.kill("SIGKILL");
      await services.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a file is now, so that any change of it shows. */
export function printOf(file: string): string {
  if (!existsSync(file)) return "absent";
  const facts = statSync(file);
  if (facts.isDirectory()) return "folder";
  return `${facts.ino} ${facts.size} ${readFileSync(file).toString("base64")}`;
}

/** A process of the user: with a secret in its environment, a folder it works in, and a file that it holds open. */
async function startVictim(out: string) {
  const script = `exec 9>>"${out}/held"; echo $$ > "${out}/pid"; while :; do sleep 1; done`;
  const child = spawn("sh", ["-c", script], {
    cwd: out,
    env: { PATH: process.env["PATH"], VICTIM_KEY: secret },
    stdio: "ignore",
  });
  return { child, pid: await numberIn(path.join(out, "pid")) };
}

/** Services that a program could ask to act for it: by network, by a socket in a folder, by one without a file. */
async function startServices(folder: string) {
  const [name, hello] = [
    path.basename(folder),
    () => createServer((socket) => socket.end("hello")),
  ];
  const sockets = [path.join(folder, "home/agent.sock"), `/tmp/${name}.sock`, `\0${name}`];
  const network = hello().listen(0, "127.0.0.1");
  const servers = [network, ...sockets.map((socket) => hello().listen(socket))];
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.once("listening", resolve))),
  );
  const end = () =>
    Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { port: (network.address() as AddressInfo).port, end };
}

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
