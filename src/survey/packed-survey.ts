/** A survey as text, small and soon read: every path stands in it once, what refers to one is a number. */
import type { RepoPath } from "../core/id.ts";
import type {
  Cochange,
  ImportEdge,
  ImportKind,
  Language,
  Survey,
  SurveyedFile,
} from "../core/survey.ts";

interface Packed {
  readonly base: Survey["base"];
  readonly paths: readonly RepoPath[];
  readonly files: readonly PackedFile[];
  /** From, to, the kind's place in `kinds`, the names' place in `names`: four numbers an edge. */
  readonly edges: readonly number[];
  readonly names: readonly (readonly string[])[];
  /** Both files, times together; the share stands in `shares`. */
  readonly cochanges: readonly number[];
  readonly shares: readonly number[];
  readonly hubs: Survey["hubs"];
  readonly notes: Survey["notes"];
}

type PackedFile = readonly [
  kind: SurveyedFile["kind"],
  bytes: number,
  language: Language | "",
  offers: readonly string[],
  outside: readonly string[],
];

const kinds: readonly ImportKind[] = ["static", "type", "re-export", "dynamic", "require"];

export function packSurvey(survey: Survey): string {
  const paths = survey.files.map((file) => file.path);
  const numbers = new Map<string, number>(paths.map((path, number) => [path, number]));
  const names = new Map<string, number>();
  const lists: (readonly string[])[] = [];
  const edges: number[] = [];
  for (const edge of survey.imports) {
    const key = edge.names.join("\0");
    let list = names.get(key);
    if (list === undefined) {
      list = lists.push(edge.names) - 1;
      names.set(key, list);
    }
    edges.push(numbers.get(edge.from) ?? 0, numbers.get(edge.to) ?? 0);
    edges.push(kinds.indexOf(edge.kind), list);
  }
  const packed: Packed = {
    base: survey.base,
    paths,
    files: survey.files.map(({ kind, bytes, language, offers, outside }): PackedFile => {
      return [kind, bytes, language ?? "", offers, outside];
    }),
    edges,
    names: lists,
    cochanges: survey.cochanges.flatMap(({ files: [one, other], together }) => {
      return [numbers.get(one) ?? 0, numbers.get(other) ?? 0, together];
    }),
    shares: survey.cochanges.map(({ share }) => share),
    hubs: survey.hubs,
    notes: survey.notes,
  };
  return JSON.stringify(packed);
}

/** `value` is what `packSurvey` made, parsed. */
export function unpackSurvey(value: unknown): Survey {
  const { base, paths, files, edges, names, cochanges, shares, hubs, notes } = value as Packed;
  const at = (number: number | undefined) => paths[number ?? -1] as RepoPath;
  const imports: ImportEdge[] = [];
  for (let place = 0; place < edges.length; place += 4) {
    imports.push({
      from: at(edges[place]),
      to: at(edges[place + 1]),
      kind: kinds[edges[place + 2] ?? -1] as ImportKind,
      names: names[edges[place + 3] ?? -1] ?? [],
    });
  }
  return {
    base,
    files: files.map(([kind, bytes, language, offers, outside], number) => ({
      path: at(number),
      kind,
      bytes,
      ...(language === "" ? {} : { language }),
      offers,
      outside,
    })),
    imports,
    cochanges: shares.map((share, number): Cochange => {
      const [one, other, together = 0] = cochanges.slice(number * 3, number * 3 + 3);
      return { files: [at(one), at(other)], together, share };
    }),
    hubs,
    notes,
  };
}
