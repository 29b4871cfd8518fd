import { type ProjectConfig, RestartPolicy_Mode } from "@stratavore/proto";
import type { ProjectRow, Reads } from "../store/index.js";
import { tokenWarnings } from "./token-quota.js";
import { quotaOf } from "./views/quota.js";

/** What of a project's defaults is not done as it says. */
export function configWarnings(
  config: ProjectConfig | undefined,
  isAgent: (name: string) => boolean,
): string[] {
  if (config === undefined) return [];
  const { agent, restartPolicy } = config;
  const mode = restartPolicy?.mode ?? RestartPolicy_Mode.UNSPECIFIED;
  const unapplied: [string, boolean][] = [
    ["restart_policy", mode !== RestartPolicy_Mode.UNSPECIFIED && mode !== RestartPolicy_Mode.NEVER],
  ];
  const warnings = unapplied.flatMap(([field, is]) =>
    is ? [`config.${field} was recorded but is not applied by this release`] : [],
  );
  if (agent !== "" && !isAgent(agent)) {
    warnings.push(
      `config.agent: this daemon has no agent "${agent}"; runners that name none fail until it has`,
    );
  }
  return warnings;
}

/** What an update does not do to runners that are live already; `fields` are those that changed. */
export function updateWarnings(
  reads: Pick<Reads, "runners" | "usage">,
  row: ProjectRow,
  fields: readonly string[],
  now: number,
): string[] {
  const live = reads.runners.countLive(row.uid);
  const limit = quotaOf(row.quota)?.maxConcurrentRunners ?? 0;
  const changed = (field: string) => fields.includes(field);
  const runners = `runners that are live (${live})`;
  const warnings: [string, boolean][] = [
    [
      `${runners} stay where they were started; the new path is for those that start from now on`,
      changed("path"),
    ],
    [
      `${runners} go on although the project is archived; stop them if they are to end`,
      changed("status") && row.archived,
    ],
    [
      `${runners} are more than max_concurrent_runners ${limit}; none was stopped`,
      changed("quota") && limit > 0 && live > limit,
    ],
  ];
  const texts = warnings.flatMap(([text, is]) => (is && live > 0 ? [text] : []));
  return changed("quota") ? [...texts, ...tokenWarnings(reads, row, now)] : texts;
}
