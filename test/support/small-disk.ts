/** A disk that is soon full: a file system in memory, which only an administrator can mount. Where it cannot be mounted the
 *  test fails and says so, for a full disk that was never met proves nothing. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

export interface SmallDisk {
  /** Where it is mounted. */
  readonly folder: string;
  /** A folder on the ordinary disk. */
  readonly beside: string;
  /** What fills it. */
  readonly filling: string;
  grow(megabytes: number): void;
  /** Leaves so much free and no more. */
  fill(freeKilobytes: number): void;
  /** Takes away what filled it. */
  empty(): void;
}

export function smallDisk(megabytes: number): SmallDisk {
  const outer = mkdtempSync(path.join(tmpdir(), "pleach-disk-"));
  const folder = path.join(outer, "disk");
  const beside = path.join(outer, "beside");
  mkdirSync(folder);
  mkdirSync(beside);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "pleach-test", folder]);
  onTestFinished(() => {
    execFileSync("umount", ["-l", folder]);
    rmSync(outer, { recursive: true, force: true });
  });
  const filling = path.join(folder, "filling");
  return {
    folder,
    beside,
    filling,
    grow: (more) => void execFileSync("mount", ["-o", `remount,size=${more}m`, folder]),
    fill: (freeKilobytes) => {
      const { bavail, bsize } = statfsSync(folder);
      const bytes = bavail * bsize - freeKilobytes * 1024;
      if (bytes > 0) writeFileSync(filling, Buffer.alloc(bytes, 1));
    },
    empty: () => rmSync(filling, { force: true }),
  };
}
