/** Counts the calls of git, and lets something happen between them. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Runs `work` with a git on PATH that notes each call, and does `also` (shell) before the calls of one kind. */
export async function watchingGit<T>(
  folder: string,
  work: () => Promise<T>,
  also?: { readonly call: string; readonly run: string },
): Promise<{ readonly result: T; readonly calls: readonly string[] }> {
  const log = join(folder, "calls");
  const bin = join(folder, "bin");
  const git = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  mkdirSync(bin, { recursive: true });
  writeFileSync(log, "");
  const hook = also === undefined ? "" : `[ "$name" = '${also.call}' ] && { ${also.run}\n}`;
  writeFileSync(
    join(bin, "git"),
    `#!/bin/sh
OLDPATH="\${PATH#*:}"
name=
for word in "$@"; do case "$word" in -c|-*|*=*) ;; *) name=$word; break;; esac; done
echo "$name" >> '${log}'
${hook}
exec ${git} "$@"
`,
  );
  chmodSync(join(bin, "git"), 0o755);
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${bin}:${before}`;
  try {
    const result = await work();
    return { result, calls: readFileSync(log, "utf8").split("\n").filter(Boolean) };
  } finally {
    process.env["PATH"] = before;
  }
}
