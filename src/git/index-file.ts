/** Reads the paths out of an index file of ours: asking git for them costs a process for each unit. Only the plain form
 *  that our own settings make git write (gitformat-index, version 2) is read; of any other it says so. */

/** In bytes: ten numbers of four before an entry's object id, two bytes of flags after it. */
const numbersLength = 40;
const flagsLength = 2;
const headerLength = 12;

/** Paths as latin1 bytes; undefined where the file is not a whole index of version 2. */
export function indexedPaths(file: Buffer, oidLength: 20 | 32): readonly string[] | undefined {
  if (file.length < headerLength || file.toString("latin1", 0, 4) !== "DIRC") return undefined;
  if (file.readUInt32BE(4) !== 2) return undefined;
  const count = file.readUInt32BE(8);
  const paths: string[] = [];
  let start = headerLength;
  for (let entry = 0; entry < count; entry += 1) {
    const name = start + numbersLength + oidLength + flagsLength;
    const end = file.indexOf(0, name);
    if (end < 0 || end === name) return undefined;
    paths.push(file.toString("latin1", name, end));
    // An entry is padded with one to eight zeros, so that it is a multiple of eight long.
    start += (end - start + 8) & ~7;
  }
  return start + oidLength <= file.length ? paths : undefined;
}
