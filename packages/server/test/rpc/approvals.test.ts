import { Code } from "@connectrpc/connect";
import { type Approval, ApprovalRemember, ApprovalState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { strange } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";
import { converse, type Opened, open, project } from "./fixture/stratavore.js";

const { PENDING, ALLOWED, REJECTED } = ApprovalState;

/** A session of a new runner whose agent asks for a permission; the question's id is last. */
async function asking(
  opened: Opened,
  projectName: string,
  text = "!permission Touch the moon",
  agent = "demo",
) {
  const created = await opened.runners.createRunner({ projectName, spec: { agent } });
  const runnerId = created.runner!.id;
  await opened.runners.waitRunner({ runnerId, statuses: [2] });
  const { session } = await opened.sessions.createSession({ runnerId });
  const sessionId = session!.id;
  const { turn } = await opened.sessions.sendMessage({ sessionId, text });
  const approvalId = await pendingOf(opened, sessionId);
  return { projectName, runnerId, sessionId, turnId: turn!.id, approvalId };
}

async function pendingOf(opened: Opened, sessionId: string): Promise<string> {
  const of = async () => (await opened.approvals.listApprovals({ sessionId })).approvals;
  await expect.poll(async () => (await of()).length).toBe(1);
  return (await of())[0]!.id;
}

const chosenBy = ({ options, optionId }: Approval) => options.find(({ id }) => id === optionId)?.kind;

test("approvals are listed oldest first, narrowed by each filter, page by page", async () => {
  const opened = await open();
  await project(opened);
  await project(opened, "api");
  const asked = [];
  for (const name of ["web", "api", "web", "api", "web"]) asked.push(await asking(opened, name));
  const [a, b, c, d, e] = asked.map(({ approvalId }) => approvalId);
  const list = async (request: object = {}) => {
    const { approvals } = await opened.approvals.listApprovals(request);
    return approvals.map(({ id }) => id);
  };
  expect(await list()).toEqual([a, b, c, d, e]);
  expect(await list({ projectName: "api" })).toEqual([b, d]);
  expect(await list({ runnerId: asked[2]!.runnerId })).toEqual([c]);
  expect(await list({ sessionId: asked[3]!.sessionId })).toEqual([d]);
  expect(await list({ sessionId: asked[3]!.sessionId, projectName: "web" })).toEqual([]);
  expect(await list({ projectName: "none" })).toEqual([]);

  const answer = (approvalId: string, allow: boolean) =>
    opened.approvals.resolveApproval({ approvalId, answer: { case: "allow", value: allow } });
  await answer(b!, true);
  await answer(e!, false);
  expect(await list()).toEqual([a, c, d]);
  expect(await list({ state: PENDING })).toEqual([a, c, d]);
  expect(await list({ state: ALLOWED })).toEqual([b]);
  expect(await list({ state: REJECTED, projectName: "web" })).toEqual([e]);
  expect(await list({ state: REJECTED, projectName: "api" })).toEqual([]);
  await opened.sessions.cancelTurn({ sessionId: asked[0]!.sessionId });
  await expect.poll(() => list({ state: ApprovalState.CANCELLED })).toEqual([a]);

  const late = await asking(opened, "web");
  const first = await opened.approvals.listApprovals({ limit: 2 });
  expect(first.approvals.map(({ id }) => id)).toEqual([c, d]);
  // An answer between two pages takes nothing from the later one.
  await answer(c!, true);
  const second = await opened.approvals.listApprovals({ limit: 2, pageToken: first.nextPageToken });
  expect(second.approvals.map(({ id }) => id)).toEqual([late.approvalId]);
  expect(second.nextPageToken).toBe("");
  expect(await failureOf(opened.approvals.listApprovals({ pageToken: "garbage" }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["page_token"],
  });
});

test("an answer for the session is one that the agent remembers", async () => {
  const opened = await open();
  await project(opened);
  const { approvalId, sessionId, turnId } = await asking(opened, "web");
  const SESSION = ApprovalRemember.SESSION;
  const resolve = (request: object) => opened.approvals.resolveApproval({ approvalId, ...request });
  const { approvals } = await opened.approvals.listApprovals({});
  const once = approvals[0]!.options.find(({ kind }) => kind === "allow_once")!;
  expect(
    await failureOf(resolve({ answer: { case: "optionId", value: once.id }, remember: SESSION })),
  ).toMatchObject({ code: Code.InvalidArgument, fields: ["remember"] });
  const { approval } = await resolve({ answer: { case: "allow", value: true }, remember: SESSION });
  expect(chosenBy(approval!)).toBe("allow_always");
  for await (const _ of opened.sessions.streamSession({ sessionId, untilTurnId: turnId }));
  const { messages } = await opened.sessions.getSessionTranscript({ sessionId });
  expect(messages.at(-1)!.content).toContain(approval!.optionId);

  await opened.sessions.sendMessage({ sessionId, text: "!permission again" });
  const again = { approvalId: await pendingOf(opened, sessionId), remember: SESSION };
  const no = await resolve({ ...again, answer: { case: "allow", value: false } });
  expect(chosenBy(no.approval!)).toBe("reject_always");
});

test("an agent that remembers nothing cannot be told to, and what it offers alone can be answered", async () => {
  const options = [{ optionId: "go", name: "Go", kind: "allow_once" }];
  const ask = { sessionId: "s", toolCall: { toolCallId: "t", title: "Go?" }, options };
  const terse = strange(
    "terse",
    `({ id, method, result }, say) => {
      if (method === "initialize") say({ id, result: { protocolVersion: 1, agentCapabilities: {} } });
      else if (method === "session/new") say({ id, result: { sessionId: "s" } });
      else if (method === "session/prompt") {
        globalThis.prompted = id;
        say({ id: 77, method: "session/request_permission", params: ${JSON.stringify(ask)} });
      } else if (id === 77) say({ id: globalThis.prompted, result: { stopReason: "end_turn" } });
    }`,
  );
  const opened = await open({ agents: [terse] });
  await project(opened);
  const { approvalId } = await asking(opened, "web", "hello", "terse");
  const resolve = (request: object) => opened.approvals.resolveApproval({ approvalId, ...request });
  const yes = { case: "allow", value: true };
  const refused = { code: Code.FailedPrecondition, reason: "APPROVAL_OPTION" };
  expect(await failureOf(resolve({ answer: yes, remember: ApprovalRemember.SESSION }))).toMatchObject(
    refused,
  );
  expect(await failureOf(resolve({ answer: { case: "allow", value: false } }))).toMatchObject(refused);
  expect((await resolve({ answer: yes })).approval).toMatchObject({ state: ALLOWED, optionId: "go" });
});

const untaken: [string, object][] = [
  ["edited_input", { editedInput: { command: "ls" } }],
  ["answers", { answers: { colour: "blue" } }],
  ["message", { message: "why not" }],
];

test("what the agent has no place for is refused, and the question still waits", async () => {
  const opened = await open();
  await project(opened);
  const { approvalId, sessionId } = await asking(opened, "web");
  const answer = { case: "allow" as const, value: true };
  for (const [field, set] of untaken) {
    expect(await failureOf(opened.approvals.resolveApproval({ approvalId, answer, ...set }))).toMatchObject({
      code: Code.InvalidArgument,
      fields: [field],
      message: expect.stringContaining("this agent takes none"),
    });
  }
  expect(await failureOf(opened.approvals.resolveApproval({ approvalId }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["answer"],
  });
  expect(await pendingOf(opened, sessionId)).toBe(approvalId);
  const once = { approvalId, answer, requestId: "r" };
  const { approval } = await opened.approvals.resolveApproval(once);
  expect(approval!.state).toBe(ALLOWED);
  expect((await opened.approvals.resolveApproval(once)).approval).toEqual(approval);
  const other = { ...once, answer: { case: "allow" as const, value: false } };
  expect(await failureOf(opened.approvals.resolveApproval(other))).toMatchObject({
    code: Code.InvalidArgument,
  });
  await converse(opened, sessionId, "!say on");
});
