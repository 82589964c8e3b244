/** Programs that run other commands, or text that is a program itself: what they do in the end is not in their name. This is a
 *  list of what is known; the wall is the sandbox, this only keeps a rule from being passed by in the ordinary ways. */

interface Word {
  readonly text: string;
  readonly isCertain: boolean;
}

const set = (names: string) => new Set(names.trim().split(/\s+/));

const always =
  set(`eval . source alias trap xargs parallel watch script su runuser ssh docker podman kubectl flock strace ltrace
  gdb chroot unshare nsenter bwrap firejail setpriv busybox toybox entr at batch crontab screen tmux expect vim vi nvim emacs
  ed ex less more man hyperfine systemd-run ld.so valgrind perf socat nc ncat`);

const shells = set("sh bash dash zsh ksh mksh ash fish csh tcsh rbash pwsh");
const interpreters =
  /^(?:python[\d.]*|pypy\d*|node|nodejs|deno|bun|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|tclsh|Rscript|osascript|tsx|ts-node)$/;
const awks = set("awk gawk mawk nawk");

const findActions = /^-(?:exec|execdir|ok|okdir)$/;
const gitCarriers =
  /^(?:-c|--config-env.*|--exec-path.*|-x|--exec.*|--upload-pack.*|--receive-pack.*)$/;
const inlineCode =
  /^(?:-|-[A-Za-z]*[ceEpr][A-Za-z]*|--(?:eval|print|command|require|import|execute|run|loader|experimental-loader)(?:=.*)?|eval)$/;
const textCharsMax = 2000;
/** The commands `e` and the flag `e` of `s` in a program for sed. */
const sedRuns =
  /(?:^|[;{}\n])[\d,$\s]*(?:\/[^/]*\/)?\s*e(?:\s|$)|[^\w\s][gpiImM\d]*e[gpiImM\d]*(?:$|[\s;}])/;

/** Options by which a program that is harmless otherwise runs others. */
const carrying: ReadonlyMap<string, RegExp> = new Map([
  ["find", findActions],
  ["fd", /^(?:-[xX]|--exec.*)$/],
  ["rg", /^--pre(?:=.*)?$/],
  ["sed", sedRuns],
  ["git", gitCarriers],
  ["tar", /^(?:--to-command.*|--checkpoint-action.*|--use-compress-program.*|-I.*|--rsh.*)$/],
  ["npm", /^(?:-c|--call.*|--script-shell.*)$/],
  ["npx", /^(?:-c|--call.*|--script-shell.*)$/],
  ["pnpm", /^(?:-c|--shell-mode)$/],
  ["rsync", /^(?:-e.*|--rsh.*)$/],
  ["sort", /^--compress-program/],
  ["split", /^--filter/],
]);

/** Why nobody can say what the program runs; undefined where its name says it. */
export function runsOthers(name: string, args: readonly Word[]): string | undefined {
  return isCarrier(name, args) ? `${name} runs other commands` : undefined;
}

function isCarrier(name: string, args: readonly Word[]): boolean {
  const has = (form: RegExp) => args.some((word) => form.test(word.text));
  if (always.has(name)) return true;
  if (shells.has(name)) return !isScript(args[0]);
  if (interpreters.test(name)) return args.length === 0 || has(inlineCode);
  if (args.some((word) => word.text.length > textCharsMax)) return name === "sed" || awks.has(name);
  if (awks.has(name)) return has(/system|\||getline|^-f|^--file|^-i|^--include/);
  const options = carrying.get(name);
  if (options !== undefined && has(options)) return true;
  return name === "git" && isGitLoop(args);
}

function isScript(word: Word | undefined): boolean {
  return word?.isCertain === true && !/^[-+]/.test(word.text);
}

/** `git bisect run`, `git submodule foreach`, `git filter-branch`. */
function isGitLoop(args: readonly Word[]): boolean {
  return args[0]?.text === "filter-branch" || /^(?:foreach|run)$/.test(args[1]?.text ?? "");
}
