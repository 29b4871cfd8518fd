import { GetMetricsResponseSchema, type ProjectMetrics } from "@stratavore/client/node";
import { Command } from "commander";
import { type Column, printTable } from "../output/table.js";
import { span } from "../output/words.js";
import { action } from "../session.js";

type Row = [name: string, metrics: ProjectMetrics];

const columns: Column<Row>[] = [
  { title: "PROJECT", value: ([name]) => name },
  { title: "LIVE", value: ([, { statistics }]) => String(statistics?.activeRunners ?? 0) },
  { title: "RUNNERS", value: ([, { statistics }]) => String(statistics?.totalRunners ?? 0) },
  { title: "SESSIONS", value: ([, { statistics }]) => String(statistics?.totalSessions ?? 0) },
  { title: "TOKENS TODAY", value: ([, { statistics }]) => String(statistics?.tokensUsedToday ?? 0) },
  { title: "TOKENS", value: ([, { statistics }]) => String(statistics?.totalTokensUsed ?? 0) },
  { title: "CPU %", value: ([, { cpuPercent }]) => cpuPercent.toFixed(1) },
  { title: "MEMORY MiB", value: ([, { memoryMb }]) => String(memoryMb) },
];

export const metricsCommand = (): Command =>
  new Command("metrics")
    .description("show figures over all and by project")
    .argument("[project]", "only this project")
    .action(
      action(async ({ client, out, signal }, _: object, projectName?: string) => {
        const answer = await client.daemon.metrics({ projectName }, { signal });
        if (out.json) {
          out.message(GetMetricsResponseSchema, answer);
          return 0;
        }
        const { global } = answer;
        if (global !== undefined && projectName === undefined) {
          const runners = Object.entries(global.runners).filter(([, count]) => count > 0n);
          const byStatus = runners.map(([status, count]) => `${count} ${status}`).join(", ");
          out.line(`Runners: ${global.runnersCreated} ever${byStatus === "" ? "" : `; ${byStatus}`}`);
          out.line(`Turns: ${global.turns}, events: ${global.events}`);
          out.line(`Tokens: ${global.tokensUsed}, today: ${global.tokensUsedToday}`);
          out.line(`Calls: ${global.calls}, failed: ${global.failedCalls}, in ${span(global.uptime)}`);
          out.line();
        }
        const rows = Object.entries(answer.projects).sort(([a], [b]) => (a < b ? -1 : 1));
        printTable(out, columns, rows);
        return 0;
      }),
    );
