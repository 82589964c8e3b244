/** What nobody trusted yet of what a run would obey. */
import type { ReadConfig } from "../config/read-config.ts";
import { flagWorker } from "../config/settings-of.ts";
import {
  isTrusted,
  obeyedConfig,
  type RoleText,
  rolesQuestion,
  type TrustQuestion,
  trustQuestion,
} from "../config/trust.ts";
import { Failure } from "../core/failure.ts";
import type { PlanFile } from "../core/plan.ts";
import type { Settings } from "../core/settings.ts";
import type { Repository } from "../git/repository.ts";
import type { RunRequest } from "./doors.ts";
import { askedModels } from "./model-needs.ts";

/** Refuses what nobody trusted: exit 4, with what it would have run. */
export function requireTrust({
  untrusted: commands,
}: {
  readonly untrusted: readonly string[];
}): void {
  if (commands.length === 0) return;
  const message =
    "this repository's configuration would run, or tell agents, what you have not trusted";
  throw new Failure("permission", "not_trusted", message, {
    advice: "read them, then `pleach trust` (for good) or --trust (this once)",
    details: { commands },
  });
}

/** Only what this run would obey is asked about; who trusts the whole config trusts each part of it. */
export async function untrusted(
  home: string,
  repository: Repository,
  request: RunRequest,
  found: {
    readonly read: ReadConfig;
    readonly settings: Settings;
    readonly plan: PlanFile;
    readonly roleFiles: readonly RoleText[];
  },
): Promise<readonly string[]> {
  if (request.trust) return [];
  const isOpen = async ({ commands, hash }: TrustQuestion) =>
    commands.length > 0 && !(await isTrusted(home, repository.name, hash));
  const roles = rolesQuestion(found.roleFiles);
  const open = (await isOpen(roles)) ? roles.commands : [];
  const { read, settings, plan } = found;
  const { config, folder } = read;
  if (!(await isOpen(await trustQuestion(config, folder)))) return open;
  const workers = new Set([
    ...plan.units.map((unit) => unit.worker ?? settings.worker),
    ...askedModels(settings, plan),
  ]);
  if (request.command !== undefined) workers.delete(flagWorker.command);
  if (request.codemod !== undefined) workers.delete(flagWorker.codemod);
  const obeyed = obeyedConfig(config, {
    checks: request.checks.length === 0,
    unitChecks: request.unitChecks.length === 0,
    sandbox: request.sandbox === undefined,
    workers,
  });
  const part = await trustQuestion(obeyed, folder);
  return (await isOpen(part)) ? [...part.commands, ...open] : open;
}
