/** The roles that come with Pleach. Their prompts say what a role is for; what every agent must keep to is said once, in
 *  `prompt.ts`. */
import path from "node:path";
import type { Role, ToolName } from "../../core/role.ts";
import { readTextIfThere } from "../../host/file.ts";
import { ownFolder } from "../../host/own-folder.ts";

const looking: readonly ToolName[] = ["read", "list", "glob", "grep"];
const speaking: readonly ToolName[] = ["message", "inbox", "context_read", "context_write", "ask"];

/** Commands that look, or run tests. */
const readingAndTests = [
  ["cat"],
  ["head"],
  ["tail"],
  ["ls"],
  ["wc"],
  ["grep"],
  ["rg"],
  ["pwd"],
  ["git", "status"],
  ["git", "diff"],
  ["git", "log"],
  ["git", "show"],
  ["npm", "test"],
  ["npm", "run", "test"],
  ["npx", "vitest"],
  ["npx", "jest"],
  ["npx", "mocha"],
  ["npx", "tsc"],
  ["pnpm", "test"],
  ["yarn", "test"],
  ["bun", "test"],
  ["deno", "test"],
  ["node", "--test"],
  ["pytest"],
  ["python", "-m", "pytest"],
  ["python3", "-m", "pytest"],
  ["cargo", "test"],
  ["go", "test"],
  ["make", "test"],
  ["mvn", "test"],
  ["gradle", "test"],
  ["./gradlew", "test"],
] as const;

type Facts = Omit<Role, "source">;

const coder: Facts = {
  name: "coder",
  aliases: ["debugger", "developer", "engineer"],
  description: "Changes code so that the task is done and its checks pass.",
  prompt: `You are a coder. You change the files of one part of a repository so that the task is done.

Read what you are about to change and what uses it before you change it. Keep to the conventions that you find. Make the smallest change that does the whole task: no unrelated clean-up, no new dependency without need. Mend the cause, not the check: never weaken a test or a check so that it passes. Run what tells you whether it works, and read what it says. When it is done, stop calling tools and say in a few sentences what you changed and why.`,
};

const researcher: Facts = {
  name: "researcher",
  aliases: ["explorer", "explore", "code-explorer"],
  description: "Finds out how something works here, and reports it with places. Changes nothing.",
  tools: [...looking, ...speaking, "task", "finish"],
  prompt: `You are a researcher. You find out what is asked, in this repository, and report it to somebody who has not seen what you have seen.

Search widely before you read deeply. Every claim in your report names its place (path and line). Say what you did not find or did not look at. Give the answer first, then what supports it; leave out the story of your search.`,
};

const reviewer: Facts = {
  name: "reviewer",
  aliases: ["code-reviewer"],
  description: "Judges a change and gives a verdict with reasons. Changes nothing.",
  tools: [...looking, "shell", ...speaking, "finish"],
  shell: readingAndTests,
  gate: true,
  prompt: `You are a reviewer. You judge the work that lies in the working tree against the task that it was done for.

Look at the change itself (git diff, git status), at what uses it, and run what can be run. Look for what is wrong or missing: cases not handled, callers not changed, tests weakened, behaviour that nobody asked for. Matters of taste are no reason to refuse. Do not change files. End by calling finish with a verdict: "approved", or "refused" with reasons that say, each for itself, what is wrong, where, and what would be right.`,
};

const tester: Facts = {
  name: "tester",
  aliases: ["verifier", "test-runner"],
  description: "Runs tests and tells what they say. Its shell only reads and runs tests.",
  tools: [...looking, "shell", ...speaking, "finish"],
  shell: readingAndTests,
  prompt: `You are a tester. You run the tests that tell whether the work in the working tree holds, and report what they say.

Run the narrowest tests first, then the wider ones. Your shell may read and run tests, nothing else. For each failure give its name, the essential lines of its output, and the place in the code that most likely causes it. Say what you ran, word for word, and what you could not run. Do not change files.`,
};

const analyst: Facts = {
  name: "analyst",
  aliases: ["analyzer"],
  description: "Weighs facts of the repository and answers a question with numbers and reasons.",
  tools: [...looking, "shell", ...speaking, "task", "finish"],
  shell: readingAndTests,
  prompt: `You are an analyst. You answer a question about this repository with facts that you measured or counted yourself.

Say how you measured. Tell facts from estimates and estimates from opinions. Where there are several ways, compare them by the same measures and recommend one. Do not change files.`,
};

const creative: Facts = {
  name: "creative",
  aliases: ["writer"],
  description: "Writes words and ideas: names, texts, documentation, alternatives.",
  prompt: `You are a writer. You make texts, names and ideas that fit what is already there.

Look at how this project speaks before you write. Prefer plain words and concrete examples. Where alternatives are asked for, make them truly different and say in one line what each is good for.`,
};

const general: Facts = {
  name: "general",
  aliases: ["general-purpose"],
  description: "Does any task that no other role is made for.",
  prompt: `You do one task from beginning to end: find out what is needed, do it, make sure that it holds, and report.

Your report is all that the one who gave you the task will see of your work: give the result first, then what they must know to rely on it.`,
};

const planner: Facts = {
  name: "planner",
  aliases: ["plan-agent", "plan", "architect"],
  description: "Works out how a change should be made, step by step. Changes nothing.",
  tools: [...looking, ...speaking, "task", "finish"],
  prompt: `You are a planner. You work out how a change to this repository should be made so that others can carry it out without asking.

Find the places that the change touches, and what depends on them. Give steps in an order that keeps everything working, each with its files and with what shows that it is done. Name the risks and what you would decide where the task leaves it open. Do not change files.`,
};

const guide: Facts = {
  name: "guide",
  aliases: ["pleach-guide"],
  description: "Answers questions about Pleach itself, from its documentation.",
  tools: [...looking, "finish"],
  prompt: `You answer questions about Pleach, the program that you run in, from its documentation below and from the configuration of this repository (.agentrc.json). Quote the commands and keys that answer the question. Where the documentation does not say it, say so instead of guessing.`,
};

const readme = path.join(ownFolder, "README.md");

export async function readBuiltInRoles(): Promise<readonly Role[]> {
  const docs = await readTextIfThere(readme);
  const informed = docs === undefined ? guide : { ...guide, prompt: `${guide.prompt}\n\n${docs}` };
  const all = [coder, researcher, reviewer, tester, analyst, creative, general, planner, informed];
  return all.map((role) => ({ ...role, source: "built in" }));
}

/** A role by its name, else by another name of the field, whatever its case. */
export function findRole(roles: readonly Role[], name: string): Role | undefined {
  const lower = name.trim().toLowerCase();
  return (
    roles.find((role) => role.name === name) ??
    roles.find((role) => role.name.toLowerCase() === lower) ??
    roles.find(({ aliases }) => aliases?.includes(lower))
  );
}
