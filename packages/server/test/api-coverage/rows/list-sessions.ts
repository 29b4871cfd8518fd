import { SessionStatus } from "@stratavore/proto";
import { type Opened, project } from "../../rpc/fixture/stratavore.js";
import { type Row, row } from "../row.js";
import { demo } from "./agents.js";

const rpc = "ListSessions";

/** Two sessions of one runner, the first put aside for the second, and one of another project that has ended. */
async function three(server: Opened): Promise<{ other: string }> {
  const { sessions } = server;
  await project(server);
  await project(server, "other");
  const open = async (runnerId: string, name: string) =>
    (await sessions.createSession({ runnerId, metadata: { name } })).session!.id;
  const one = await demo(server, "web");
  await open(one, "first");
  await open(one, "second");
  const other = await demo(server, "other");
  await sessions.endSession({ sessionId: await open(other, "ended") });
  return { other };
}

async function listed({ sessions }: Opened, given: object) {
  const { sessions: found, totalCount, hasMore } = await sessions.listSessions(given);
  return { sessions: found.map(({ metadata }) => metadata.name), totalCount, hasMore };
}

const all = { sessions: ["ended", "second", "first"], totalCount: 3, hasMore: false };

const narrowed = (
  field: string,
  value: object | ((prepared: { other: string }) => object),
  words: string,
  sessions: string[],
): Row =>
  row({
    rpc,
    field,
    unset: ["all, newest first", all],
    set: [words, { sessions, totalCount: sessions.length, hasMore: false }],
    value,
    prepare: three,
    see: listed,
  });

export const listSessions: readonly Row[] = [
  narrowed("project_name", { projectName: "web" }, "only those of that project", ["second", "first"]),
  narrowed("runner_id", ({ other }) => ({ runnerId: other }), "only those of that runner", ["ended"]),
  narrowed("status", { status: SessionStatus.IDLE }, "only those in that status", ["second"]),
  narrowed("resumable_only", { resumableOnly: true }, "only those that can be resumed", ["first"]),
  row({
    rpc,
    field: "limit",
    unset: ["a page of 50", [50, true]],
    set: ["a page of that size", [2, true]],
    value: { limit: 2 },
    async prepare(server) {
      await project(server);
      // A program's process is its session.
      const spec = { agent: "exec", args: ["true"] };
      for (let count = 0; count < 51; count += 1) {
        const { runner } = await server.runners.createRunner({ projectName: "web", spec });
        await server.runners.waitRunner({ runnerId: runner!.id });
      }
    },
    async see(server, given) {
      const { sessions, hasMore } = await listed(server, given);
      return [sessions.length, hasMore];
    },
  }),
  row({
    rpc,
    field: "offset",
    unset: ["from the newest on", all],
    set: ["what comes after so many", { ...all, sessions: ["first"] }],
    value: { offset: 2 },
    prepare: three,
    see: listed,
  }),
];
