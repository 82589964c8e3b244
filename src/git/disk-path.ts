/** From a path's bytes, as git prints them read as latin1, to a path that the disk understands. */

/** `name` is relative to `root`, one character a byte; the empty name is the root itself. */
export function onDisk(root: string, name: string): Buffer {
  const start = Buffer.from(root);
  return name === ""
    ? start
    : Buffer.concat([start, Buffer.from("/"), Buffer.from(name, "latin1")]);
}

/** Every folder that a path lies in, outermost first: `a`, `a/b` of `a/b/c`. */
export function foldersAbove(name: string): string[] {
  const folders: string[] = [];
  for (let end = name.indexOf("/"); end !== -1; end = name.indexOf("/", end + 1))
    folders.push(name.slice(0, end));
  return folders;
}
