import { ApprovalState, EventType, PermissionMode, RunnerActivity, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "./house.js";

const pendingOf = async (house: Awaited<ReturnType<typeof openHouse>>) =>
  (await house.approvals.listApprovals({})).approvals;

async function asked(house: Awaited<ReturnType<typeof openHouse>>, agent = "plain") {
  const { runnerId, sessionId } = await house.talking(agent);
  const turn = await house.send(sessionId, "!permission rm -r build\n!say after");
  await expect.poll(async () => (await pendingOf(house)).length).toBe(1);
  return { runnerId, sessionId, turn, approval: (await pendingOf(house))[0]! };
}

test("a question is announced, answered once, and the turn goes on with the answer", async () => {
  const house = await openHouse();
  const { runnerId, sessionId, turn, approval } = await asked(house);
  expect(approval).toMatchObject({ state: ApprovalState.PENDING, runnerId, sessionId, turnId: turn.id });
  expect(approval.toolCall?.title).toContain("rm -r build");
  expect((await house.runner(runnerId)).activity).toBe(RunnerActivity.AWAITING_APPROVAL);
  const approvalId = approval.id;
  await expect(
    house.approvals.resolveApproval({ approvalId, answer: { case: "optionId", value: "no-such" } }),
  ).rejects.toThrow(/is not offered/);
  const option = approval.options.find(({ kind }) => kind === "reject_once")!;
  const { approval: resolved } = await house.approvals.resolveApproval({
    approvalId,
    answer: { case: "optionId", value: option.id },
  });
  expect(resolved).toMatchObject({ state: ApprovalState.REJECTED, optionId: option.id });
  await expect(
    house.approvals.resolveApproval({ approvalId, answer: { case: "allow", value: true } }),
  ).rejects.toThrow(/an answer counts once/);
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.answer(sessionId)).toContain("after");
  expect((await house.runner(runnerId)).activity).toBe(RunnerActivity.IDLE);
  const events = await house.events(EventType.APPROVAL_REQUESTED, EventType.APPROVAL_RESOLVED);
  expect(events.map(({ eventType }) => eventType)).toEqual([
    EventType.APPROVAL_REQUESTED,
    EventType.APPROVAL_RESOLVED,
  ]);
});

test("two answers at once: one counts", async () => {
  const house = await openHouse();
  const { approval, sessionId, turn } = await asked(house);
  const answer = { case: "allow" as const, value: true };
  const results = await Promise.allSettled(
    [1, 2, 3].map(() => house.approvals.resolveApproval({ approvalId: approval.id, answer })),
  );
  expect(results.filter(({ status }) => status === "fulfilled").length).toBe(1);
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
});

test("a question is withdrawn when its turn is steered away, its runner stopped, or its agent dies", async () => {
  const house = await openHouse();
  const steered = await asked(house);
  await house.send(steered.sessionId, "!say instead", { whenBusy: 2 });
  expect(await house.over(steered.sessionId, steered.turn.id)).toMatchObject({ state: TurnState.CANCELLED });
  await expect.poll(() => house.answer(steered.sessionId)).toContain("instead");
  expect(await pendingOf(house)).toEqual([]);

  const stopped = await asked(house);
  await house.runners.stopRunner({ runnerId: stopped.runnerId });
  expect(await pendingOf(house)).toEqual([]);

  const killed = await asked(house);
  process.kill(-(await house.runner(killed.runnerId)).pid, "SIGKILL");
  await expect.poll(async () => (await pendingOf(house)).length).toBe(0);
  const resolved = await house.events(EventType.APPROVAL_RESOLVED);
  expect(resolved.length).toBe(3);
});

test("a permission mode answers by itself", async () => {
  const house = await openHouse();
  for (const [mode, answer] of [
    [PermissionMode.ALLOW, /allow/i],
    [PermissionMode.DENY, /reject/i],
  ] as const) {
    const runnerId = await house.running("plain", { permissionMode: mode });
    const { session } = await house.sessions.createSession({ runnerId });
    expect(await house.say(session!.id, "!permission rm")).toMatchObject({ state: TurnState.COMPLETED });
    expect(await house.answer(session!.id)).toMatch(answer);
  }
  expect(await pendingOf(house)).toEqual([]);
});
