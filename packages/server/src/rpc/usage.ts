import type { ServiceImpl } from "@connectrpc/connect";
import { UsageDimension as Asked, type ReportUsageRequest, type UsageService } from "@stratavore/proto";
import { invalidField } from "../domain/errors.js";
import { eventId } from "../domain/events.js";
import { builtInPrices } from "../domain/prices/table.js";
import { reportRows } from "../domain/usage-report.js";
import { isDay } from "../domain/utc-day.js";
import { USAGE_DIMENSIONS, type UsageDimension } from "../store/index.js";
import { keyOf, limitOf, tokenOf } from "./paging.js";
import type { Services } from "./services.js";

const dimensionOf: Readonly<Record<Asked, UsageDimension | undefined>> = {
  [Asked.UNSPECIFIED]: undefined,
  [Asked.DAY]: "day",
  [Asked.PROJECT]: "project",
  [Asked.PERSON]: "person",
  [Asked.MODEL]: "model",
  [Asked.RUNNER]: "runner",
  [Asked.SESSION]: "session",
};

export function usageService({ store }: Services): ServiceImpl<typeof UsageService> {
  return {
    reportUsage: (request) =>
      store.snapshot((read) => {
        const filter = filterOf(request);
        const asked = request.groupBy.map((dimension) => dimensionOf[dimension]);
        const by = USAGE_DIMENSIONS.filter((dimension) => asked.includes(dimension));
        const afterKey = keyOf(request.pageToken, isKeyOf(by))?.after;
        const size = limitOf(request.limit);
        const found =
          by.length === 0 ? [] : read.usageReports.page({ ...filter, by, limit: size + 1, afterKey });
        const groups = reportRows(by, found);
        const page = groups.slice(0, size);
        const last = groups.length > size ? page.at(-1) : undefined;
        const [total] = reportRows([], read.usageReports.page({ ...filter, by: [], limit: 1 }));
        return {
          rows: page.map(({ row }) => row),
          total: total?.row ?? {},
          nextPageToken: last === undefined ? "" : tokenOf({ by, after: last.key }),
          asOfEventId: eventId(store.epoch, read.events.head()),
          priceTableDate: builtInPrices.date,
        };
      }),
  };
}

function filterOf({
  projectName,
  runnerId,
  sessionId,
  person,
  model,
  firstDay,
  lastDay,
}: ReportUsageRequest) {
  for (const [field, day] of Object.entries({ first_day: firstDay, last_day: lastDay })) {
    if (day !== "" && !isDay(day)) throw invalidField(field, `${day} is no day of the calendar`);
  }
  if (firstDay !== "" && lastDay !== "" && firstDay > lastDay) {
    throw invalidField("last_day", `${lastDay} is before first_day, ${firstDay}`);
  }
  return {
    projectName: projectName || undefined,
    runnerId: runnerId || undefined,
    sessionId: sessionId || undefined,
    person: person || undefined,
    model: model || undefined,
    firstDay: firstDay || undefined,
    lastDay: lastDay || undefined,
  };
}

/** A token is of one report: the key of another has other values. */
const isKeyOf =
  (by: readonly UsageDimension[]) =>
  (value: unknown): value is { by: string[]; after: string[] } => {
    const { by: tokenBy, after } = (value ?? {}) as { by?: unknown; after?: unknown };
    return (
      Array.isArray(tokenBy) &&
      tokenBy.join() === by.join() &&
      Array.isArray(after) &&
      after.length === by.length &&
      after.every((each) => typeof each === "string")
    );
  };
