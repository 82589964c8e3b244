import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { findBubblewrap, type Sandbox, sandboxCommand } from "../../src/host/bubblewrap.ts";
import { workerEnvironment } from "../../src/host/environment.ts";
import { type ProcessRequest, runProcess } from "../../src/host/run-process.ts";
import { detectBubblewrap } from "../../src/host/sandbox.ts";
import { isRunning, numberIn, program, runningWith, scratchFolder } from "../support/scratch.ts";

const detected = await detectBubblewrap();

/** A repository's git directory, a worktree with its pointer file, and the exchange: as a unit has them. */
function unitPlaces() {
  const root = scratchFolder();
  const places = {
    root,
    gitDir: path.join(root, "repo/.git"),
    worktree: path.join(root, "state/worktrees/slot-0"),
    exchange: path.join(root, "state/exchange/unit"),
    outside: path.join(root, "repo"),
  };
  for (const folder of [places.gitDir, places.worktree, places.exchange]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(path.join(places.gitDir, "config"), "[core]\n");
  writeFileSync(path.join(places.outside, "precious"), "precious");
  writeFileSync(path.join(places.worktree, ".git"), `gitdir: ${places.gitDir}\n`);
  const sandbox: Sandbox = {
    writable: [places.worktree, places.exchange],
    protect: [places.gitDir, path.join(places.worktree, ".git")],
    visible: [places.outside],
    network: true,
  };
  return { ...places, sandbox };
}

type Places = ReturnType<typeof unitPlaces>;

function inside(
  places: Places,
  command: ProcessRequest["command"],
  rest?: Partial<ProcessRequest>,
) {
  return runProcess({
    command,
    cwd: places.worktree,
    env: workerEnvironment(),
    signal: new AbortController().signal,
    sandbox: places.sandbox,
    ...rest,
  });
}

test("detection agrees with trying bubblewrap by hand", async () => {
  const tried = spawnSync("bwrap", [
    "--ro-bind",
    "/",
    "/",
    "--unshare-pid",
    "--proc",
    "/proc",
    "true",
  ]);
  expect(detected.available).toBe(tried.status === 0);
  expect(await detectBubblewrap()).toBe(detected);
});

test("bubblewrap is looked for on PATH, but not where a repository could have put it", () => {
  const folder = scratchFolder();
  const planted = path.join(folder, "node_modules/.bin");
  mkdirSync(planted, { recursive: true });
  program(planted, "bwrap", "#!/bin/sh\nexit 0\n");
  const real = program(folder, "bwrap", "#!/bin/sh\nexit 1\n");
  expect(findBubblewrap(`${planted}:.:${folder}`, [])).toBe(real);
  expect(findBubblewrap(planted, [])).toBeUndefined();
});

test("inner places come after outer ones, and what is protected has the last word", async () => {
  const places = unitPlaces();
  const argv = await sandboxCommand(
    "bwrap",
    {
      writable: [places.root, places.worktree],
      protect: [places.root, places.gitDir],
      hidden: [`${places.root}/repo/precious`, places.exchange, "/no/such/place"],
      network: false,
    },
    { cwd: places.worktree, env: {} },
    3,
  );
  const own = argv
    .join(" ")
    .split(" --")
    .filter((option) => option.includes(places.root));
  expect(own).toEqual([
    `bind ${places.root} ${places.root}`,
    `ro-bind ${places.root} ${places.root}`,
    `ro-bind ${places.gitDir} ${places.gitDir}`,
    `ro-bind /dev/null ${places.root}/repo/precious`,
    `bind ${places.worktree} ${places.worktree}`,
    `tmpfs ${places.exchange}`,
    `chdir ${places.worktree}`,
  ]);
  expect(argv).toContain("--unshare-net");
});

describe.runIf(detected.available)("inside the sandbox", () => {
  test("a program writes into its worktree and exchange", async () => {
    const places = unitPlaces();
    const result = await inside(places, `echo a > a && echo b > "${places.exchange}/b"`);
    expect(result.end).toEqual({ type: "exited", code: 0 });
    expect(readFileSync(path.join(places.worktree, "a"), "utf8")).toBe("a\n");
    expect(readFileSync(path.join(places.exchange, "b"), "utf8")).toBe("b\n");
  });

  test.each([
    ["the user's files", (p: Places) => `echo x > "${p.outside}/precious"`],
    ["a git directory", (p: Places) => `echo x >> "${p.gitDir}/config"`],
    ["a hook", (p: Places) => `mkdir "${p.gitDir}/hooks"`],
    ["the worktree's pointer", () => "echo x > .git"],
    ["the pointer by another name", () => "mv .git .git-old"],
    ["the pointer by a new file", () => "echo gitdir: /x > new && mv -f new .git"],
    ["the pointer by a folder", () => "rm -f .git && mkdir .git"],
    ["the worktree as a whole", (p: Places) => `mv "${p.worktree}" "${p.worktree}-2"`],
    ["the home", () => 'echo x > "$HOME/.pleach-probe"'],
    ["the system", () => "echo x > /etc/pleach-probe"],
    [
      "the kernel", // The value it has, so that nothing would change if it could.
      () => "v=$(cat /proc/sys/vm/swappiness) && echo $v > /proc/sys/vm/swappiness",
    ],
    ["through a link", (p: Places) => `ln -s "${p.outside}" l && echo x > l/new`],
    ["by a hard link", (p: Places) => `ln "${p.outside}/precious" h && echo x > h`],
    ["by mounting it anew", (p: Places) => `mount -o remount,rw,bind "${p.gitDir}"`],
    ["by a mount of its own", (p: Places) => `mount --bind . "${p.gitDir}"`],
    ["by a device", () => "mknod disk b 254 0"],
  ])("a program cannot change %s", async (_name, attack) => {
    const places = unitPlaces();
    const result = await inside(places, attack(places));
    expect(result.end).toEqual({ type: "exited", code: expect.any(Number) });
    expect(result.end).not.toEqual({ type: "exited", code: 0 });
    expect(readFileSync(path.join(places.outside, "precious"), "utf8")).toBe("precious");
    expect(readFileSync(path.join(places.gitDir, "config"), "utf8")).toBe("[core]\n");
    expect(readFileSync(path.join(places.worktree, ".git"), "utf8")).toBe(
      `gitdir: ${places.gitDir}\n`,
    );
    expect(readdirSync(places.gitDir)).toEqual(["config"]);
    expect(readdirSync(places.outside).sort()).toEqual([".git", "precious"]);
  });

  test("the attacks would succeed without it", async () => {
    const places = unitPlaces();
    const attack = `ln "${places.outside}/precious" h && echo x > h && mv .git old && echo x >> "${places.gitDir}/config"`;
    const result = await runProcess({
      command: attack,
      cwd: places.worktree,
      env: workerEnvironment(),
      signal: new AbortController().signal,
    });
    expect(result.end).toEqual({ type: "exited", code: 0 });
    expect(readFileSync(path.join(places.outside, "precious"), "utf8")).toBe("x\n");
  });

  test("a worktree inside a git directory is writable, and the git directory is not", async () => {
    const root = scratchFolder();
    const gitDir = path.join(root, ".git");
    const worktree = path.join(gitDir, "state/slot-0");
    mkdirSync(worktree, { recursive: true });
    writeFileSync(path.join(worktree, ".git"), "");
    const sandbox = {
      writable: [worktree],
      protect: [gitDir, path.join(worktree, ".git")],
      network: true,
    };
    const places = { ...unitPlaces(), worktree, sandbox };
    await inside(places, `echo a > a; echo x > ../x; echo x > "${gitDir}/x"; echo x > .git`);
    expect(readFileSync(path.join(worktree, "a"), "utf8")).toBe("a\n");
    expect([readdirSync(gitDir), readdirSync(path.dirname(worktree))]).toEqual([
      ["state"],
      ["slot-0"],
    ]);
    expect(readFileSync(path.join(worktree, ".git"), "utf8")).toBe("");
  });

  test("/tmp is private and empty but for what was bound, and writable", async () => {
    const places = unitPlaces();
    const name = `pleach-private-${process.pid}`;
    const result = await inside(
      { ...places, sandbox: { ...places.sandbox, visible: [] } },
      `cat "${places.outside}/precious"; echo x > "$TMPDIR/${name}" && ls -A /tmp/`,
      // Folders of PATH are shown, and this project may itself lie under /tmp.
      { env: { PATH: "/usr/bin:/bin" } },
    );
    expect(result.stdoutTail.split("\n").sort()).toEqual(
      ["", name, path.basename(places.root)].sort(),
    );
    expect(result.stderrTail).toMatch(/precious: No such file/);
    expect(existsSync(`/tmp/${name}`)).toBe(false);
  });

  test("what is named visible is seen under /tmp, and a program there is found", async () => {
    const places = unitPlaces();
    const folder = scratchFolder();
    const tool = program(folder, "tool", "#!/bin/sh\necho tool ran\n");
    const sandbox = { ...places.sandbox, visible: [tool] };
    expect((await inside(places, [tool], { sandbox })).stdoutTail).toBe("tool ran\n");
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    expect((await inside(places, ["tool"], { env })).stdoutTail).toBe("tool ran\n");
    expect((await inside(places, `echo x > "${tool}"`, { env })).end).not.toEqual({
      type: "exited",
      code: 0,
    });
  });

  test("a program that starts in a sub-folder may write there", async () => {
    const places = unitPlaces();
    const cwd = path.join(places.worktree, "sub");
    mkdirSync(cwd);
    expect((await inside(places, "echo a > a", { cwd })).end).toEqual({ type: "exited", code: 0 });
  });

  test("what is hidden shows nothing", async () => {
    const places = unitPlaces();
    const secret = path.join(places.worktree, "secret");
    writeFileSync(secret, "secret");
    const hidden = [secret, path.join(places.exchange)];
    writeFileSync(path.join(places.exchange, "a"), "");
    const result = await inside(places, `cat secret; ls -A "${places.exchange}"`, {
      sandbox: { ...places.sandbox, hidden },
    });
    expect(result.stdoutTail).toBe("");
  });

  test("only its own processes are to be seen, and it knows its mark", async () => {
    const places = unitPlaces();
    const result = await inside(places, 'ls -d /proc/[0-9]* | wc -l; echo "$PLEACH_RUN"', {
      mark: { PLEACH_RUN: "r" },
    });
    const [count, mark] = result.stdoutTail.split("\n");
    expect(Number(count)).toBeLessThan(6);
    expect(mark).toBe("r");
  });

  test("it has no power to undo the sandbox", async () => {
    const result = await inside(unitPlaces(), "grep CapEff /proc/self/status");
    const effective = BigInt(`0x${result.stdoutTail.split(/\s+/)[1] ?? "f"}`);
    // Rights to trace processes, load modules, mount, make devices, and read past permissions.
    const dangerous = [2, 12, 16, 17, 18, 19, 21, 27].map((bit) => 1n << BigInt(bit));
    expect(dangerous.filter((bit) => (effective & bit) !== 0n)).toEqual([]);
  });

  test("exit code, missing program and missing place are told apart", async () => {
    const places = unitPlaces();
    expect((await inside(places, "exit 3")).end).toEqual({ type: "exited", code: 3 });
    expect((await inside(places, ["no-such-program"])).end).toEqual({
      type: "not_started",
      message:
        "the sandbox could not start it: bwrap: execvp no-such-program: No such file or directory",
    });
    const sandbox = { ...places.sandbox, protect: [`${places.root}/gone`] };
    expect((await inside(places, "true", { sandbox })).end).toEqual({
      type: "not_started",
      message: `the sandbox could not be made: ${places.root}/gone is not there`,
    });
  });

  test("a place that is a link is bound where it leads", async () => {
    const places = unitPlaces();
    const link = path.join(places.root, "link");
    symlinkSync(places.exchange, link);
    const sandbox = { ...places.sandbox, writable: [places.worktree, link] };
    await inside(places, `echo b > "${places.exchange}/b"`, { sandbox });
    expect(readdirSync(places.exchange)).toEqual(["b"]);
  });

  test("SIGTERM reaches the program within, and no process is left after it", async () => {
    const places = unitPlaces();
    const stop = new AbortController();
    const mark = { PLEACH_RUN: `sandbox-${process.pid}` };
    const running = inside(
      places,
      `(setsid sleep 1000 &) ; trap 'echo tidied > tidied; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done`,
      { signal: stop.signal, mark },
    );
    await numberIn(path.join(places.worktree, "pid"));
    expect(runningWith(`PLEACH_RUN=${mark.PLEACH_RUN}`).length).toBeGreaterThan(2);
    stop.abort();
    const result = await running;
    expect([result.end, result.left]).toEqual([{ type: "aborted" }, []]);
    expect(readFileSync(path.join(places.worktree, "tidied"), "utf8")).toBe("tidied\n");
    expect(runningWith(`PLEACH_RUN=${mark.PLEACH_RUN}`)).toEqual([]);
  });

  test("a program that ignores SIGTERM is ended in time", async () => {
    const places = unitPlaces();
    const result = await inside(places, "trap '' TERM; while :; do sleep 0.1; done", {
      timeoutMs: 300,
    });
    expect(result.end).toEqual({ type: "timed_out" });
    expect(result.seconds).toBeLessThan(5.3);
    expect(result.left).toEqual([]);
  });

  test("a daemon within ends with its program", async () => {
    const places = unitPlaces();
    const mark = { PLEACH_RUN: `daemon-${process.pid}` };
    await inside(places, "setsid sleep 1000 & echo started", { mark });
    expect(runningWith(`PLEACH_RUN=${mark.PLEACH_RUN}`).filter(isRunning)).toEqual([]);
  });
});
