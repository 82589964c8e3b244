/** Hub files: those that many units would want to change at once, or that nobody should change by hand. One table says how they are
 *  told and what is done about them; whoever plans may decide otherwise, and is told. */
import type { RepoPath } from "./id.ts";
import type { Hub, HubPolicy, HubReason, Language } from "./survey.ts";

export interface HubFacts {
  readonly path: RepoPath;
  readonly language?: Language;
  /** The line of its head that says that a program made it. */
  readonly generatedBy?: string;
  /** What `.gitattributes` says for GitHub's linguist. */
  readonly attributes?: { readonly generated?: boolean; readonly vendored?: boolean };
  /** How many files import it. */
  readonly importers: number;
  /** How many it imports. */
  readonly imported: number;
  /** How many of those it passes on. */
  readonly passedOn: number;
}

interface Rule {
  readonly reason: HubReason;
  readonly policy: HubPolicy;
  /** Why it is one, or undefined; `sources` is the number of files whose imports are known. */
  why(facts: HubFacts, sources: number): string | undefined;
}

const lockfiles =
  /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|Cargo\.lock|go\.sum|go\.work\.sum|poetry\.lock|Pipfile\.lock|uv\.lock|pdm\.lock|Gemfile\.lock|composer\.lock|gradle\.lockfile|flake\.lock|mix\.lock|pubspec\.lock|Podfile\.lock|packages\.lock\.json)$/;
const manifests =
  /^(?:package\.json|pnpm-workspace\.yaml|lerna\.json|nx\.json|turbo\.json|[tj]sconfig(?:\.[\w-]+)*\.json|deno\.jsonc?|Cargo\.toml|go\.mod|go\.work|pyproject\.toml|setup\.(?:py|cfg)|requirements[\w.-]*\.txt|Pipfile|pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|Gemfile|composer\.json|mix\.exs|pubspec\.yaml)$/;
const schemas =
  /^(?:schema\.(?:sql|graphql|gql|prisma|rb|json)|structure\.sql|(?:openapi|swagger)\.(?:ya?ml|json)|.*\.(?:prisma|proto|avsc|xsd|thrift|graphqls))$/i;
const changelogs =
  /^(?:changelog|changes|history|news|releases|release[-_]notes)(?:\.(?:md|mdx|rst|txt|adoc))?$/i;
const generatedNames =
  /(?:\.min\.(?:js|css)|\.generated\.\w+|\.gen\.(?:ts|go|rs)|\.pb\.(?:go|cc|h)|_pb2(?:_grpc)?\.pyi?|_pb\.(?:js|ts|d\.ts)|\.g\.(?:dart|cs)|\.designer\.cs|\.snap)$/i;
const generatedFolders = /(?:^|\/)(?:__generated__|\.yarn\/releases)\//;
const vendoredFolders = /(?:^|\/)(?:node_modules|vendor|third[-_]party|bower_components)\//;

/** A barrel of fewer is any file that happens to pass something on. */
const passedOnMin = 3;
/** In small repositories any file is imported by many of the few others. */
const degreeMin = 12;
const shareMin = 0.08;

/** The first that fits holds. */
const rules: readonly Rule[] = [
  {
    reason: "lockfile",
    policy: "regenerate",
    why: ({ path }) =>
      lockfiles.test(nameOf(path)) ? "a lockfile: its tool writes it anew" : undefined,
  },
  {
    reason: "vendored",
    policy: "refuse",
    why: ({ path, attributes }) => {
      if (attributes?.vendored === false) return undefined;
      if (attributes?.vendored) return "code of others, by linguist-vendored in .gitattributes";
      const folder = vendoredFolders.exec(path)?.[0].replace(/^\//, "");
      return folder === undefined ? undefined : `code of others, in ${folder}`;
    },
  },
  {
    reason: "generated",
    policy: "regenerate",
    why: ({ path, attributes, generatedBy }) => {
      if (attributes?.generated === false) return undefined;
      if (attributes?.generated) return "generated, by linguist-generated in .gitattributes";
      if (generatedBy !== undefined) return `generated, as it says: ${generatedBy}`;
      const named = generatedNames.test(path) || generatedFolders.test(path);
      return named ? "generated, by its name" : undefined;
    },
  },
  {
    reason: "changelog",
    policy: "last",
    why: ({ path }) =>
      changelogs.test(nameOf(path)) ? "a changelog: every change adds to it" : undefined,
  },
  {
    reason: "schema",
    policy: "first",
    why: ({ path }) =>
      schemas.test(nameOf(path)) ? "a schema: others are written by it" : undefined,
  },
  {
    reason: "manifest",
    policy: "first",
    why: ({ path }) =>
      manifests.test(nameOf(path)) ? "a manifest: it rules the files around it" : undefined,
  },
  {
    reason: "barrel",
    policy: "last",
    why: ({ passedOn, imported }) =>
      passedOn >= passedOnMin && passedOn * 2 >= imported
        ? `a barrel: it passes on the names of ${passedOn} files`
        : undefined,
  },
  {
    reason: "imported_by_many",
    policy: "first",
    why: ({ importers }, sources) =>
      isMany(importers, sources) ? `imported by ${importers} of ${sources} files` : undefined,
  },
  {
    reason: "imports_many",
    policy: "last",
    why: ({ imported }, sources) =>
      isMany(imported, sources) ? `imports ${imported} of ${sources} files` : undefined,
  },
];

/** Undefined for a file that is none. */
export function hubOf(facts: HubFacts, sources: number): Hub | undefined {
  for (const { reason, policy, why } of rules) {
    const said = why(facts, sources);
    if (said !== undefined) return { path: facts.path, reason, why: said, policy };
  }
  return undefined;
}

function isMany(count: number, sources: number): boolean {
  return count >= degreeMin && count >= sources * shareMin;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
