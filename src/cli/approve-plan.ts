/** Commands in a plan that a model made are run only once a person has seen them. */
import { createInterface } from "node:readline/promises";
import ciInfo from "ci-info";
import { Failure } from "../core/failure.ts";
import { oneLine } from "../core/text.ts";

/** Throws a Failure (exit 4) where nobody approves. */
export async function requireApproved(
  commands: readonly string[],
  { yes }: { readonly yes: boolean },
): Promise<void> {
  if (commands.length === 0 || yes) return;
  if (await askPerson(commands)) return;
  const message = "the model's plan would run commands that nobody has approved";
  throw new Failure("permission", "plan_not_approved", message, {
    advice:
      "save a plan (`pleach plan GOAL --out plan.json`), read it, then `pleach run --plan plan.json`; -y approves unseen",
    details: { commands },
  });
}

async function askPerson(commands: readonly string[]): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true || ciInfo.isCI) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const list = commands.map((command) => `    ${oneLine(command)}`).join("\n");
    const answer = await lines.question(`The model's plan would run:\n${list}\nApprove? [y/n] `);
    return /^\s*y(?:es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}
