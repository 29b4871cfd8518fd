import { EventType, QuotaAction } from "@stratavore/proto";
import { expect } from "vitest";
import { converse, type Opened, project, session } from "../../../rpc/fixture/stratavore.js";
import { type Row, row } from "../../row.js";
import { holder, program, sampled } from "../limits.js";

const rpc = "StreamRunnerEvents";

interface Happened {
  runnerId: string;
  /** Event id from before the runner ended. */
  before: string;
}

/** A runner that was started and stopped. */
async function happened(server: Opened): Promise<Happened> {
  await project(server);
  const runnerId = await program(server, "web", { agent: "exec", args: ["sleep", "600"] });
  await server.runners.waitRunner({ runnerId, statuses: [2] });
  const { asOfEventId: before } = await server.runners.getRunner({ runnerId });
  await server.runners.stopRunner({ runnerId, force: true });
  return { runnerId, before };
}

async function told({ runners }: Opened, request: object, end: EventType): Promise<string[]> {
  const stop = new AbortController();
  const found = [];
  for await (const { eventType } of runners.streamRunnerEvents(request, { signal: stop.signal })) {
    found.push(EventType[eventType]!);
    if (eventType === end) break;
  }
  stop.abort();
  return found;
}

const past = (server: Opened, given: object) =>
  told(server, { bookmarks: true, ...given }, EventType.BOOKMARK);

const all = ["RUNNER_CREATED", "RUNNER_STARTED", "RUNNER_STOPPED"];

export const streamEvents: readonly Row[] = [
  row({
    rpc,
    field: "after_event_id",
    unset: ["what happens from now on", ["BOOKMARK"]],
    set: ["what happened after that event, and goes on", ["RUNNER_STOPPED", "BOOKMARK"]],
    value: ({ before }: Happened) => ({ afterEventId: before }),
    prepare: happened,
    see: past,
  }),
  row({
    rpc,
    field: "from_start",
    unset: ["what happens from now on", ["BOOKMARK"]],
    set: ["all that is kept, and goes on", [...all, "BOOKMARK"]],
    value: { fromStart: true },
    prepare: happened,
    see: past,
  }),
  row({
    rpc,
    field: "bookmarks",
    unset: ["events only", [...all, "RUNNER_UPDATED"]],
    set: ["the position as well, once it has caught up", [...all, "RUNNER_UPDATED", "BOOKMARK"]],
    value: { bookmarks: true },
    async prepare(server) {
      const { runnerId } = await happened(server);
      await server.runners.updateRunner({ runnerId, metadata: { is: "last" } });
    },
    see: (server, given) =>
      told(
        server,
        { fromStart: true, ...given },
        "bookmarks" in given ? EventType.BOOKMARK : EventType.RUNNER_UPDATED,
      ),
  }),
  row({
    rpc,
    field: "session_id",
    unset: ["events of all sessions", ["SESSION_CREATED", "SESSION_CREATED", "BOOKMARK"]],
    set: ["only those of that session", ["SESSION_CREATED", "BOOKMARK"]],
    value: (sessionId: string) => ({ sessionId }),
    async prepare(server) {
      const { runnerId, sessionId } = await session(server);
      await server.sessions.createSession({ runnerId });
      return sessionId;
    },
    see: (server, given) =>
      past(server, { fromStart: true, eventTypes: [EventType.SESSION_CREATED], ...given }),
  }),
];

/** A session in which two things were said. */
async function talk(server: Opened): Promise<{ sessionId: string; second: string }> {
  const { sessionId } = await session(server);
  await converse(server, sessionId, "!say one");
  const { nextPageToken: second } = await server.sessions.getSessionTranscript({ sessionId, pageSize: 2 });
  await converse(server, sessionId, "!say two");
  if (second !== "") return { sessionId, second };
  const page = await server.sessions.getSessionTranscript({ sessionId, pageSize: 2 });
  return { sessionId, second: page.nextPageToken };
}

export const transcriptPages: readonly Row[] = [
  row({
    rpc: "GetSessionTranscript",
    field: "page_token",
    unset: ["the first page", ["!say one", "one"]],
    set: ["the page after the one that gave it", ["!say two", "two"]],
    value: ({ second }: { second: string }) => ({ pageToken: second }),
    prepare: talk,
    async see({ sessions }, given, { sessionId }) {
      const { messages } = await sessions.getSessionTranscript({ sessionId, pageSize: 2, ...given });
      return messages.map(({ content }) => content);
    },
  }),
  row({
    rpc: "GetSessionTranscript",
    field: "page_size",
    unset: ["all messages", [4, ""]],
    set: ["so many, and where the next begin", [2, expect.stringMatching(/./)]],
    value: { pageSize: 2 },
    prepare: talk,
    async see({ sessions }, given, { sessionId }) {
      const { messages, nextPageToken } = await sessions.getSessionTranscript({ sessionId, ...given });
      return [messages.length, nextPageToken];
    },
  }),
];

/** What a runner's status and first warning are after it has used more memory than its project may. */
async function afterBreach(server: Opened, projectName: string, warns: boolean) {
  const runnerId = await program(server, projectName, holder);
  const facts = async () => (await server.runners.getRunner({ runnerId })).runner!;
  if (warns) await expect.poll(async () => (await facts()).warnings.length).toBeGreaterThan(0);
  else await server.runners.waitRunner({ runnerId });
  return (await facts()).status;
}

const policy = (
  name: "CreateProject" | "UpdateProject",
  give: (server: Opened, given: object) => Promise<string>,
): Row =>
  row({
    rpc: name,
    field: "config.quota_policy",
    unset: ["a runner that uses too much memory is stopped", 6],
    set: ["with WARN it goes on, and there is a warning", 2],
    options: sampled,
    value: { config: { quotaPolicy: { maxMemoryMb: QuotaAction.WARN } } },
    see: async (server, given) => await afterBreach(server, await give(server, given), "config" in given),
  });

const quota = { maxMemoryMb: 20n };

async function fresh({ projects, folder }: Opened, more: object = {}): Promise<string> {
  const { totalCount } = await projects.listProjects({});
  return (await projects.createProject({ name: `p${totalCount}`, path: folder, ...more })).project!.name;
}

export const quotaPolicies: readonly Row[] = [
  policy("CreateProject", (server, given) => fresh(server, { quota, ...given })),
  policy("UpdateProject", async (server, given) => {
    const name = await fresh(server);
    await server.projects.updateProject({ name, quota, ...given });
    return name;
  }),
];
