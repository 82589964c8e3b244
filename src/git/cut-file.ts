/** Files that a killed git had only begun to write: a part from the start of what they were to hold, and so nothing that
 *  would be lost with them. */
import { lstatSync, readFileSync } from "node:fs";
import type { CheckedOut } from "./checked-out.ts";
import { absent, type Difference, gitlink } from "./difference.ts";
import { onDisk } from "./disk-path.ts";
import { git } from "./git.ts";
import { pathFromBytes } from "./path-text.ts";

/** Of a larger file we do not find out, and it counts as the user's. */
const bytesMax = 64 * 1024 * 1024;

/** Whether a regular file holds the beginning of the old or of the new content as git would check it out. */
export async function isCutOff(checkout: CheckedOut, difference: Difference): Promise<boolean> {
  const file = onDisk(checkout.workTree, difference.path);
  const facts = lstatSync(file, { throwIfNoEntry: false });
  if (facts === undefined || !facts.isFile() || facts.size > bytesMax) return false;
  if (facts.size === 0) return true;
  const held = readFileSync(file, "latin1");
  const { oldMode, oldOid, newMode, newOid } = difference;
  const sides = [
    { mode: oldMode, oid: oldOid },
    { mode: newMode, oid: newOid },
  ];
  for (const { mode, oid } of sides) {
    if (mode === absent || mode === gitlink) continue;
    const path = `--path=${pathFromBytes(difference.path)}`;
    const answer = await git(checkout, ["cat-file", "--filters", path, oid], {
      encoding: "latin1",
      codes: [0, 128],
    });
    if (answer.code === 0 && answer.stdout.startsWith(held)) return true;
  }
  return false;
}
