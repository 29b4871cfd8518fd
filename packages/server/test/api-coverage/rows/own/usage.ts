import { UsageDimension } from "@stratavore/proto";
import { type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { type Row, row } from "../../row.js";

const rpc = "ReportUsage";

interface Used {
  runnerId: string;
  sessionId: string;
  person: string;
}

/** 1 token in the project `web`, and 2 of another model in `other`, whose runner and session are given. */
async function used(server: Opened): Promise<Used> {
  let last = { runnerId: "", sessionId: "" };
  for (const [name, model, inputTokens] of [
    ["web", "small", 1n],
    ["other", "large", 2n],
  ] as const) {
    await project(server, name);
    const { runner } = await server.runners.createRunner({ projectName: name, external: true });
    const { session } = await server.sessions.createSession({ runnerId: runner!.id, model });
    last = { runnerId: runner!.id, sessionId: session!.id };
    const messages = [{ role: "assistant", content: "hello", usage: { inputTokens } }];
    await server.sessions.appendTranscript({ sessionId: session!.id, messages });
  }
  const { rows } = await server.usage.reportUsage({ groupBy: [UsageDimension.PERSON] });
  return { ...last, person: rows[0]!.person };
}

const tokens = async ({ usage }: Opened, given: object) =>
  Number((await usage.reportUsage(given)).total?.inputTokens);

const narrowed = (field: string, words: string, seen: number, value: (used: Used) => object): Row =>
  row({
    rpc,
    field,
    unset: ["all usage", 3],
    set: [words, seen],
    value,
    prepare: used,
    see: tokens,
  });

const byProject = { groupBy: [UsageDimension.PROJECT] };
const count = async ({ usage }: Opened, given: object) =>
  (await usage.reportUsage({ ...byProject, ...given })).rows.length;

export const reportUsage: readonly Row[] = [
  row({
    rpc,
    field: "group_by",
    unset: ["the total alone", []],
    set: ["a row for each value of what is named", ["large", "small"]],
    value: { groupBy: [UsageDimension.MODEL] },
    prepare: used,
    see: async ({ usage }, given) => (await usage.reportUsage(given)).rows.map(({ model }) => model),
  }),
  narrowed("project_name", "of projects with that name", 2, () => ({ projectName: "other" })),
  narrowed("runner_id", "of that runner", 2, ({ runnerId }) => ({ runnerId })),
  narrowed("session_id", "of that session", 2, ({ sessionId }) => ({ sessionId })),
  narrowed("person", "of that person: nothing of one who is unknown", 0, ({ person }) => ({
    person: `not ${person}`,
  })),
  narrowed("model", "of that model", 1, () => ({ model: "small" })),
  narrowed("first_day", "from that day on: nothing of the future", 0, () => ({ firstDay: "2999-01-01" })),
  narrowed("last_day", "up to that day: nothing of the past", 0, () => ({ lastDay: "2000-01-01" })),
  row({
    rpc,
    field: "limit",
    unset: ["all rows, up to 50", 2],
    set: ["a page of that size", 1],
    value: { limit: 1 },
    prepare: used,
    see: count,
  }),
  row({
    rpc,
    field: "page_token",
    unset: ["the first page", 2],
    set: ["the page after the one that gave it", 1],
    value: ({ token }: { token: string }) => ({ pageToken: token }),
    prepare: async (server) => {
      await used(server);
      return { token: (await server.usage.reportUsage({ ...byProject, limit: 1 })).nextPageToken };
    },
    see: count,
  }),
];
