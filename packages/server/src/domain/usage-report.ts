import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type UsageReportRow as Row, UsageCostSchema, UsageReportRowSchema } from "@stratavore/proto";
import type { UsageDimension, UsageReportRow } from "../store/index.js";

const fieldOf = {
  day: "day",
  project: "projectUid",
  person: "person",
  model: "model",
  runner: "runnerId",
  session: "sessionId",
} as const satisfies Record<UsageDimension, keyof MessageInitShape<typeof UsageReportRowSchema>>;

/** One row of a report for each group, from what the ledger has of it for each kind of cost; rows of a group are together. */
export function reportRows(
  by: readonly UsageDimension[],
  found: readonly UsageReportRow[],
): { key: readonly string[]; row: Row }[] {
  const groups: { key: readonly string[]; row: Row }[] = [];
  for (const each of found) {
    const { key, projectName } = each;
    let group = groups.at(-1);
    if (group === undefined || group.key.some((value, at) => value !== key[at])) {
      const names = Object.fromEntries(by.map((dimension, at) => [fieldOf[dimension], key[at]]));
      group = { key, row: create(UsageReportRowSchema, { ...names, projectName }) };
      groups.push(group);
    }
    add(group.row, each);
  }
  return groups;
}

function add(row: Row, each: UsageReportRow): void {
  const { currency, basis, costNanos } = each;
  const tokens = each.inputTokens + each.outputTokens + each.cacheReadTokens + each.cacheWriteTokens;
  row.inputTokens += each.inputTokens;
  row.outputTokens += each.outputTokens;
  row.cacheReadTokens += each.cacheReadTokens;
  row.cacheWriteTokens += each.cacheWriteTokens;
  row.reasoningTokens += each.reasoningTokens;
  row.costs.push(create(UsageCostSchema, { currency, costBasis: basis, costNanos, tokens }));
}
