import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readShell } from "../../src/core/shell-words.ts";

function commands(line: string): readonly string[] | string {
  const read = readShell(line);
  if (read.type === "unclear") return "unclear";
  return read.commands.map(({ words }) =>
    words.map((word) => (word.isCertain ? word.text : "?")).join("|"),
  );
}

describe("a line of a shell", () => {
  it.each<[string, readonly string[]]>([
    ["git push", ["git|push"]],
    ["  git   push\t origin ", ["git|push|origin"]],
    [
      "cd a && git push; npm test || true & ls | wc -l\necho x",
      ["cd|a", "git|push", "npm|test", "true", "ls", "wc|-l", "echo|x"],
    ],
    ["(cd a; git push)", ["cd|a", "git|push"]],
    ["{ git push; }", ["git|push"]],
    ["if true; then git push; else ls; fi", ["true", "git|push", "ls"]],
    ["! git push", ["git|push"]],
    ["for x in a b; do git push; done", ["git|push"]],
    ["'git' \"pu\"sh", ["git|push"]],
    ["g\\it pu\\\nsh", ["git|push"]],
    ["echo 'a; git push' \"b && c\"", ["echo|a; git push|b && c"]],
    ["echo a # git push", ["echo|a"]],
    ["echo a#b", ["echo|a#b"]],
    ['grep "x$" f', ["grep|x$|f"]],
    ["echo $HOME \"$HOME/x\" '$HOME'", ["echo|?|?|$HOME"]],
    ["rm *.ts {a,b}", ["rm|?|?"]],
    ["X=1 Y=$Z git push", ["git|push"]],
    ["X=1", []],
    ["", []],
    ["env -i X=1 git push", ["git|push"]],
    ["nohup nice -n 5 timeout -k 5 10 git push", ["git|push"]],
    ["sudo -u me env X=1 git push", ["git|push"]],
    ["time command git push", ["git|push"]],
    ["exec git push", ["git|push"]],
    ["git push > log 2>&1 < in", ["git|push"]],
    ["> log git push", ["git|push"]],
    ["cat <<'E' > f\ngit push $(x)\nE\nls", ["cat", "ls"]],
    ["cat <<-E\n\tgit push\n\tE\nls", ["cat", "ls"]],
    ["sh scripts/test.sh", ["sh|scripts/test.sh"]],
    ["node scripts/a.mjs", ["node|scripts/a.mjs"]],
    ["python3 -m pytest", ["python3|-m|pytest"]],
    ["awk '{print $1}' f", ["awk|{print $1}|f"]],
    ["sed -n '1,5p' src/file", ["sed|-n|1,5p|src/file"]],
    ["sed -i 's/a/e/g' a", ["sed|-i|s/a/e/g|a"]],
    ["find . -name '*.ts'", ["find|.|-name|*.ts"]],
    ["npx -y prettier --check .", ["prettier|--check|."]],
  ])("is read: %s", (line, read) => {
    expect(commands(line)).toEqual(read);
  });

  it.each([
    "echo $(git push)",
    "echo `git push`",
    'echo "$(git push)"',
    `echo $\{X:-$(git push)}`,
    "diff <(git push) b",
    "$X push",
    `$\{X}it push`,
    "g?t push",
    "{git,push}",
    "gi{t,t} push",
    "$'git' push",
    "eval git push",
    ". ./x.sh",
    "source x",
    "alias g='git push'",
    "trap 'git push' EXIT",
    "f() { git push; }; f",
    "function f { git push; }",
    "case x in x) git push;; esac",
    "sh -c 'git push'",
    "bash -lc 'git push'",
    "/bin/sh -c 'git push'",
    "echo git push | sh",
    "sh <<E\ngit push\nE",
    "bash -s <<< 'git push'",
    "cat <<E\n$(git push)\nE",
    "cat <<E\ngit push",
    "python3 -c 'import os'",
    "python3 - <<E\nimport os\nE",
    "node -e 'x'",
    "node --eval=x",
    "perl -ne 'system q(git push)'",
    "awk 'BEGIN{system(\"git push\")}'",
    "sed '1e git push' f",
    "sed 's/x/git push/e' f",
    "find . -exec git push ';'",
    "ls | xargs git push",
    "git -c alias.p=push p",
    "git bisect run git push",
    "git submodule foreach git push",
    "env -S 'git push'",
    "env $X git push",
    "env --unknown git push",
    "timeout --weird 5 git push",
    "PATH=. git status",
    "GIT_SSH_COMMAND=x git fetch",
    "LD_PRELOAD=./x.so ls",
    "env PAGER=x git log",
    "ssh host git push",
    "busybox sh -c x",
    "git push &> log",
    "echo 'unclosed",
    'echo "unclosed',
    "echo \\",
    "ls >",
    "npx -c 'git push'",
    `echo ${"x".repeat(20_001)}`,
    `${"nohup ".repeat(50)}git push`,
  ])("is unclear: %s", (line) => {
    expect(commands(line)).toBe("unclear");
  });

  it("tells whether a command writes a file, and with whose rights it runs", () => {
    const facts = (line: string) => {
      const read = readShell(line);
      return (
        read.type === "clear" && read.commands.map(({ writes, isRaised }) => [writes, isRaised])
      );
    };
    expect(facts("a > f; b >/dev/null 2>&1; c >> f; d < f; sudo e; f >&2; g >& h; i <> j")).toEqual(
      [
        [true, false],
        [false, false],
        [true, false],
        [false, false],
        [false, true],
        [false, false],
        [true, false],
        [true, false],
      ],
    );
  });

  it("reads words as the shell itself does, or says that it cannot", () => {
    const part = fc.constantFrom(
      "a",
      "b c",
      " ",
      "'",
      '"',
      "\\",
      "$x",
      "*",
      ";",
      "#",
      "\n",
      "x=1",
      "|",
      "2>&1",
      "{",
      "}",
    );
    const property = fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const line = `:: ${parts.join("")}`;
      const read = readShell(line);
      const isPlain =
        read.type === "clear" &&
        read.commands.length === 1 &&
        !/[;|\n{}]/.test(line) &&
        read.commands[0]?.words.every((word) => word.isCertain);
      if (!isPlain) return;
      const script = line.replace(/^::/, "printf '<%s>' ::");
      const { status, stdout } = spawnSync("sh", ["-c", script], { cwd: "/", encoding: "utf8" });
      const words = read.commands[0]?.words.map((word) => `<${word.text}>`).join("");
      // What is redirected is not to be seen, what is wrong is not run.
      if (status === 0 && !line.includes(">")) expect(words).toBe(stdout);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it("never throws and takes no time, whatever the line is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (line) => {
        expect(["clear", "unclear"]).toContain(readShell(line).type);
      }),
      { numRuns: 500 },
    );
    const begun = performance.now();
    for (const line of ["(", "'", "a ", "$x", "<<a\n", "{", "\\\n", "s/a"]) {
      readShell(line.repeat(Math.floor(20_000 / line.length)));
    }
    readShell(`sed ${"s/".repeat(9_000)}`);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
