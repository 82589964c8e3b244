/** A worker that does everything to its worktree that a worker may do by accident, by a seed, and notes what it left in a
 *  file outside: `node random-work.mjs <folder of notes> <bytes of its largest file>`. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const [notes, largest] = [process.argv[2], Number(process.argv[3])];
const unit = process.env.PLEACH_UNIT;
let state = Number.parseInt(createHash("sha1").update(unit).digest("hex").slice(0, 8), 16);
const random = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pick = (list) => list[random(list.length)];

const folders = [
  unit,
  `${unit}/deep/er`,
  "src",
  "docs",
  "build",
  "node_modules/x",
  `${unit} spaced`,
];
const names = [
  "f",
  "a.log",
  "b.tmp",
  "ünï.txt",
  "new\nline",
  "-f",
  "$(id)",
  ".hidden",
  "x.txt",
  ".gitignore",
  "q\"'",
];
const content = () => `${random(1e9)}\n`.repeat(1 + random(40));
const place = () => {
  const folder = pick(folders);
  fs.mkdirSync(folder, { recursive: true });
  return path.join(folder, pick(names));
};
const git = (cwd, ...args) =>
  execFileSync("git", ["-c", "user.name=w", "-c", "user.email=w@x", ...args], {
    cwd,
    stdio: "ignore",
  });
const nested = () => {
  const folder = fs.mkdtempSync(path.join(pick([unit, "src"]), "repo-"));
  git(folder, "init", "-q");
  fs.writeFileSync(path.join(folder, "inner.txt"), content());
  if (random(2)) git(folder, "add", "-A");
  if (random(2)) git(folder, "commit", "-q", "--allow-empty", "-m", "inner");
  fs.writeFileSync(path.join(folder, "dirty.txt"), content());
};
const deeds = [
  () => fs.writeFileSync(place(), content()),
  () => fs.writeFileSync(place(), content()),
  () => fs.writeFileSync(place(), Buffer.from([random(256), 0, random(256)])),
  () =>
    fs.writeFileSync(path.join(unit, ".gitignore"), pick(["*\n", "*.log\n", "deep/\n", "!x\n"])),
  () =>
    fs.writeFileSync(
      path.join(unit, ".gitattributes"),
      pick(["* text eol=crlf\n", "* filter=nope\n", "* -text\n"]),
    ),
  () => fs.symlinkSync(pick(["/etc/passwd", "../..", "x.txt", "nowhere"]), `${place()}-link`),
  () => fs.mkdirSync(path.join(unit, "empty", "inner"), { recursive: true }),
  () => execFileSync("mkfifo", [path.join(unit, "fifo")]),
  () => fs.writeFileSync(path.join(unit, "secret"), content(), { mode: 0o600 }),
  () => fs.chmodSync("src/a.txt", pick([0o600, 0o755, 0o444])),
  () => fs.rmSync("docs", { recursive: true, force: true }),
  () => fs.renameSync("src/b.txt", path.join(unit, "moved.txt")),
  () => {
    fs.rmSync("src/a.txt");
    fs.mkdirSync("src/a.txt");
    fs.writeFileSync("src/a.txt/in", content());
  },
  () => fs.writeFileSync(path.join(unit, "large.bin"), Buffer.alloc(largest, random(256))),
  () => fs.truncateSync(fs.openSync(path.join(unit, "sparse.bin"), "w+"), largest * 4),
  () => {
    fs.writeFileSync(path.join(unit, "own.txt"), content());
    git(".", "add", "-A");
    git(".", "commit", "-q", "-m", "own");
  },
  () => git(".", "rm", "-q", "-r", "--cached", "src"),
  () => git(".", "update-index", "--assume-unchanged", "src/a.txt"),
  () => git(".", "update-index", "--skip-worktree", "src/b.txt"),
  () => git(".", "sparse-checkout", "set", "docs"),
  nested,
];

fs.mkdirSync(unit, { recursive: true });
for (let count = 4 + random(14); count > 0; count -= 1) {
  try {
    pick(deeds)();
  } catch {
    // Not every deed can be done after every other.
  }
}
const left = {};
const look = (folder) => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (file === ".git") continue;
    if (entry.isDirectory()) {
      if (fs.readdirSync(file).length === 0) left[file] = "empty";
      else look(file);
    } else if (entry.isSymbolicLink()) left[file] = `link ${fs.readlinkSync(file)}`;
    else if (entry.isFile())
      left[file] = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
    else left[file] = "special";
  }
};
look(".");
fs.writeFileSync(path.join(notes, `${unit}.json`), JSON.stringify(left));
process.exit(random(2));
