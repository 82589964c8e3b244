/** A large repository as files and imports alone: folders of 25 files, features that go across folders, a few files that
 *  everybody imports, and some imports of anything. The same for the same number. */
import type { Tie } from "../../src/core/coupling.ts";
import type { WorkFile } from "../../src/core/folder-partition.ts";
import { seededRandom } from "../../src/core/seeded-random.ts";

const folderFiles = 25;
const features = 400;
const importedByAll = 20;

export function madeRepository(count: number): {
  readonly files: readonly WorkFile[];
  readonly ties: readonly Tie[];
} {
  const random = seededRandom(count);
  const below = (most: number) => Math.floor(random() * most);
  const files = Array.from({ length: count }, (_, n) => {
    const folder = Math.floor(n / folderFiles);
    const path = `src/p${folder % 40}/m${Math.floor(folder / 40)}/f${n}.ts`;
    return { path, work: 500 + below(8000) };
  });
  const ties = files.flatMap((file, n) =>
    Array.from({ length: 2 + below(8) }, (): Tie => {
      const way = random();
      const near = n - (n % folderFiles) + below(folderFiles);
      const same = (n % features) + features * below(count / features);
      const other =
        way < 0.4 ? near : way < 0.75 ? same : below(way < 0.85 ? importedByAll : count);
      const to = files[Math.min(other, count - 1)]?.path ?? "";
      return { from: file.path, to, kind: "import" };
    }),
  );
  return { files, ties };
}
