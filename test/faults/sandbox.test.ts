import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Ended,
  makeScene,
  planOf,
  pleach,
  runKept,
  type Scene,
} from "../support/fault-scene.ts";
import { runGit } from "../support/repository.ts";

/** Each tries to write where a worker must not, and is won if the shell could do it. `$git` is the user's git directory,
 *  `$checkout` their checkout, `$out` a folder of theirs elsewhere, `$admin` the worktree's own folder in the repository. */
const attacks: Readonly<Record<string, string>> = {
  checkout: 'echo x >> "$checkout/docs/c.txt"',
  newFile: ': > "$checkout/evil"',
  config: 'echo "[evil]" >> "$git/config"',
  hook: 'mkdir -p "$git/hooks" && : > "$git/hooks/post-commit"',
  ref: 'git -C "$checkout" rev-parse main > "$git/refs/heads/evil"',
  updateRef: "git update-ref refs/heads/evil2 HEAD",
  commit: "git -c user.name=a -c user.email=b commit -q --allow-empty -m evil",
  gitConfig: "git config evil.key 1",
  stash: 'echo x > "$git/refs/stash-evil"',
  objects: ': > "$git/objects/evil"',
  exclude: 'mkdir -p "$git/info" && : >> "$git/info/exclude"',
  journal: ': >> "$(ls -d "$git"/pleach/runs/*/journal.jsonl)"',
  inbox: ': > "$(ls -d "$git"/pleach/runs/*/inbox)/evil"',
  runner: ': >> "$git/pleach/runner"',
  admin: ': > "$admin/config.worktree"',
  adminIndex: ': >> "$admin/index"',
  pointer: ": >> .git",
  pointerMoved: "mv .git .git-2 && mv .git-2 .git",
  pointerUnlinked: "cp .git src/copy && rm .git && mv src/copy .git",
  elsewhere: ': > "$out/evil"',
  home: ': > "$HOME/evil"',
  stateHome: ': > "$(dirname "$(dirname "$AGENT_WORK_DIR")")/evil"',
  sibling: ': > "$(dirname "$AGENT_WORK_DIR")/evil"',
  link: 'ln -sfn "$out" src/link && (: > src/link/evil-2); e=$?; rm -f src/link; exit $e',
  hardLink: 'ln "$out/victim" src/hard && (echo x >> src/hard); e=$?; rm -f src/hard; exit $e',
  throughProc: ': > "/proc/$PPID/root$out/evil-3"',
  remount: `unshare --mount sh -c 'mount --bind "$0" "$0" && mount -o remount,rw,bind "$0" && : > "$0/evil-4"' "$out"`,
  namespaces: `unshare --mount sh -c 'mount -o remount,rw,bind / ; : > "$0/evil-5"' "$out"`,
  runnerKilled: `kill -0 "$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' "$git/pleach/runner")"`,
  kernel: 'v=$(cat /proc/sys/kernel/domainname) && echo "$v" > /proc/sys/kernel/domainname',
};

/** The names of the attacks that were won, as the attacker noted them in its snapshot. */
async function attack(
  scene: Scene,
  sandbox: "bwrap" | "none",
): Promise<{ ended: Ended; won: string[] }> {
  const out = path.join(scene.folder, "out");
  const home = path.join(scene.folder, "home");
  for (const folder of [out, home]) mkdirSync(folder);
  writeFileSync(path.join(out, "victim"), "victim\n");
  const script = path.join(scene.folder, "attack.sh");
  const tries = Object.entries(attacks).map(
    ([name, text]) => `if (${text}) >/dev/null 2>&1; then echo ${name} >> src/won; fi`,
  );
  const places = `checkout='${scene.checkout}' git='${scene.checkout}/.git' out='${out}'`;
  const admin = 'admin=$(sed "s/^gitdir: //" .git)';
  writeFileSync(
    script,
    [`export ${places}`, `${admin}; export admin`, "echo begun >> src/won", ...tries, ""].join(
      "\n",
    ),
  );
  const plan = planOf(scene, [{ id: "one", owns: ["src/**"] }]);
  const line = [...plan, "--command", `sh ${script}`, "--sandbox", sandbox, "--attempts", "1"];
  const env = { HOME: home };
  const ended = await (sandbox === "bwrap"
    ? runKept(scene, line, { env })
    : pleach(scene, ["run", ...line], { env }));
  const ref = `refs/pleach/${ended.document?.run}/one/1:src/won`;
  const won = await runGit(scene.checkout, ["cat-file", "blob", ref]);
  return { ended, won: won.split("\n").filter(Boolean) };
}

describe("attacks of a command worker", { timeout: 180_000 }, () => {
  let fired: readonly string[] = [];

  beforeAll(async () => {
    // The control arm: without a sandbox the very same attacks must fire, or their failing proves nothing.
    fired = (await attack(await makeScene(), "none")).won;
  }, 180_000);

  it("fire without a sandbox, every one", () => {
    expect(fired).toEqual(["begun", ...Object.keys(attacks)]);
  });

  it("all fail in bubblewrap, and the user's files are as they were", async () => {
    const scene = await makeScene();
    const { ended, won } = await attack(scene, "bwrap");
    expect(won).toEqual(["begun"]);
    expect([ended.code, ended.document?.units[0]?.reason]).toEqual([0, null]);
    expect(readFileSync(path.join(scene.folder, "out/victim"), "utf8")).toBe("victim\n");
  });
});
