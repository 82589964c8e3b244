/** One simple command of a shell's line: what it runs once variables set before it, and programs that only start another one
 *  (env, nohup, timeout …), are taken away. A program that runs text or commands of its own makes it unclear. */
import { runsOthers } from "./shell-programs.ts";

export interface ShellWord {
  readonly text: string;
  /** False where a variable or a pattern stands for what nobody knows before it runs. */
  readonly isCertain: boolean;
  /** Without any quotes. */
  readonly isPlain: boolean;
}

export interface SimpleCommand {
  /** What is run in the end. */
  readonly words: readonly ShellWord[];
  /** The same with what starts it, outermost first: `sudo nice x`, `nice x`, `x`. */
  readonly forms: readonly (readonly ShellWord[])[];
  /** Whether it redirects into a file. */
  readonly writes: boolean;
  /** Whether it is run with the rights of another user. */
  readonly isRaised: boolean;
}

export type CommandReading =
  | { readonly type: "command"; readonly command: SimpleCommand }
  | { readonly type: "nothing" }
  | { readonly type: "unclear"; readonly why: string };

/** Before a command, and never one themselves. */
const reserved = new Set("! { } if then elif else fi do done while until esac".split(" "));
const definers = new Set(["case", "function", "coproc", "select"]);

/** By these a program may become another one, or run others. */
const powerful =
  /^(?:PATH|IFS|ENV|BASH_ENV|SHELL|CDPATH|PS4|PROMPT_COMMAND|HOME|(?:LD|DYLD|GIT|PYTHON|PERL5|RUBY|NODE|npm_config|NPM_CONFIG)_?\w*|\w*(?:PAGER|EDITOR|VISUAL|BROWSER))$/;

interface Starter {
  readonly flags: RegExp;
  /** Options whose value is the next word. */
  readonly values: RegExp;
  /** Words before the command. */
  readonly operands?: number;
}

const none = /^$/;
const starters: ReadonlyMap<string, Starter> = new Map(
  Object.entries({
    env: {
      flags: /^(?:-[i0v]+|-|--ignore-environment|--null|--debug|--unset=.*|--chdir=.*)$/,
      values: /^(?:-u|--unset|-C|--chdir)$/,
    },
    nohup: { flags: none, values: none },
    setsid: { flags: /^(?:-[cfw]+|--ctty|--fork|--wait)$/, values: none },
    command: { flags: /^-[pvV]+$/, values: none },
    builtin: { flags: none, values: none },
    exec: { flags: /^-[cl]+$/, values: /^-a$/ },
    time: { flags: /^(?:-[apqv]+)$/, values: /^-[fo]$/ },
    nice: { flags: /^(?:-\d+|-n-?\d+|--adjustment=.*)$/, values: /^(?:-n|--adjustment)$/ },
    ionice: { flags: /^(?:-t|-[cn]\d)$/, values: /^-[cn]$/ },
    timeout: {
      flags: /^(?:-v|--verbose|--foreground|--preserve-status|--(?:signal|kill-after)=.*)$/,
      values: /^(?:-[ks]|--signal|--kill-after)$/,
      operands: 1,
    },
    stdbuf: { flags: /^(?:-[ioe].+|--\w+=.*)$/, values: /^-[ioe]$/ },
    sudo: { flags: /^(?:-[AbEHnPS]+)$/, values: /^-[ugCDhpRTU]$/ },
    doas: { flags: /^-[nL]+$/, values: /^-[uC]$/ },
    npx: { flags: /^(?:-[yq]|--yes|--no|--no-install|--quiet)$/, values: /^(?:-p|--package)$/ },
    bunx: { flags: /^--bun$/, values: none },
  } satisfies Record<string, Starter>),
);

const formsMax = 20;

export function commandOf(words: readonly ShellWord[], writes: boolean): CommandReading {
  const said = words.slice(words.findIndex((word) => !isReserved(word)));
  if (said.length === 0 || words.every(isReserved)) return { type: "nothing" };
  const [first] = said;
  if (first?.isPlain && definers.has(first.text)) return unclear(`it uses ${first.text}`);
  // `for name in words`: the words are values.
  if (first?.isPlain && first.text === "for") return { type: "nothing" };
  const command = withoutAssignments(said);
  if (typeof command === "string") return unclear(command);
  if (command.length === 0) return { type: "nothing" };
  return unwrapped(command, writes);
}

function unwrapped(words: readonly ShellWord[], writes: boolean): CommandReading {
  const forms = [words];
  for (let form = words; forms.length < formsMax; ) {
    const [program] = form;
    if (program === undefined || !program.isCertain) {
      return unclear("a variable or a pattern stands where its command should");
    }
    const name = programName(program);
    const starter = starters.get(name);
    if (starter === undefined) {
      const why = runsOthers(name, form.slice(1));
      if (why !== undefined) return unclear(why);
      break;
    }
    const inner = withoutStarter(starter, form.slice(1));
    if (typeof inner === "string") return unclear(`${name}: ${inner}`);
    if (inner.length === 0) break;
    form = inner;
    forms.push(inner);
  }
  if (forms.length === formsMax) return unclear("too many programs start each other");
  const isRaised = forms.some(([word]) => word && /^(?:sudo|doas)$/.test(programName(word)));
  return { type: "command", command: { words: forms.at(-1) ?? words, forms, writes, isRaised } };
}

/** The words of the command that a starter starts; why not, where its options are not known. */
function withoutStarter(
  starter: Starter,
  words: readonly ShellWord[],
): readonly ShellWord[] | string {
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined || !word.isCertain) return "a variable stands among its options";
    if (word.text === "--") {
      at += 1;
      break;
    }
    if (starter.values.test(word.text)) at += 1;
    else if (!starter.flags.test(word.text)) {
      if (word.text.startsWith("-")) return "it has an option that is not known";
      break;
    }
  }
  return withoutAssignments(words.slice(at + (starter.operands ?? 0)));
}

function withoutAssignments(words: readonly ShellWord[]): readonly ShellWord[] | string {
  for (const [at, word] of words.entries()) {
    const name = /^([A-Za-z_]\w*)\+?=/.exec(word.text)?.[1];
    if (name === undefined) return words.slice(at);
    if (powerful.test(name)) return `it sets ${name}`;
  }
  return [];
}

/** `/usr/bin/git` is git. */
export function programName({ text }: ShellWord): string {
  return text.slice(text.lastIndexOf("/") + 1);
}

function isReserved(word: ShellWord): boolean {
  return word.isPlain && reserved.has(word.text);
}

function unclear(why: string): CommandReading {
  return { type: "unclear", why };
}
