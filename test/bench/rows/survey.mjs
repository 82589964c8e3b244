// Files a second of a survey, cold and with its caches, beside git reading the same blobs and two other programs that make
// import graphs. What a survey may hold in memory is measured too.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { timed } from "../measure.mjs";
import { benchFolder, git, syntheticModules } from "../synthetic.mjs";

const root = path.resolve(import.meta.dirname, "../../..");
const probe = path.join(import.meta.dirname, "../survey-probe.mjs");
const madgeVersion = "8.0.0";
const many = 20_000;
const rivalled = 3000;

export const row = {
  title: "Survey",
  unit: "files/s",
  note: "Each survey is a process of its own that is asked twice: the first time without any cache, the second time with. Rivals are measured on fewer files, for they take minutes over many; all make the graph of the same files.",
  parts: [
    () => speed(rivalled, { repeats: 1, rivals: true }),
    () => speed(many, { repeats: 3, rivals: false }),
    () => memory(many),
  ],
};

function speed(count, { repeats, rivals }) {
  const repository = syntheticModules(count);
  const rate = (ms) => (count / ms) * 1000;
  let warm;
  const variants = [
    {
      name: "pleach, cold",
      role: "ours",
      measure: () => {
        const said = survey(repository.dir);
        warm = said.warmMs;
        return rate(said.coldMs);
      },
    },
    // Of the process of the cold one, measured just before or in an earlier round.
    {
      name: "pleach, the same commit again",
      role: "ours",
      measure: () => rate(warm ?? survey(repository.dir).warmMs),
    },
    {
      name: "git cat-file --batch",
      role: "floor",
      measure: async () => rate(await timed(() => readAll(repository))),
    },
  ];
  const ratios = [
    { of: "pleach, the same commit again", over: "pleach, cold", least: 5 },
    { of: "pleach, cold", over: "git cat-file --batch" },
  ];
  if (rivals) {
    variants.push({
      name: "dependency-cruiser",
      role: "rival",
      measure: () => rate(rival("cruise", repository.dir)),
    });
    variants.push({
      name: "madge",
      role: "rival",
      measure: () => rate(rival("madge", repository.dir)),
    });
    ratios.push({ of: "pleach, cold", over: "dependency-cruiser", least: 50 });
    ratios.push({ of: "pleach, cold", over: "madge" });
  }
  return {
    label: `${count.toLocaleString("en")} files of 5 KB`,
    repeats,
    coldStart: true,
    variants,
    ratios,
  };
}

function memory(count) {
  const { dir } = syntheticModules(count);
  return {
    label: `memory of a cold survey, ${count.toLocaleString("en")} files (ours, and the largest of its children)`,
    unit: "MB",
    repeats: 1,
    coldStart: true,
    variants: [
      {
        name: "the process that asks",
        role: "ours",
        measure: () => survey(dir, "memory").ownMegabytes,
      },
      {
        name: "its largest child",
        role: "ours",
        measure: () => survey(dir, "memory").childMegabytes,
      },
    ],
    ratios: [
      { of: "the process that asks", most: 500 },
      { of: "its largest child", most: 500 },
    ],
  };
}

function survey(dir, which = "survey") {
  const cache = path.join(benchFolder(), "survey-cache");
  rmSync(cache, { recursive: true, force: true });
  return JSON.parse(must(process.execPath, [probe, which, dir, cache]));
}

function rival(name, dir) {
  if (name === "madge") installMadge();
  return JSON.parse(must(process.execPath, [probe, name, dir, path.join(benchFolder(), "madge")]))
    .coldMs;
}

/** Not among our own packages: it brings a TypeScript and a dozen parsers of its own. */
function installMadge() {
  const folder = path.join(benchFolder(), "madge");
  if (existsSync(path.join(folder, "node_modules/madge"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  must("npm", ["install", `madge@${madgeVersion}`, ...flags, "--prefix", folder]);
}

function readAll({ dir }) {
  const listed = git(dir, "ls-tree", "-r", "HEAD").trim().split("\n");
  const oids = listed.map((line) => `${line.slice(12, 52)}\n`).join("");
  must("git", ["cat-file", "--batch", "--buffer"], { cwd: dir, input: oids });
}

function must(program, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    encoding: "latin1",
    maxBuffer: 2e9,
    ...options,
  });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}`);
  return stdout;
}
