import { type Approval, ApprovalState, PermissionMode, RunnerStatus } from "@stratavore/proto";
import fc from "fast-check";
import { converse, type Opened } from "../../rpc/fixture/stratavore.js";
import { all, type List } from "./list.js";
import { newestFirst } from "./runners.js";

interface Filter {
  projectName?: string;
  runnerId?: string;
  sessionId?: string;
  state: ApprovalState;
}

const { PENDING, ALLOWED, REJECTED } = ApprovalState;

/** Questions of two agents: one is allowed what it asks for, the other is not. */
export async function approvalList(opened: Opened): Promise<List<Approval, Filter>> {
  const { approvals } = opened;
  const agents = await Promise.all(
    [PermissionMode.ALLOW, PermissionMode.DENY].map((mode) => agent(opened, mode)),
  );
  const everything = async () => {
    const states = [PENDING, ALLOWED, REJECTED];
    const lists = await Promise.all(states.map((state) => approvals.listApprovals({ state, limit: all })));
    return lists.flatMap((each) => each.approvals).sort(oldestFirst);
  };
  return {
    filters: fc.record(
      {
        state: fc.constantFrom(PENDING, ALLOWED, REJECTED),
        projectName: fc.constantFrom("web", "none"),
        runnerId: fc.constantFrom(...agents.map(({ runnerId }) => runnerId)),
        sessionId: fc.constantFrom(...agents.map(({ sessionId }) => sessionId)),
      },
      { requiredKeys: ["state"] },
    ),
    async page(filter, request) {
      const { approvals: rows, ...rest } = await approvals.listApprovals({ ...filter, ...request });
      return { rows, ...rest };
    },
    everything,
    matches: (row, { projectName, runnerId, sessionId, state }) =>
      row.state === state &&
      (projectName === undefined || row.projectName === projectName) &&
      (runnerId === undefined || row.runnerId === runnerId) &&
      (sessionId === undefined || row.sessionId === sessionId),
    idOf: ({ id }) => id,
    compare: oldestFirst,
    async insert(n) {
      const questions = ["!permission one", "!permission two"].slice(0, 1 + (n % 2));
      await converse(opened, agents[n % 2]!.sessionId, questions.join("\n"));
    },
  };
}

const oldestFirst = (one: Approval, other: Approval) => newestFirst(other, one);

async function agent({ runners, sessions }: Opened, permissionMode: PermissionMode) {
  const { runner } = await runners.createRunner({
    projectName: "web",
    spec: { agent: "demo", permissionMode },
  });
  const runnerId = runner!.id;
  await runners.waitRunner({ runnerId, statuses: [RunnerStatus.RUNNING] });
  const { session } = await sessions.createSession({ runnerId });
  return { runnerId, sessionId: session!.id };
}
