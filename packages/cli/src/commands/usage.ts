import { create } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  ReportUsageResponseSchema,
  type StratavoreClient,
  UsageDimension,
  type UsageReportRow,
} from "@stratavore/client/node";
import { Command, InvalidArgumentError } from "commander";
import { bar } from "../output/bar.js";
import { csvLine } from "../output/csv.js";
import { type Column, printTable } from "../output/table.js";
import { amount, basisText, costsText } from "../output/usage.js";
import { shortId } from "../output/words.js";
import { timeOption } from "../parse.js";
import { action } from "../session.js";

const dimensions = {
  day: { by: UsageDimension.DAY, value: (row: UsageReportRow) => row.day },
  project: { by: UsageDimension.PROJECT, value: (row: UsageReportRow) => row.projectName },
  person: { by: UsageDimension.PERSON, value: (row: UsageReportRow) => row.person },
  model: { by: UsageDimension.MODEL, value: (row: UsageReportRow) => row.model },
  runner: { by: UsageDimension.RUNNER, value: (row: UsageReportRow) => row.runnerId },
  session: { by: UsageDimension.SESSION, value: (row: UsageReportRow) => row.sessionId },
} as const;

type Dimension = keyof typeof dimensions;

const names = Object.keys(dimensions) as Dimension[];

interface Options {
  by: Dimension[];
  project?: string;
  since?: ReturnType<typeof timeOption>;
  csv?: boolean;
}

const examples = `
Days are UTC. A cost is what the agent reports, else what its tokens cost by the price table of the daemon, where that is
certain. In CSV a row with costs of several kinds has a line for each; the tokens are on the first of them.

Examples:
  stratavore usage --since 7d
  stratavore usage --by project,model
  stratavore usage --by day,person --project web --csv > usage.csv`;

function dimensionsOption(text: string): Dimension[] {
  const asked = text.split(",").map((name) => name.trim());
  if (asked.every((name): name is Dimension => names.includes(name as Dimension))) {
    return names.filter((name) => asked.includes(name));
  }
  throw new InvalidArgumentError(`It takes any of ${names.join(", ")}, separated by commas.`);
}

export const usageCommand = (): Command =>
  new Command("usage")
    .description("show what was used and what it cost")
    .option("--by <list>", `a row for each of: ${names.join(", ")}`, dimensionsOption, ["day"])
    .option("--project <name>", "only of this project")
    .option("--since <time>", "only from that day on: a date, or so long ago, as 7d", timeOption)
    .option("--csv", "as comma-separated values, for spreadsheets")
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { by, project, since, csv }: Options) => {
        const answer = await wholeReport(client, signal, {
          groupBy: by.map((name) => dimensions[name].by),
          projectName: project,
          firstDay: since && timestampDate(since).toISOString().slice(0, 10),
          limit: 1000,
        });
        if (out.json) out.message(ReportUsageResponseSchema, answer);
        else if (csv) process.stdout.write(asCsv(by, answer.rows));
        else {
          printTable(out, columnsOf(by, answer.rows), answer.rows);
          if (answer.rows.length === 0) out.note("Nothing was used.");
          else out.note(`Total: ${tokensOf(answer.total!)} tokens, ${costsText(answer.total!.costs)}`);
        }
        return 0;
      }),
    );

async function wholeReport(
  client: StratavoreClient,
  signal: AbortSignal,
  request: Parameters<StratavoreClient["usage"]["report"]>[0],
) {
  const first = await client.usage.report(request, { signal });
  const rows = [...first.rows];
  for (let pageToken = first.nextPageToken; pageToken !== ""; ) {
    const next = await client.usage.report({ ...request, pageToken }, { signal });
    rows.push(...next.rows);
    pageToken = next.nextPageToken;
  }
  return create(ReportUsageResponseSchema, { ...first, rows, nextPageToken: "" });
}

const tokensOf = ({ inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }: UsageReportRow): bigint =>
  inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens;

/** What bars show: the cost in the first currency there is, else the tokens. */
function measureOf(rows: readonly UsageReportRow[]): (row: UsageReportRow) => number {
  const currency = rows.flatMap(({ costs }) => costs).find(({ costNanos }) => costNanos > 0n)?.currency;
  if (currency === undefined) return (row) => Number(tokensOf(row));
  return ({ costs }) =>
    costs.reduce((sum, cost) => sum + (cost.currency === currency ? Number(cost.costNanos) : 0), 0);
}

function columnsOf(by: readonly Dimension[], rows: readonly UsageReportRow[]): Column<UsageReportRow>[] {
  const measure = measureOf(rows);
  const largest = Math.max(...rows.map(measure));
  const isId = (name: Dimension) => name === "runner" || name === "session";
  return [
    ...by.map((name) => ({
      title: name.toUpperCase(),
      value: dimensions[name].value,
      ...(isId(name) && { display: (row: UsageReportRow) => shortId(dimensions[name].value(row)) }),
    })),
    { title: "IN", value: ({ inputTokens }) => String(inputTokens) },
    { title: "OUT", value: ({ outputTokens }) => String(outputTokens) },
    { title: "CACHE READ", value: ({ cacheReadTokens }) => String(cacheReadTokens) },
    { title: "CACHE WRITE", value: ({ cacheWriteTokens }) => String(cacheWriteTokens) },
    { title: "COST", value: ({ costs }) => costsText(costs) },
    { title: "", value: () => "", display: (row) => bar(measure(row), largest) },
  ];
}

function asCsv(by: readonly Dimension[], rows: readonly UsageReportRow[]): string {
  const tokens = ["input", "output", "cache_read", "cache_write", "reasoning"].map(
    (name) => `${name}_tokens`,
  );
  const lines = [csvLine([...by, ...tokens, "cost", "currency", "cost_basis"])];
  for (const row of rows) {
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, costs } = row;
    const figures = [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens];
    costs.forEach((cost, at) => {
      const { currency, costBasis, costNanos } = cost;
      lines.push(
        csvLine([
          ...by.map((name) => dimensions[name].value(row)),
          ...(at === 0 ? figures : figures.map(() => "")),
          ...[currency === "" ? "" : amount(costNanos), currency, basisText(costBasis)],
        ]),
      );
    });
  }
  return lines.join("");
}
