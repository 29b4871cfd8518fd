import { Code } from "@connectrpc/connect";
import { EventType, RunnerActivity, SessionStatus, TurnState, WhenBusy } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "../supervise/house.js";
import { failureOf } from "./fixture/failure.js";

test("a turn is cancelled: the one that runs, the one that is named, the one that waits", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const cancel = (request: object) => house.sessions.cancelTurn({ sessionId, ...request });
  expect(await failureOf(cancel({}))).toMatchObject({ code: Code.FailedPrecondition, reason: "NO_TURN" });
  const first = await house.send(sessionId, "!hang");
  const waiting = await house.send(sessionId, "!say never");
  const last = await house.send(sessionId, "!hang");
  expect((await cancel({ turnId: waiting.id })).turn).toMatchObject({
    id: waiting.id,
    state: TurnState.CANCELLED,
    stopReason: "cancelled",
  });
  expect((await cancel({})).turn!.id).toBe(first.id);
  expect(await house.over(sessionId, first.id)).toMatchObject({ state: TurnState.CANCELLED });
  await cancel({ turnId: last.id });
  const ended = await house.over(sessionId, last.id);
  expect(ended).toMatchObject({ state: TurnState.CANCELLED });
  expect((await cancel({ turnId: last.id })).turn).toMatchObject({ id: last.id, endedAt: ended.endedAt });
  expect(await house.answer(sessionId)).toBe("");
});

test("a cancel that names no turn of the session is refused; one with a request_id counts once", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const other = await house.talking("plain");
  const foreign = await house.say(other.sessionId, "!say one");
  const cancel = (request: object) => house.sessions.cancelTurn({ sessionId, ...request });
  expect(await failureOf(cancel({ turnId: "turn_none" }))).toMatchObject({ code: Code.NotFound });
  expect(await failureOf(cancel({ turnId: foreign.id }))).toMatchObject({
    code: Code.InvalidArgument,
    fields: ["turn_id"],
  });
  expect(await failureOf(cancel({ sessionId: "session_none" }))).toMatchObject({ code: Code.NotFound });
  const first = await house.send(sessionId, "!hang");
  expect((await cancel({ requestId: "once" })).turn!.id).toBe(first.id);
  await house.over(sessionId, first.id);
  const second = await house.send(sessionId, "!hang");
  expect((await cancel({ requestId: "once" })).turn!.id).toBe(first.id);
  expect((await cancel({})).turn!.id).toBe(second.id);
});

test("a session ends for good: its turn by cancel, what waits at once, and its runner is free", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const running = await house.send(sessionId, "!permission rm");
  const queued = await house.send(sessionId, "!say never");
  await expect.poll(async () => (await house.approvals.listApprovals({})).approvals.length).toBe(1);
  const { session } = await house.sessions.endSession({ sessionId, requestId: "e" });
  expect(session).toMatchObject({ status: SessionStatus.ENDED, reason: "ended on request" });
  expect(session!.endedAt).toBeDefined();
  expect(await house.over(sessionId, running.id)).toMatchObject({ state: TurnState.CANCELLED });
  expect(await house.over(sessionId, queued.id)).toMatchObject({
    state: TurnState.CANCELLED,
    stopReason: "session_ended",
  });
  expect((await house.approvals.listApprovals({})).approvals).toEqual([]);
  expect(await house.runner(runnerId)).toMatchObject({ sessionId: "", activity: RunnerActivity.IDLE });
  expect((await house.sessions.endSession({ sessionId })).session!.endedAt).toEqual(session!.endedAt);
  expect((await house.sessions.endSession({ sessionId, requestId: "e" })).session).toEqual(session);
  expect(await house.events(EventType.SESSION_ENDED)).toHaveLength(1);
  expect(await failureOf(house.sessions.sendMessage({ sessionId, text: "more" }))).toMatchObject({
    reason: "SESSION_NOT_ACTIVE",
  });
  const next = (await house.sessions.createSession({ runnerId })).session!.id;
  expect(await house.say(next, "!say hello")).toMatchObject({ state: TurnState.COMPLETED });
});

test("a turn that ignores its cancel does not keep its session open", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!ignore-cancel\n!say ready\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("ready");
  await house.sessions.endSession({ sessionId });
  expect(await house.over(sessionId, turn.id)).toMatchObject({
    state: TurnState.CANCELLED,
    stopReason: "session_ended",
  });
});

test("a resumable session ends without a runner; a process's own session only with it", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.runners.stopRunner({ runnerId });
  expect((await house.sessions.endSession({ sessionId })).session!.status).toBe(SessionStatus.ENDED);
  const exec = await house.runner(await house.running("exec", { args: ["sleep", "600"] }));
  expect(await failureOf(house.sessions.endSession({ sessionId: exec.sessionId }))).toMatchObject({
    code: Code.FailedPrecondition,
    reason: "OWN_SESSION",
  });
  await house.runners.stopRunner({ runnerId: exec.id });
  const { session } = await house.sessions.endSession({ sessionId: exec.sessionId });
  expect(session).toMatchObject({ status: SessionStatus.ENDED, reason: "stopped on request" });
});

test("a message that steers goes before those that were queued earlier", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  await house.send(sessionId, "!hang");
  const queued = await house.send(sessionId, "!say queued");
  await house.send(sessionId, "!say steered", { whenBusy: WhenBusy.STEER });
  await house.over(sessionId, queued.id);
  expect(await house.answer(sessionId)).toBe("steeredqueued");
});
