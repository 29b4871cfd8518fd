import { QuotaAction } from "@stratavore/proto";
import type { ProjectRow } from "../store/index.js";
import { configOf } from "./views/project.js";

/** The limits that a policy says something about. */
export type PolicyLimit = "max_memory_mb" | "max_cpu_percent" | "max_tokens_per_day";

const { UNSPECIFIED, WARN, STOP } = QuotaAction;

/** What is done when a limit of the project, or of one of its runners, is exceeded; UNSPECIFIED only for tokens. */
export function actionFor(project: ProjectRow, limit: PolicyLimit): QuotaAction {
  const policy = configOf(project)?.quotaPolicy;
  switch (limit) {
    case "max_memory_mb":
      return policy?.maxMemoryMb || STOP;
    case "max_cpu_percent":
      return policy?.maxCpuPercent || WARN;
    case "max_tokens_per_day":
      return policy?.maxTokensPerDay ?? UNSPECIFIED;
  }
}

/** An action as events name it. */
export const actionName = (action: QuotaAction): string =>
  action === UNSPECIFIED ? "refuse" : QuotaAction[action].toLowerCase();
