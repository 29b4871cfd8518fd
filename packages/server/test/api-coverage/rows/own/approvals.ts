import { ApprovalRemember, ApprovalState } from "@stratavore/proto";
import { expect } from "vitest";
import { type Opened, project } from "../../../rpc/fixture/stratavore.js";
import { outcomeOf, type Row, row } from "../../row.js";
import { conversation } from "../agents.js";

const { ALLOWED, PENDING } = ApprovalState;

export interface Asked {
  approvalId: string;
  runnerId: string;
  sessionId: string;
}

/** A session of a new runner that waits for a permission. */
export async function asked(server: Opened, projectName: string): Promise<Asked> {
  const sessionId = await conversation(server, projectName);
  await server.sessions.sendMessage({ sessionId, text: "!permission" });
  const waiting = async () => (await server.approvals.listApprovals({ sessionId })).approvals;
  await expect.poll(async () => (await waiting()).length).toBe(1);
  const { id: approvalId, runnerId } = (await waiting())[0]!;
  return { approvalId, runnerId, sessionId };
}

/** One approval in each of two projects. */
async function two(server: Opened): Promise<Asked> {
  const found = [];
  for (const name of ["web", "other"]) {
    await project(server, name);
    found.push(await asked(server, name));
  }
  return found[1]!;
}

async function listed({ approvals }: Opened, given: object): Promise<string[]> {
  return (await approvals.listApprovals(given)).approvals.map(({ projectName }) => projectName);
}

const narrowed = (field: string, words: string, value: (asked: Asked) => object): Row =>
  row({
    rpc: "ListApprovals",
    field,
    unset: ["all that wait, oldest first", ["web", "other"]],
    set: [words, ["other"]],
    value,
    prepare: two,
    see: listed,
  });

export const listApprovals: readonly Row[] = [
  narrowed("project_name", "only those of that project", () => ({ projectName: "other" })),
  narrowed("runner_id", "only those of that runner", ({ runnerId }) => ({ runnerId })),
  narrowed("session_id", "only those of that session", ({ sessionId }) => ({ sessionId })),
  row({
    rpc: "ListApprovals",
    field: "state",
    unset: ["those that wait", ["web"]],
    set: ["only those in that state", ["other"]],
    value: { state: ALLOWED },
    async prepare(server) {
      const { approvalId } = await two(server);
      await server.approvals.resolveApproval({ approvalId, answer: { case: "allow", value: true } });
    },
    see: listed,
  }),
  row({
    rpc: "ListApprovals",
    field: "limit",
    unset: ["all, up to 50", ["web", "other"]],
    set: ["a page of that size", ["web"]],
    value: { limit: 1 },
    prepare: two,
    see: listed,
  }),
];

const rpc = "ResolveApproval";

async function one(server: Opened): Promise<Asked> {
  await project(server);
  return await asked(server, "web");
}

const allow = { answer: { case: "allow" as const, value: true } };

/** What became of an approval: its state, and the kind of the option that was chosen. */
async function answered(server: Opened, request: object): Promise<unknown> {
  return await outcomeOf(server.approvals.resolveApproval(request), ({ approval }) => [
    approval?.state,
    approval?.options.find(({ id }) => id === approval.optionId)?.kind,
  ]);
}

/** The same, of a new approval. */
async function answeredNew(server: Opened, request: object): Promise<unknown> {
  const { approvalId } = await asked(server, "web");
  return await answered(server, { approvalId, ...request });
}

const untaken = (field: string, value: object): Row =>
  row({
    rpc,
    field,
    unset: ["answered", [ALLOWED, "allow_once"]],
    set: ["refused, as this agent takes none", `INVALID_ARGUMENT ${field}`],
    value,
    prepare: (server) => project(server),
    see: async (server, given) => await answeredNew(server, { ...allow, ...given }),
  });

export const resolveApproval: readonly Row[] = [
  row({
    rpc,
    field: "approval_id",
    unset: ["refused", "INVALID_ARGUMENT approval_id"],
    set: ["that one is answered", [ALLOWED, "allow_once"]],
    value: ({ approvalId }: Asked) => ({ approvalId }),
    prepare: one,
    see: async (server, given) => await answered(server, { ...allow, ...given }),
  }),
  row({
    rpc,
    field: "option_id",
    unset: ["refused without an answer", "INVALID_ARGUMENT answer"],
    set: ["that option is chosen", [ALLOWED, "allow_always"]],
    value: ({ optionId }: { optionId: string }) => ({ answer: { case: "optionId", value: optionId } }),
    async prepare(server) {
      const { approvalId } = await one(server);
      const { approvals } = await server.approvals.listApprovals({ state: PENDING });
      return { approvalId, optionId: approvals[0]!.options.find(({ kind }) => kind === "allow_always")!.id };
    },
    see: async (server, given, { approvalId }) => await answered(server, { approvalId, ...given }),
  }),
  row({
    rpc,
    field: "allow",
    unset: ["refused without an answer", "INVALID_ARGUMENT answer"],
    set: ["it is allowed once", [ALLOWED, "allow_once"]],
    value: allow,
    prepare: one,
    see: async (server, given, { approvalId }) => await answered(server, { approvalId, ...given }),
  }),
  untaken("edited_input", { editedInput: {} }),
  untaken("answers", { answers: {} }),
  untaken("message", { message: "go on" }),
  row({
    rpc,
    field: "remember",
    unset: ["it holds this once", [ALLOWED, "allow_once"]],
    set: ["the agent remembers it for the session", [ALLOWED, "allow_always"]],
    value: { remember: ApprovalRemember.SESSION },
    prepare: (server) => project(server),
    see: async (server, given) => await answeredNew(server, { ...allow, ...given }),
  }),
  row({
    rpc,
    field: "request_id",
    unset: ["each call counts", ["done", "FAILED_PRECONDITION APPROVAL_RESOLVED"]],
    set: ["a call that is repeated counts once, and has the first answer", ["done", "done"]],
    value: { requestId: "once" },
    prepare: (server) => project(server),
    async see(server, given) {
      const request = { approvalId: (await asked(server, "web")).approvalId, ...allow, ...given };
      const resolve = () => outcomeOf(server.approvals.resolveApproval(request), () => "done");
      return [await resolve(), await resolve()];
    },
  }),
];
