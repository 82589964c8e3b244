// Writes its arguments, environment, folder and input as JSON into a file of its outbox.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const told = {
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  input: readFileSync(0, "utf8"),
  task: readFileSync(process.env.AGENT_TASK_FILE ?? "/dev/null", "utf8"),
};
writeFileSync(join(process.env.PLEACH_OUTBOX ?? ".", "told.json"), JSON.stringify(told));
