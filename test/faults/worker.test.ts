import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  type Ended,
  makeScene,
  type PlannedUnit,
  plainFiles,
  planOf,
  pleach,
  runKept,
  type Scene,
} from "../support/fault-scene.ts";
import { isRunning } from "../support/scratch.ts";

/** Lets each unit run its own script, all in one run; a unit owns `<id>/**` and what `owns` adds. */
async function letLoose(
  scene: Scene,
  scripts: Readonly<Record<string, string>>,
  more: readonly string[] = [],
  owns: Readonly<Record<string, readonly string[]>> = {},
): Promise<Ended> {
  const folder = path.join(scene.folder, "scripts");
  mkdirSync(folder, { recursive: true });
  const units: PlannedUnit[] = Object.entries(scripts).map(([id, text]) => {
    writeFileSync(path.join(folder, id), `mkdir -p ${id}\n${text}\n`);
    return { id, owns: owns[id] ?? [`${id}/**`] };
  });
  // Named as a whole, so that a sandbox with a /tmp of its own shows what lies beside it.
  writeFileSync(path.join(folder, "start"), `. "${folder}/$PLEACH_UNIT"\n`);
  const line = [...planOf(scene, units), "--command", `sh ${folder}/start`];
  return runKept(scene, [...line, "--attempts", "1", ...more]);
}

function verdicts(ended: Ended): Record<string, string> {
  const units = ended.document?.units ?? [];
  return Object.fromEntries(units.map(({ id, status, reason }) => [id, reason?.type ?? status]));
}

describe.each(["bwrap", "none"] as const)(
  "a worker that misbehaves, sandbox %s",
  { timeout: 180_000 },
  (sandbox) => {
    it("lands nothing of a worker that strays, lies or does nothing", async () => {
      const scene = await makeScene({
        ...plainFiles,
        "test/a.test": "test\n",
        "check.sh": "exit 0\n",
      });
      const ended = await letLoose(
        scene,
        {
          idle: "echo done",
          liar: `echo '{"success":true,"output":"all done"}' > "$AGENT_RESULT_FILE"`,
          malformed: `echo ok > malformed/f; echo '{"success":"yes"}' > "$AGENT_RESULT_FILE"`,
          fails: "echo x > fails/f; exit 3",
          deletes: "rm -r test; echo x > deletes/f",
          edits: "echo 'exit 0 #' > check.sh; echo x > edits/f",
          good: "echo x > good/f",
        },
        ["--sandbox", sandbox, "--check", "sh check.sh"],
      );
      expect(verdicts(ended)).toEqual({
        idle: "no_change",
        liar: "no_change",
        malformed: "worker_failed",
        fails: "worker_failed",
        deletes: "strayed",
        edits: "strayed",
        good: "merged",
      });
      expect([ended.code, ended.document?.landed]).toEqual([1, null]);
      const strays = ended.document?.units.filter(({ reason }) => reason?.type === "strayed");
      expect(strays?.map(({ reason }) => reason?.paths)).toEqual([["test/a.test"], ["check.sh"]]);
    });

    it("lets no link, pipe, repository or odd name through that a commit should not hold", async () => {
      const scene = await makeScene();
      const ended = await letLoose(
        scene,
        {
          absolute: "ln -s /etc/passwd absolute/link",
          upwards: "ln -s ../../outside upwards/link",
          gitward: "ln -s ../.git/config gitward/link",
          nested:
            "cd nested; git init -q .; echo x > f; git add f; git -c user.name=a -c user.email=b commit -qm x",
          pipe: "mkfifo pipe/fifo; echo x > pipe/f",
          newline: "printf x > \"newline/$(printf 'a\\nb')\"",
          dotgit:
            "mkdir -p dotgit/.git/hooks; echo x > dotgit/.git/hooks/pre-commit; echo x > dotgit/f",
          secret: "echo x > secret/f; chmod 0600 secret/f; mkdir secret/empty",
          ignored: "echo '*' > ignored/.gitignore; echo x > ignored/f",
        },
        ["--sandbox", sandbox, "--land", "partial"],
      );
      const found = verdicts(ended);
      expect(found).toMatchObject({
        absolute: "strayed",
        upwards: "strayed",
        gitward: "strayed",
        newline: "merged",
        secret: "merged",
      });
      expect(found["nested"]).not.toBe("merged");
      const landed = await scene.repository.git("ls-files", "-s");
      expect(landed).not.toMatch(/^(160000|120000)/m);
      expect(landed).not.toContain(".git/");
      expect(await scene.repository.git("status", "--porcelain")).toBe("");
      expect(ended.document?.landed).not.toBeNull();
    });

    it("ends the stubborn within their time", async () => {
      const scene = await makeScene();
      const began = performance.now();
      const ended = await letLoose(
        scene,
        {
          stubborn: `trap "" TERM HUP INT; while :; do sleep 1; done`,
          child: `trap "" TERM; (trap "" TERM; sleep 600); wait`,
        },
        ["--sandbox", sandbox, "--timeout", "1s"],
      );
      expect(performance.now() - began).toBeLessThan(60_000);
      expect(verdicts(ended)).toEqual({ stubborn: "timed_out", child: "timed_out" });
    });

    it("ends what daemons leave running, and shows nobody what a terminal would obey", async () => {
      const scene = await makeScene();
      const note = (id: string) => `"$AGENT_WORK_DIR/${id}/pid"`;
      const ended = await letLoose(
        scene,
        {
          daemon: `setsid sh -c 'echo $$ > ${note("daemon")}; exec sleep 600' & until [ -s ${note("daemon")} ]; do sleep 0.01; done`,
          double: `( ( trap "" HUP TERM; sleep 600 & echo $! > ${note("double")}; wait ) & ) ; until [ -s ${note("double")} ]; do sleep 0.01; done`,
          escapes: `printf '\\033]0;owned\\007\\033[2J\\033[31mred\\n'; echo x > escapes/f; exit 1`,
          chatty: "head -c 30000000 /dev/zero | tr '\\0' x; echo y > chatty/f",
        },
        ["--sandbox", sandbox],
      );
      const merged = { daemon: "merged", double: "merged", chatty: "merged" };
      expect(verdicts(ended)).toEqual({ ...merged, escapes: "worker_failed" });
      if (sandbox === "none") {
        for (const id of ["daemon", "double"]) {
          const ref = `refs/pleach/${ended.document?.run}/${id}/1`;
          const pid = Number(await scene.repository.git("show", `${ref}:${id}/pid`));
          expect([id, isRunning(pid)]).toEqual([id, false]);
        }
      }
      const shown = await Promise.all([
        pleach(scene, ["status"]),
        pleach(scene, ["logs", `${ended.document?.run}/escapes`]),
        pleach(scene, ["report", "--format", "md"]),
      ]);
      for (const { stdout, stderr } of [ended, ...shown]) {
        expect(stdout + stderr).not.toContain("\u001b");
        expect(stdout.length).toBeLessThan(1_000_000);
      }
    });
  },
);

describe("a worker without a sandbox", { timeout: 180_000 }, () => {
  it("cannot make us run or believe what it wrote into the git directory", async () => {
    const scene = await makeScene();
    const trap = path.join(scene.folder, "trap");
    const script = path.join(scene.folder, "evil");
    writeFileSync(script, `#!/bin/sh\ntouch '${trap}'\n`, { mode: 0o755 });
    const ended = await letLoose(
      scene,
      {
        pointer: `printf 'gitdir: /nowhere\\n' > .git; echo x > pointer/f`,
        removed: "rm -f .git; echo x > removed/f",
        replaced: `rm -f .git; git init -q .; git config core.fsmonitor '${script}'; git config core.hooksPath '${scene.folder}'; echo x > replaced/f`,
        admin: `d=$(git rev-parse --git-dir); cp '${script}' "$d/evil"; printf '[core]\\n\\tfsmonitor = ${script}\\n' > "$d/config.worktree"; echo /tmp > "$d/commondir"; rm -f "$d/HEAD"; echo x > admin/f`,
        index: `rm -f "$(git rev-parse --git-dir)/index"; echo x > index/f`,
        locks: `: > "$(git rev-parse --git-dir)/index.lock"; : > "$(git rev-parse --git-dir)/HEAD.lock"; echo x > locks/f`,
        attributes: `echo x > attributes/f; printf '* filter=evil diff=evil\\n' > attributes/.gitattributes`,
        commits:
          "echo x > commits/f; git add -A; git -c user.name=W -c user.email=w@x commit -qm mine",
        other: "git checkout -q --detach; echo x > other/f",
      },
      ["--sandbox", "none", "--concurrency", "9", "--land", "partial"],
    );
    expect(existsSync(trap)).toBe(false);
    const found = verdicts(ended);
    expect(Object.values(found).filter((one) => one !== "merged")).toEqual([]);
    expect(ended.document?.landed).not.toBeNull();
    for (const id of Object.keys(found))
      expect(readFileSync(path.join(scene.checkout, id, "f"), "utf8")).toBe("x\n");
  });
});
