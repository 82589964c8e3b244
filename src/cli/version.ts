/** Which Pleach this is. */
import { readFileSync } from "node:fs";

export function versionOfPackage(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
