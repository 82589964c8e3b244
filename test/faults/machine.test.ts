import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { FinalDocument } from "../../src/view/document.ts";
import { asNobody, giveAwayAll } from "../support/as-user.ts";
import {
  expectKept,
  journalOf,
  kept,
  look,
  makeScene,
  planOf,
  pleach,
  runKept,
  type Scene,
  sceneAt,
  simpleRun,
  worker,
} from "../support/fault-scene.ts";
import { runProgram } from "../support/program.ts";
import { makeRepository, runGit } from "../support/repository.ts";
import { smallDisk } from "../support/small-disk.ts";

/** A folder of programs with one `git` in it, by its shell text. */
function fakeGit(scene: Scene, text: string): string {
  const folder = path.join(scene.folder, "programs");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "git"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return folder;
}

describe("a machine that lacks something", { timeout: 180_000 }, () => {
  it("says that git is too old, or not there", async () => {
    const scene = await makeScene();
    const old = fakeGit(
      scene,
      'case "$*" in *version*) echo git version 2.25.1;; *) exit 1;; esac',
    );
    const tooOld = await runKept(scene, simpleRun(scene), { programs: old });
    expect([tooOld.code, tooOld.error?.code]).toEqual([7, "git_too_old"]);
    const nowhere = { PATH: path.join(scene.folder, "nothing") };
    const missing = await runKept(scene, simpleRun(scene), { env: nowhere });
    expect([missing.code, missing.error?.code]).toEqual([7, "git_missing"]);
    expect(missing.error?.advice).toContain("2.38");
  });

  it("says that a sandbox is asked for and not there", async () => {
    const scene = await makeScene();
    const command = [...planOf(scene, [{ id: "one", owns: ["src/**"] }]), "--command", "true"];
    const hidden = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount --bind /dev/null /usr/bin/bwrap && exec "$@"',
      "sh",
    ];
    const ended = await runKept(scene, command, { through: hidden });
    expect([ended.code, ended.error?.code]).toEqual([7, "no_sandbox"]);
    expect(ended.error?.advice).toMatch(/bubblewrap.*--sandbox none/);
  });

  it("writes nothing to a repository, or a state directory, that is read-only", async () => {
    const scene = await makeScene();
    giveAwayAll(scene.folder);
    const env = { HOME: scene.folder };
    writeFileSync(path.join(scene.folder, ".gitconfig"), "[safe]\n\tdirectory = *\n");
    const plan = simpleRun(scene);
    const common = path.join(scene.checkout, ".git");
    const readOnly = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount --bind '${common}' '${common}' && mount -o remount,ro,bind '${common}' && exec "$@"`,
      "sh",
    ];
    const before = readdirSync(common);
    for (const through of [readOnly, [...readOnly, ...asNobody]]) {
      const ended = await pleach(scene, ["run", ...plan], { through, env });
      expect([ended.code, ended.error?.code, ended.document]).toEqual([
        7,
        "not_permitted",
        undefined,
      ]);
    }
    expect(readdirSync(common)).toEqual(before);
    mkdirSync(scene.stateHome, { mode: 0o500 });
    chmodSync(scene.folder, 0o755);
    const ended = await pleach(scene, ["run", ...plan], { through: asNobody, env });
    expect([ended.code, ended.error?.code]).toEqual([7, "not_permitted"]);
  });

  it("is interrupted by a full state directory, and goes on once there is space", async () => {
    const disk = smallDisk(1);
    const scene = {
      ...(await makeScene({ "src/a.txt": "a\n", "src/big.bin": Buffer.alloc(600_000, 1) })),
      stateHome: disk.folder,
    };
    const units = [1, 2].map((at) => ({ id: `n${at}`, owns: [`n${at}`] }));
    const line = [...planOf(scene, units), ...worker("echo x > $PLEACH_UNIT")];
    const full = await runKept(scene, [...line, "--concurrency", "2"]);
    expect([full.code, full.error?.code]).toEqual([7, "disk_full"]);
    expect(full.error?.advice).toContain("pleach resume");
    disk.grow(50);
    const resumed = await kept(scene, ["resume"]);
    expect([resumed.code, resumed.document?.outcome]).toEqual([0, "complete"]);
  });

  it("loses nothing on a full repository, wherever the space ends, and goes on afterwards", async () => {
    for (const freeKb of [0, 8, 24, 48, 80, 120]) {
      const disk = smallDisk(3);
      const repository = await makeRepository(
        { "src/a.txt": "a\n", "src/b.txt": "b\n" },
        { under: disk.folder },
      );
      const scene = {
        ...sceneAt(repository.path, repository.folder),
        stateHome: path.join(disk.beside, "state"),
      };
      const line = [
        ...planOf({ ...scene, folder: disk.beside }, [{ id: "one", owns: ["src/**"] }]),
        ...worker("head -c 30000 /dev/urandom >> src/a.txt"),
        "--check",
        "true",
      ];
      disk.fill(freeKb);
      const before = await look(scene);
      const full = await pleach(scene, ["run", ...line]);
      await expectKept(scene, before, full);
      if (full.code !== 0)
        expect([freeKb, full.code, full.error?.code]).toEqual([freeKb, 7, "disk_full"]);
      disk.empty();
      const next =
        full.document === undefined
          ? await pleach(scene, ["run", ...line])
          : await pleach(scene, ["resume"]);
      await expectKept(scene, before, next);
      expect([freeKb, next.code, next.document?.outcome]).toEqual([freeKb, 0, "complete"]);
    }
  });

  it("moves all of a checkout or nothing where the disk fills up before the landing", async () => {
    for (const freeKb of [4, 24]) {
      const disk = smallDisk(4);
      const files = Object.fromEntries(
        [1, 2, 3, 4].map((at) => [`src/${at}.txt`, randomBytes(50_000)]),
      );
      const repository = await makeRepository(
        { ...files, "mine.txt": "a\n" },
        { under: disk.folder },
      );
      const scene = {
        ...sceneAt(repository.path, disk.beside),
        stateHome: path.join(disk.beside, "state"),
      };
      repository.write({ "mine.txt": "dirty\n", "new.txt": "untracked\n" });
      const check = `[ -e '${disk.filling}' ] || head -c $(($(stat -f -c '%a*%S' '${disk.folder}') - ${freeKb * 1024 + 20_000})) /dev/zero > '${disk.filling}'`;
      const grow = `for f in src/*.txt; do head -c 90000 /dev/zero | tr '\\0' x > $f; done`;
      const plan = planOf(scene, [{ id: "one", owns: ["src/**"] }]);
      const line = [...plan, ...worker(grow), "--check", check];
      const full = await runKept(scene, line, { putBack: true });
      expect([freeKb, full.code, full.error?.code]).toEqual([freeKb, 7, "disk_full"]);
      disk.empty();
      const resumed = await kept(scene, ["resume"]);
      expect([resumed.code, resumed.document?.landed === null]).toEqual([0, false]);
    }
  });

  it("manages with few file descriptors, or says so", async () => {
    const scene = await makeScene();
    for (const files of [64, 32, 24]) {
      const ended = await runKept(scene, [...simpleRun(scene), "--check", "true"], {
        through: ["prlimit", `--nofile=${files}`],
      });
      expect([0, 7]).toContain(ended.code);
      if (ended.document !== undefined && ended.code !== 0) {
        const resumed = await kept(scene, ["resume"]);
        expect(resumed.code).toBe(0);
      }
    }
  });

  it("goes on to its end when nobody reads its output", async () => {
    const scene = await makeScene();
    const ended = await runProgram(["run", "--ndjson", ...simpleRun(scene)], {
      cwd: scene.checkout,
      through: ["sh", "-c", '"$@" | head -c 1 >/dev/null', "sh"],
      env: { PLEACH_STATE_HOME: scene.stateHome },
    });
    expect(ended.stderr).not.toMatch(/EPIPE|\n {4}at /);
    expect(scene.repository.read("src/a.txt")).toBe("a\nmore\n");
  });
});

describe("a repository that others work on meanwhile", { timeout: 180_000 }, () => {
  it("lands nothing on a target that was deleted, and keeps the result", async () => {
    const scene = await makeScene();
    await scene.repository.git("branch", "goal");
    const check = `git -C '${scene.checkout}' branch -q -D goal`;
    const ended = await pleach(scene, [
      "run",
      ...simpleRun(scene),
      "--target",
      "goal",
      "--check",
      check,
    ]);
    expect([ended.code, ended.document?.landing.refused?.type]).toEqual([3, "target_missing"]);
    const result = `refs/heads/pleach/${ended.document?.run}/integration`;
    expect(await scene.repository.git("show", `${result}:src/a.txt`)).toBe("a\nmore");
  });

  it("verifies again what it lands on a target that moved, and never loses the other's commit", async () => {
    const scene = await makeScene();
    const once = path.join(scene.folder, "once");
    const rival = `if [ ! -e '${once}' ]; then touch '${once}'; cd '${scene.checkout}' && echo theirs > docs/c.txt && git commit -qam theirs; fi`;
    const before = await look(scene);
    const ended = await pleach(scene, ["run", ...simpleRun(scene), "--check", rival]);
    expect([ended.code, ended.document?.outcome]).toEqual([0, "complete"]);
    expect(scene.repository.read("docs/c.txt")).toBe("theirs\n");
    const events = (await journalOf(scene, ended.document?.run ?? "")).map(({ event }) => event);
    expect(events.filter(({ type }) => type === "check-finished")).toHaveLength(2);
    expect(before).toBeDefined();
    expect(await scene.repository.git("status", "--porcelain")).toBe("");
  });

  it("makes a worktree anew that somebody deleted under it", async () => {
    const scene = await makeScene();
    const units = [1, 2, 3].map((at) => ({ id: `n${at}`, owns: [`n${at}`] }));
    const command = `echo x > $PLEACH_UNIT; [ $PLEACH_UNIT = n2 ] || exit 0; [ $PLEACH_ATTEMPT = 1 ] || exit 0; cd /; rm -rf "$AGENT_WORK_DIR"; git -C '${scene.checkout}' worktree prune`;
    const line = [
      ...planOf(scene, units),
      ...worker(command),
      "--concurrency",
      "1",
      "--check",
      "true",
    ];
    const ended = await runKept(scene, line);
    expect(ended.code === 0 || ended.error !== undefined || ended.code === 1).toBe(true);
    expect(ended.document?.units.find(({ id }) => id === "n3")?.status).toBe(
      ended.error ? "queued" : "merged",
    );
    const last = ended.error === undefined ? ended : await kept(scene, ["resume"]);
    expect([last.code, last.document?.outcome]).toEqual([0, "complete"]);
  });

  it("works beside the user's gc and prune", async () => {
    const scene = await makeScene();
    const units = [1, 2, 3, 4, 5, 6].map((at) => ({ id: `n${at}`, owns: [`n${at}`] }));
    const stop = path.join(scene.folder, "stop");
    const loop = `until [ -e '${stop}' ]; do git worktree prune --expire=now; git reflog expire --expire=now --all; git gc -q --prune=now; sleep 0.02; done 2>&1`;
    const busy = runGit(scene.checkout, ["-c", `alias.busy=!${loop}`, "busy"]);
    const line = [
      ...planOf(scene, units),
      ...worker("sleep 0.2; echo x > $PLEACH_UNIT"),
      "--check",
      "true",
    ];
    const ended = await pleach(scene, ["run", ...line]);
    writeFileSync(stop, "");
    const said = await busy;
    expect([ended.code, ended.document?.outcome, ended.error]).toEqual([0, "complete", undefined]);
    expect(said).toContain("gc is already running");
    const document = ended.document as FinalDocument;
    expect(await scene.repository.git("rev-list", "--objects", "--all", "--quiet")).toBe("");
    // The loop has thrown the reflogs away that tell of the landing, so it is only looked at here.
    expect(await scene.repository.git("rev-parse", "main")).toBe(document.landed);
    await scene.repository.git("fsck", "--full", "--strict");
    await scene.repository.git("gc", "--quiet", "--prune=now");
  });
});
