/** The battery: everything that a command of an agent might try to get out, tried for real, in the sandbox and without it. */
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programPlaces } from "../../src/agent/program-places.ts";
import { shellSandbox } from "../../src/agent/shell-sandbox.ts";
import { attackScript, writingAttacks } from "../support/attacks.ts";
import { type EscapeScene, makeEscapeScene, printOf } from "../support/escape-scene.ts";
import { runningWith } from "../support/scratch.ts";

interface Attack {
  readonly command: string;
  /** A file of the machine that it changes, where the command itself may believe that it did: relative to the scene, or
   *  absolute with `$scene` for its name. */
  readonly changes?: string;
}

const connect = (to: string) =>
  `node -e 'const to = ${to}; require("net").connect(to).on("error", () => process.exit(1)).on("data", () => process.exit(0))'`;

const slots = "home/.local/state/pleach/worktrees/project/r1";

/** What in the sandbox is written into a folder that only seems to be there. */
const seemingly: Readonly<Record<string, string>> = {
  newFile: "home/project/evil",
  home: "home/evil",
  stateHome: "home/.local/state/pleach/worktrees/project/evil",
  sibling: `${slots}/evil`,
};

const attacks: Readonly<Record<string, Attack>> = {
  ...Object.fromEntries(
    Object.entries(writingAttacks).map(([name, command]): [string, Attack] => {
      const changes = seemingly[name];
      return [name, { command, ...(changes === undefined ? {} : { changes }) }];
    }),
  ),
  upwards: { command: ": > ../../../evil", changes: "home/.local/state/pleach/worktrees/evil" },
  dotfile: { command: "echo evil >> ~/.bashrc", changes: "home/.bashrc" },
  preload: { command: "echo export LD_PRELOAD=/x.so >> ~/.profile", changes: "home/.profile" },
  gitConfigOfUser: { command: "git config --global core.pager evil", changes: "home/.gitconfig" },
  authorizedKeys: {
    command: "echo evil >> ~/.ssh/authorized_keys || (mkdir ~/.ssh && : > ~/.ssh/authorized_keys)",
    changes: "home/.ssh/authorized_keys",
  },
  serviceOfUser: {
    command: "mkdir -p ~/.config/systemd/user && : > ~/.config/systemd/user/evil.service",
    changes: "home/.config/systemd/user/evil.service",
  },
  sshKey: { command: "grep PRIVATE ~/.ssh/id_ed25519" },
  token: { command: "grep token ~/.npmrc" },
  oauth: { command: 'grep oauth "$home/.config/gh/hosts.yml"' },
  dotenv: { command: 'grep TOKEN "$checkout/.env"' },
  passwords: { command: "grep root /etc/shadow" },
  cron: { command: "test -w /etc/cron.d || test -w /etc" },
  preloadForAll: { command: "test -w /etc/ld.so.conf.d || test -w /lib || test -w /usr/lib" },
  keyInEnvironment: { command: 'test -n "$PLANTED_API_KEY"' },
  hostTmp: { command: ': > "/tmp/$scene.evil"', changes: "/tmp/$scene.evil" },
  sharedMemory: { command: ': > "/dev/shm/$scene.evil"', changes: "/dev/shm/$scene.evil" },
  otherWorktree: { command: ': > "$other/evil"', changes: `${slots}/slot-1/evil` },
  otherPointer: { command: 'echo x >> "$other/.git"', changes: `${slots}/slot-1/.git` },
  exchange: {
    command: ': > "$exchange/evil"',
    changes: "home/.local/state/pleach/exchange/project/r1/one/1/evil",
  },
  outputs: { command: ': > "$outputs/evil"' },
  transcript: { command: 'echo "{}" >> "$record/units/one/1/agents/coder.jsonl"' },
  alternates: {
    command: 'mkdir -p "$git/objects/info" && echo "$PWD" > "$git/objects/info/alternates-2"',
  },
  packedRefs: { command: ': >> "$git/packed-refs"' },
  head: { command: 'cat "$git/HEAD" > "$git/HEAD.new" && mv "$git/HEAD.new" "$git/HEAD"' },
  linkToGit: { command: 'ln -sfn "$git" src/g && (: > src/g/evil-6); e=$?; rm -f src/g; exit $e' },
  renameOut: { command: 'echo x > src/x && mv src/x "$out/evil-7"' },
  network: { command: connect('{ port: Number(process.env.port), host: "127.0.0.1" }') },
  socketOfHome: {
    command: connect("{ path: process.env.home + '/agent.sock' }".replaceAll("'", '"')),
  },
  socketInTmp: { command: connect('{ path: "/tmp/" + process.env.scene + ".sock" }') },
  socketWithoutFile: { command: connect('{ path: "\\0" + process.env.scene }') },
  seen: { command: "grep -l pleach-escape /proc/[0-9]*/cwd/pid || test -d /proc/$victim" },
  killed: { command: "kill -0 $victim" },
  traced: { command: "tr '\\0' '\\n' < /proc/$victim/environ | grep VICTIM_KEY" },
  mapped: { command: "grep -q . /proc/$victim/maps" },
  throughItsFolder: { command: ": > /proc/$victim/cwd/evil-8", changes: "out/evil-8" },
  throughItsRoot: { command: ': > "/proc/$victim/root$out/evil-9"', changes: "out/evil-9" },
  throughItsFile: { command: "echo evil > /proc/$victim/fd/9", changes: "out/held" },
  throughOurs: { command: 'for f in /proc/$PPID/fd/*; do readlink "$f"; done | grep "$outputs"' },
  setUserId: { command: "grep -q '^NoNewPrivs:.*0' /proc/self/status" },
  userNamespace: {
    command: `unshare --user --map-root-user --mount sh -c 'mount -o remount,rw,bind / ; : > "$out/evil-10"'`,
    changes: "out/evil-10",
  },
  chrooted: {
    command: `chroot /proc/$victim/root sh -c ': > "$out/evil-11"'`,
    changes: "out/evil-11",
  },
};

let scene: EscapeScene;

beforeAll(async () => {
  scene = await makeEscapeScene();
});

afterAll(async () => {
  await scene.end();
});

/** The names of those that were won, when all are tried in one command. */
async function won(kind: "sandbox" | "none"): Promise<readonly string[]> {
  const entries = Object.entries(attacks);
  const targets = entries.flatMap(([name, { changes }]) => {
    if (changes === undefined) return [];
    const named = changes.replace("$scene", path.basename(scene.folder));
    return [[name, path.resolve(scene.folder, named)] as const];
  });
  const before = targets.map(([, file]) => printOf(file));
  const commands = Object.fromEntries(entries.map(([name, { command }]) => [name, command]));
  const script = attackScript({ ...commands, ended: "true" }, "src/won");
  await scene.shell(script, kind, { timeoutMs: 60_000 });
  const changed = targets.filter(([, file], at) => printOf(file) !== before[at]);
  const noted = readFileSync(path.join(scene.worktree, "src/won"), "utf8").trim().split("\n");
  expect([noted.shift(), noted.pop()]).toEqual(["begun", "ended"]);
  rmSync(path.join(scene.worktree, "src/won"));
  return entries
    .filter(([name, { changes }]) =>
      changes === undefined ? noted.includes(name) : changed.some(([one]) => one === name),
    )
    .map(([name]) => name);
}

describe("the battery of escapes", { timeout: 120_000 }, () => {
  it("holds at least 25", () => {
    expect(Object.keys(attacks).length).toBeGreaterThanOrEqual(70);
  });

  it("fails in the sandbox, every one", async () => {
    expect(await won("sandbox")).toEqual([]);
    expect(readFileSync(path.join(scene.out, "victim"), "utf8")).toBe("victim\n");
  });

  // After the other arm, since it leaves the scene damaged.
  it("fires without a sandbox, every one, or its failing would prove nothing", async () => {
    expect(await won("none")).toEqual(Object.keys(attacks));
  });
});

describe("a command in the sandbox", () => {
  // The battery before has damaged its own scene.
  let whole: EscapeScene;

  beforeAll(async () => {
    whole = await makeEscapeScene();
  });

  afterAll(async () => {
    await whole.end();
  });

  it("works in its worktree inside the home, with git to look at and an empty home to use", async () => {
    const { text } = await whole.shell(
      "echo new > src/b.ts; git status --short; git log --format=%s; git diff HEAD --stat; ls -A ~; echo x > ~/x && cat ~/x",
      "sandbox",
    );
    expect(text).toMatch(/^done: \?\? src\/b.ts\nbase\n\.local\nproject\nx\n\[exit code 0/);
    expect(readFileSync(path.join(whole.worktree, "src/b.ts"), "utf8")).toBe("new\n");
    expect(printOf(path.join(whole.home, "x"))).toBe("absent");
  });

  it("sees and writes the caches that are named, and no others", async () => {
    const command = "cat ~/.npm/cached; echo more > ~/.npm/more; ls ~/.config ~/.gone";
    const { text } = await whole.shell(command, "sandbox", { caches: [".npm", ".gone", "."] });
    expect(text).toContain("cached\n");
    expect(text).toContain("cannot access");
    expect(text).not.toContain("gh");
    expect(readFileSync(path.join(whole.home, ".npm/more"), "utf8")).toBe("more\n");
    const without = await whole.shell("cat ~/.npm/cached", "sandbox");
    expect(without.isGood).toBe(false);
  });

  it("reaches the network where the configuration allows it", async () => {
    const command = connect('{ port: Number(process.env.port), host: "127.0.0.1" }');
    expect((await whole.shell(command, "sandbox", { network: true })).isGood).toBe(true);
    expect((await whole.shell(command, "sandbox")).isGood).toBe(false);
  });

  it("finds no service in /run, and only its own processes", async () => {
    const { text } = await whole.shell("find /run -type s; ls -d /proc/[0-9]* | wc -l", "sandbox");
    expect(Number(/^done: (\d+)\n/.exec(text)?.[1])).toBeLessThan(8);
  });

  it("leaves nothing running", async () => {
    await whole.shell("(setsid sleep 1000 >/dev/null 2>&1 &) ; echo begun", "sandbox");
    expect(runningWith(`AGENT_WORK_DIR=${whole.worktree}`)).toEqual([]);
  });

  it("finds programs that were installed in the home, and nothing beside them", () => {
    const write = (name: string, text: string) => {
      const file = path.join(whole.home, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
      chmodSync(file, 0o755);
    };
    write(".nvm/versions/node/v20/lib/node_modules/tool/cli.js", "#!/bin/sh\n");
    write(".nvm/versions/node/v20/bin/node", "#!/bin/sh\n");
    write(".local/bin/own", "#!/bin/sh\n");
    write(".local/share/keyrings/secret", "secret");
    write(".cargo/bin/cargo", "#!/bin/sh\n");
    write(".cargo/credentials.toml", "secret");
    write(".rustup/toolchains/x", "");
    write(".volta/bin/volta", "#!/bin/sh\n");
    const link = path.join(whole.home, ".nvm/versions/node/v20/bin/tool");
    symlinkSync("../lib/node_modules/tool/cli.js", link);
    const folders = [
      ".nvm/versions/node/v20/bin",
      ".local/bin",
      ".cargo/bin",
      ".volta/bin",
      "gone",
    ];
    const PATH = [
      ...folders.map((name) => path.join(whole.home, name)),
      whole.home,
      "/usr/bin",
    ].join(":");
    expect(
      programPlaces([whole.home], { PATH, VIRTUAL_ENV: path.join(whole.home, "gone") })
        .map((place) => path.relative(whole.home, place))
        .sort(),
    ).toEqual([
      ".cargo/bin",
      ".local/bin",
      ".nvm/versions/node/v20/bin",
      ".nvm/versions/node/v20/lib/node_modules",
      ".rustup",
      ".volta",
      ".volta/bin",
    ]);
  });

  it("is kept from the secrets of a home that is no folder of its own", () => {
    const places = { worktree: whole.worktree, gitDirs: [], network: false, caches: [".npm"] };
    const sandbox = shellSandbox(places, { HOME: "/", PATH: "/usr/bin" });
    expect(sandbox.emptied).not.toContain("/");
    expect(sandbox.writable).not.toContain("/");
  });
});
