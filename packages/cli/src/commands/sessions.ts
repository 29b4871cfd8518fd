import { create } from "@bufbuild/protobuf";
import { ListSessionsResponseSchema, type Session, SessionStatus } from "@stratavore/client/node";
import { Command, Option } from "commander";
import { knownProject } from "../find-project.js";
import { findId } from "../ids.js";
import { asOf } from "../output/as-of.js";
import { styled } from "../output/style.js";
import { type Column, printTable } from "../output/table.js";
import { age, isoTime, sessionWord, shortId } from "../output/words.js";
import { action } from "../session.js";

interface Options {
  project?: string;
  runner?: string;
  status?: string;
  resumable?: boolean;
}

const statuses: Record<string, SessionStatus> = Object.fromEntries(
  Object.values(SessionStatus)
    .filter((value) => typeof value === "number" && value !== SessionStatus.UNSPECIFIED)
    .map((value) => [sessionWord(value as SessionStatus), value as SessionStatus]),
);

const styles: Partial<Record<SessionStatus, Parameters<typeof styled>[0]>> = {
  [SessionStatus.ACTIVE]: "green",
  [SessionStatus.IDLE]: "cyan",
  [SessionStatus.ENDED]: "dim",
  [SessionStatus.RESUMABLE]: "yellow",
};

const columns: Column<Session>[] = [
  { title: "SESSION", value: ({ id }) => id, display: ({ id }) => shortId(id) },
  { title: "PROJECT", value: ({ projectName }) => projectName },
  { title: "AGENT", value: ({ agent }) => agent },
  { title: "MODEL", value: ({ model }) => model },
  {
    title: "STATUS",
    value: ({ status }) => sessionWord(status),
    display: ({ status }) => styled(styles[status] ?? "reset", sessionWord(status)),
  },
  { title: "RUNNER", value: ({ runnerId }) => runnerId, display: ({ runnerId }) => shortId(runnerId) },
  { title: "MESSAGES", value: ({ messageCount }) => String(messageCount) },
  { title: "TOKENS", value: ({ tokenCount }) => String(tokenCount) },
  {
    title: "LAST",
    value: ({ lastActivity, createdAt }) => isoTime(lastActivity ?? createdAt),
    display: ({ lastActivity, createdAt }) => age(lastActivity ?? createdAt),
  },
  { title: "TITLE", value: ({ title, reason }) => title || reason },
];

const examples = `
Examples:
  stratavore sessions --project web --resumable    what can be continued there
  stratavore sessions --json | jq -r '.sessions[].id'`;

export const sessionsCommand = (): Command =>
  new Command("sessions")
    .description("list the conversations with agents, newest first")
    .option("--project <name>", "only of this project")
    .option("--runner <runner>", "only of this runner")
    .addOption(new Option("--status <status>", "only in this status").choices(Object.keys(statuses)))
    .addOption(new Option("--resumable", "only those that can be resumed").conflicts("status"))
    .addHelpText("after", examples)
    .action(
      action(async ({ client, out, signal }, { project, runner, status, resumable }: Options) => {
        const request = {
          projectName: await knownProject(client, project, signal),
          runnerId: runner === undefined ? undefined : (await findId(client, ["runner"], runner)).id,
          status: status === undefined ? undefined : statuses[status],
          resumableOnly: resumable,
          limit: 1000,
        };
        const asOfEventId = await asOf(out, () => client.sessions.list({ ...request, limit: 1 }, { signal }));
        const sessions = await Array.fromAsync(client.sessions.all(request, { signal }));
        if (out.json) {
          const totalCount = sessions.length;
          const all = create(ListSessionsResponseSchema, { sessions, totalCount, asOfEventId });
          out.message(ListSessionsResponseSchema, all);
        } else printTable(out, columns, sessions);
        return 0;
      }),
    );
