/** What `.gitattributes` at the commit says for linguist: which files are generated or come from others. Git itself cannot be asked
 *  about a commit before its version 2.40. */
import { matcherOf } from "../core/ownership.ts";
import { type FileTree, folderOf } from "./file-tree.ts";

export interface LinguistAttributes {
  readonly generated?: boolean;
  readonly vendored?: boolean;
}

interface Rule {
  matches(path: string): boolean;
  readonly attributes: LinguistAttributes;
}

export function linguistAttributes(tree: FileTree): (path: string) => LinguistAttributes {
  // Later lines and deeper files count for more.
  const files = tree.named(".gitattributes").toSorted((a, b) => depthOf(a) - depthOf(b));
  const rules = files.flatMap((file) => rulesIn(tree.textOf(file) ?? "", folderOf(file)));
  return (path) => {
    let found: LinguistAttributes = {};
    for (const rule of rules) if (rule.matches(path)) found = { ...found, ...rule.attributes };
    return found;
  };
}

function rulesIn(text: string, folder: string): readonly Rule[] {
  return text.split("\n").flatMap((line) => {
    const [pattern = "", ...words] = line.trim().split(/\s+/);
    const generated = valueIn(words, "linguist-generated");
    const vendored = valueIn(words, "linguist-vendored");
    const isRule = pattern !== "" && !/^[#!"[]/.test(pattern);
    if (!isRule || (generated === undefined && vendored === undefined)) return [];
    const attributes = {
      ...(generated === undefined ? {} : { generated }),
      ...(vendored === undefined ? {} : { vendored }),
    };
    return [{ matches: matcherOf([globOf(pattern, folder)]), attributes }];
  });
}

/** A name without a slash is one at any depth. */
function globOf(pattern: string, folder: string): string {
  const head = folder === "" ? "" : `${folder}/`;
  const isName = !pattern.includes("/");
  return `${head}${isName ? "**/" : ""}${pattern.replace(/^\//, "")}`;
}

function valueIn(words: readonly string[], name: string): boolean | undefined {
  let value: boolean | undefined;
  for (const word of words) {
    if (word === name || word === `${name}=true`) value = true;
    if (word === `-${name}` || word === `${name}=false`) value = false;
  }
  return value;
}

function depthOf(path: string): number {
  return path.split("/").length;
}
