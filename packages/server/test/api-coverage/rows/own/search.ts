import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { type Row, row } from "../../row.js";

const rpc = "SearchTranscripts";

interface Said {
  sessionId: string;
  /** Between the first message and the second. */
  between: Timestamp;
}

const first = "2026-01-01T00:00:00Z";
const second = "2026-02-01T00:00:00Z";

/** A needle in each of two sessions, a month apart; the second of another project. */
async function needles(server: Opened): Promise<Said> {
  let sessionId = "";
  for (const [name, role, at] of [
    ["web", "user", first],
    ["other", "assistant", second],
  ] as const) {
    await project(server, name);
    const { runner } = await server.runners.createRunner({ projectName: name, external: true });
    const { session } = await server.sessions.createSession({ runnerId: runner!.id });
    sessionId = session!.id;
    const timestamp = timestampFromMs(Date.parse(at));
    await server.sessions.appendTranscript({ sessionId, messages: [{ role, content: "needle", timestamp }] });
  }
  return { sessionId, between: timestampFromMs(Date.parse("2026-01-15T00:00:00Z")) };
}

const found = async ({ sessions }: Opened, given: object): Promise<string[]> => {
  const { hits } = await sessions.searchTranscripts({ query: "needle", ...given });
  return hits
    .toSorted((a, b) => timestampMs(a.timestamp!) - timestampMs(b.timestamp!))
    .map((hit) => hit.projectName);
};

const narrowed = (field: string, words: string, names: string[], value: (said: Said) => object): Row =>
  row({
    rpc,
    field,
    unset: ["all that match", ["web", "other"]],
    set: [words, names],
    value,
    prepare: needles,
    see: found,
  });

export const searchTranscripts: readonly Row[] = [
  row({
    rpc,
    field: "query",
    unset: ["refused", "INVALID_ARGUMENT query"],
    set: ["messages with those words", 2],
    value: { query: "needle" },
    prepare: needles,
    see: async ({ sessions }, given) => (await sessions.searchTranscripts(given)).hits.length,
  }),
  narrowed("project_name", "only those of that project", ["other"], () => ({ projectName: "other" })),
  narrowed("session_id", "only those of that session", ["other"], ({ sessionId }) => ({ sessionId })),
  narrowed("role", "only those of that role", ["web"], () => ({ role: "user" })),
  narrowed("after", "only those from then on", ["other"], ({ between }) => ({ after: between })),
  narrowed("before", "only those from before then", ["web"], ({ between }) => ({ before: between })),
  row({
    rpc,
    field: "limit",
    unset: ["all, up to 50", 2],
    set: ["a page of that size", 1],
    value: { limit: 1 },
    prepare: needles,
    see: async (server, given) => (await found(server, given)).length,
  }),
];
