import { EventType, type Session, SessionStatus } from "@stratavore/proto";
import fc from "fast-check";
import { type Opened, project, runner } from "../../rpc/fixture/stratavore.js";
import type { List } from "./list.js";
import { newestFirst } from "./runners.js";

interface Filter {
  projectName?: string;
  runnerId?: string;
  status?: SessionStatus;
  resumableOnly?: boolean;
}

const { ACTIVE, IDLE, ENDED, RESUMABLE } = SessionStatus;

/** Sessions of two projects: those that an agent has left, and those of runners that their owners run. */
export async function sessionList(opened: Opened): Promise<List<Session, Filter>> {
  const { runners, sessions, projects } = opened;
  await project(opened, "api");
  // An agent has one active session; the others can be resumed.
  const talkative = await runner(opened);
  for (let n = 0; n < 4; n++) await sessions.createSession({ runnerId: talkative });
  return {
    filters: fc.record(
      {
        projectName: fc.constantFrom("web", "api", "passing", "none"),
        runnerId: fc.constantFrom(talkative, "none"),
        status: fc.constantFrom(ACTIVE, IDLE, ENDED, RESUMABLE),
        resumableOnly: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    async page(filter, request) {
      const { sessions: rows, ...rest } = await sessions.listSessions({ ...filter, ...request });
      return { rows, ...rest };
    },
    matches: (row, { projectName, runnerId, status, resumableOnly }) =>
      (projectName === undefined || row.projectName === projectName) &&
      (runnerId === undefined || row.runnerId === runnerId) &&
      (status === undefined || row.status === status) &&
      (!resumableOnly || row.status === RESUMABLE),
    idOf: ({ id }) => id,
    compare: newestFirst,
    async insert(n) {
      const { runner } = await runners.createRunner({
        projectName: n % 3 === 0 ? "api" : "web",
        external: true,
      });
      const { session } = await sessions.createSession({ runnerId: runner!.id });
      if (n % 2 === 0) await sessions.endSession({ sessionId: session!.id });
    },
    async disturb(n) {
      // Sessions go with their project, and this one comes and goes.
      if (n % 2 === 0) {
        await projects.deleteProject({ name: "passing", force: true }).catch(() => {});
        return;
      }
      await project(opened, "passing").catch(() => {});
      const { runner } = await runners.createRunner({ projectName: "passing", external: true });
      await sessions.createSession({ runnerId: runner!.id });
    },
    added: { filter: {}, type: EventType.SESSION_CREATED, idOf: ({ sessionId }) => sessionId },
  };
}
