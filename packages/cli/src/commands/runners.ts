import { create } from "@bufbuild/protobuf";
import { ListRunnersResponseSchema, type Runner, RunnerStatus } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { knownProject } from "../find-project.js";
import { asOf } from "../output/as-of.js";
import { type Column, printTable } from "../output/table.js";
import { activityWord, age, isoTime, shortId, statusWord, styledStatus } from "../output/words.js";
import { action } from "../session.js";

interface Options {
  project?: string;
  status?: string;
}

const statuses: Record<string, RunnerStatus> = Object.fromEntries(
  Object.values(RunnerStatus)
    .filter((value) => typeof value === "number" && value !== RunnerStatus.UNSPECIFIED)
    .map((value) => [statusWord(value as RunnerStatus), value as RunnerStatus]),
);

const columns: Column<Runner>[] = [
  { title: "RUNNER", value: ({ id }) => id, display: ({ id }) => shortId(id) },
  { title: "PROJECT", value: ({ projectName }) => projectName },
  { title: "AGENT", value: ({ agent }) => agent },
  {
    title: "STATUS",
    value: ({ status }) => statusWord(status),
    display: ({ status }) => styledStatus(status),
  },
  { title: "DOES", value: ({ activity }) => activityWord(activity) },
  { title: "AGE", value: ({ createdAt }) => isoTime(createdAt), display: ({ createdAt }) => age(createdAt) },
  { title: "PID", value: pidWord },
  { title: "EXIT", value: ({ exitCode }) => (exitCode === undefined ? "" : String(exitCode)) },
  { title: "TITLE", value: ({ spec, reason }) => spec?.title || reason },
];

/** A process that is someone else's has a number that is not ours to know. */
function pidWord({ pid, external }: Runner): string {
  if (external) return "external";
  return pid === 0 ? "" : String(pid);
}

export const runnersCommand = (): Command =>
  new Command("runners")
    .description("list the runners, newest first")
    .option("--project <name>", "only of this project")
    .addOption(new Option("--status <status>", "only in this status").choices(Object.keys(statuses)))
    .action(
      action(async ({ client, out, signal }, { project, status }: Options) => {
        const request = {
          projectName: await knownProject(client, project, signal),
          status: status === undefined ? undefined : statuses[status],
          limit: 1000,
        };
        const asOfEventId = await asOf(out, () => client.runners.list({ ...request, limit: 1 }, { signal }));
        const runners = await Array.fromAsync(client.runners.all(request, { signal }));
        if (out.json) {
          const totalCount = runners.length;
          const all = create(ListRunnersResponseSchema, { runners, totalCount, asOfEventId });
          out.message(ListRunnersResponseSchema, all);
        } else printTable(out, columns, runners);
        return 0;
      }),
    );
