/** Attacks that a command tries in its worktree, each a line of shell that succeeds only if it could do what it must not. Tried
 *  on every kind of worker that runs commands, always without a sandbox as well: an attack that does not fire there proves
 *  nothing by failing. */

/** Each tries to write where a worker must not, and is won if the shell could do it. `$git` is the user's git directory,
 *  `$checkout` their checkout, `$out` a folder of theirs elsewhere, `$admin` the worktree's own folder in the repository. */
export const writingAttacks: Readonly<Record<string, string>> = {
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

/** A script that tries all of them and notes the names of those that were won, a line each, in `noted`. */
export function attackScript(attacks: Readonly<Record<string, string>>, noted: string): string {
  const tries = Object.entries(attacks).map(
    ([name, text]) => `if (${text}) >/dev/null 2>&1; then echo ${name} >> ${noted}; fi`,
  );
  return [`echo begun >> ${noted}`, ...tries, ""].join("\n");
}

/** Where the attacks aim, as the shell gets it. */
export function attackPlaces(checkout: string, out: string): string {
  return [
    `export checkout='${checkout}' git='${checkout}/.git' out='${out}'`,
    'admin=$(sed "s/^gitdir: //" .git); export admin',
  ].join("\n");
}
