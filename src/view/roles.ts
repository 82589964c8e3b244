/** The roles that agents can have, as a table and as a document. */
import type { Role } from "../core/role.ts";
import { renderTable, type TableLook } from "./table.ts";

export interface RolesDocument {
  readonly version: 1;
  readonly agents: readonly {
    readonly name: string;
    readonly description: string;
    /** Null: every tool. */
    readonly tools: readonly string[] | null;
    readonly model: string | null;
    readonly aliases: readonly string[];
    readonly source: string;
  }[];
}

export function rolesDocument(roles: readonly Role[]): RolesDocument {
  return {
    version: 1,
    agents: roles.map(({ name, description, tools, model, aliases, source }) => ({
      name,
      description,
      tools: tools ?? null,
      model: model ?? null,
      aliases: aliases ?? [],
      source,
    })),
  };
}

export function rolesTable(roles: readonly Role[], look: TableLook): string {
  const rows = roles.map(({ name, aliases = [], tools, source, description }) => [
    { text: aliases.length === 0 ? name : `${name} (${aliases.join(", ")})` },
    { text: source },
    { text: tools === undefined ? "all" : tools.join(" ") },
    { text: description },
  ]);
  return `${renderTable(["agent", "from", "tools", "for"], rows, look)}\n`;
}
