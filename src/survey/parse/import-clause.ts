/** What an `import` or `export … from` statement names, out of its text alone. */

export interface ClauseNames {
  readonly names: readonly string[];
  /** It imports types only, by the statement or by each of its names. */
  readonly typeOnly: boolean;
}

const comment = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

/** `head` is the statement up to the quote that begins its specifier. */
export function clauseNames(head: string): ClauseNames {
  let rest = clauseIn(head);
  // A default import may itself be called type, and then nothing follows or a comma does.
  const whole = /^type(?:\s+(?=[^\s,])|(?=[{*]))/.exec(rest);
  rest = whole === null ? rest.replace(/^(?:defer|source)\s+/, "") : rest.slice(whole[0].length);
  const names: string[] = [];
  let types = 0;
  const braces = /\{([\s\S]*)\}/.exec(rest);
  for (const one of braces?.[1]?.split(",") ?? []) {
    const parsed = /^\s*(type\s+(?!as\s+[\w$]+\s*$|$))?("[^"]*"|'[^']*'|[^\s]+)/.exec(one);
    if (parsed === null) continue;
    if (parsed[1] !== undefined) types += 1;
    names.push((parsed[2] ?? "").replace(/^["']|["']$/g, ""));
  }
  const listed = names.length;
  const outside = braces === null ? rest : rest.replace(braces[0], "");
  if (outside.includes("*")) names.push("*");
  else if (/[\p{ID_Start}$_]/u.test(outside)) names.push("default");
  if (/,\s*\*/.test(outside) && !names.includes("default")) names.push("default");
  const allTypes = listed > 0 && types === listed && names.length === listed;
  return { names, typeOnly: whole !== null || allTypes };
}

/** Without the word that begins it, and without `from`. */
function clauseIn(head: string): string {
  const plain = head.includes("/") ? head.replace(comment, " ") : head;
  const clause = plain.replace(/^(?:import|export)/, "").replace(/["'`]?$/, "");
  return clause.trim().replace(/from$/, "").trim();
}
