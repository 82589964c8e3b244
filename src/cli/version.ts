/** Which Pleach this is. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { ownFolder } from "../host/own-folder.ts";

export function versionOfPackage(): string {
  const file = path.join(ownFolder, "package.json");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
