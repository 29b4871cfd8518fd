import { EventType } from "@stratavore/proto";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";

const rpc = "StreamRunnerEvents";

/** A runner in each of two projects; both have ended. */
async function two(server: Opened): Promise<{ runnerId: string }> {
  const ids = [];
  for (const name of ["web", "other"]) {
    await project(server, name);
    const spec = { agent: "exec", args: ["true"] };
    const { runner } = await server.runners.createRunner({ projectName: name, spec });
    await server.runners.waitRunner({ runnerId: runner!.id });
    ids.push(runner!.id);
  }
  return { runnerId: ids[1]! };
}

/** What the stream tells of what has happened. */
async function told({ runners }: Opened, given: object): Promise<string[]> {
  const found = [];
  const stop = new AbortController();
  const request = { fromStart: true, bookmarks: true, ...given };
  for await (const event of runners.streamRunnerEvents(request, { signal: stop.signal })) {
    if (event.eventType === EventType.BOOKMARK) break;
    found.push(`${event.projectName} ${EventType[event.eventType]}`);
  }
  stop.abort();
  return found;
}

const of = (name: string) => ["CREATED", "STARTED", "STOPPED"].map((what) => `${name} RUNNER_${what}`);
const all = [...of("web"), ...of("other")];

export const streamRunnerEvents: readonly Row[] = [
  row({
    rpc,
    field: "project_name",
    unset: ["events of all projects", all],
    set: ["only those of that project", of("other")],
    value: { projectName: "other" },
    prepare: two,
    see: told,
  }),
  row({
    rpc,
    field: "event_types",
    unset: ["what happens to runners", all],
    set: [
      "events of those types",
      ["web PROJECT_CREATED", "web RUNNER_STOPPED", "other PROJECT_CREATED", "other RUNNER_STOPPED"],
    ],
    value: { eventTypes: [EventType.RUNNER_STOPPED, EventType.PROJECT_CREATED] },
    prepare: two,
    see: told,
  }),
  row({
    rpc,
    field: "runner_id",
    unset: ["events of all runners", all],
    set: ["only those of that runner", of("other")],
    value: ({ runnerId }: { runnerId: string }) => ({ runnerId }),
    prepare: two,
    see: told,
  }),
];
