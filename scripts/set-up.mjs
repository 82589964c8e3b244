// What every script of ours stands on, with nothing but Node: the packages that package-lock.json names are there, and the
// program is built. Nothing is installed or built again that is as it should be.
import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const nodeMin = [20, 19];
requireNode();

/** Runs `npm ci` if packages are missing or are not those of the lockfile. */
export function requirePackages() {
  const wrong = wrongPackages();
  if (wrong.length === 0) return;
  // A link leads to packages that another checkout keeps, and npm ci begins by deleting.
  if (lstatSync(path.join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error(`node_modules is a link, and leads to other packages: ${wrong.join(", ")}`);
    return;
  }
  console.error(`npm ci (${wrong.length} packages are missing or out of date)`);
  npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** Builds dist/ if a source is newer than it. */
export function requireBuild() {
  requirePackages();
  const built = modifiedAt(path.join(root, "dist/main.js"));
  const sources = ["src", "package.json", "tsconfig.json", "tsconfig.build.json"];
  if (sources.every((name) => newest(path.join(root, name)) < built)) return;
  must(process.execPath, [path.join(root, "scripts/build.mjs")]);
}

export function npm(args, options) {
  // Within `npm run` this is the very npm that runs us, wherever it lies.
  const cli = process.env.npm_execpath;
  if (cli === undefined) must("npm", args, options);
  else must(process.execPath, [cli, ...args], options);
}

/** Ends this process as that program ended, if it did not end well. Stdout is kept for results. */
export function must(file, args, options = {}) {
  const ended = spawnSync(file, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
  if (ended.error !== undefined) console.error(`${file}: ${ended.error.message}`);
  if (ended.status !== 0) process.exit(ended.status ?? 1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [majorMin, minorMin] = nodeMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  console.error(`Pleach needs Node ${nodeMin.join(".")} or newer; this is ${process.version}.`);
  process.exit(1);
}

/** What npm wrote down of the last installation is compared with the lockfile: times of files say nothing after a checkout. */
function wrongPackages() {
  const wanted = packagesIn("package-lock.json");
  const installed = packagesIn("node_modules/.package-lock.json");
  return Object.entries(wanted)
    .filter(([place, { optional }]) => place !== "" && optional !== true)
    .filter(([place, { version }]) => installed[place]?.version !== version)
    .map(([place]) => place);
}

function packagesIn(lockfile) {
  const file = path.join(root, lockfile);
  if (modifiedAt(file) === 0) return {};
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

function newest(place) {
  const facts = statSync(place);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return Math.max(...readdirSync(place).map((name) => newest(path.join(place, name))), 0);
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
