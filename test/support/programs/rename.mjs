// Turns oldName into newName in each file it is given: a program that does its work and ends.
import { readFileSync, writeFileSync } from "node:fs";

for (const file of process.argv.slice(2)) {
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("oldName", "newName"));
}
process.stdout.write(`renamed in ${process.argv.length - 2} files\n`);
