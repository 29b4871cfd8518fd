import { Code, ConnectError } from "@connectrpc/connect";
import { EventType, RunnerActivity, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse, strange } from "./house.js";

test("a second session becomes active, and the first can be resumed", async () => {
  const house = await openHouse();
  const { runnerId, sessionId: first } = await house.talking("plain");
  await house.say(first, "!say one");
  const { session } = await house.sessions.createSession({ runnerId });
  const second = session!.id;
  expect(await house.runner(runnerId)).toMatchObject({ sessionId: second, activity: RunnerActivity.IDLE });
  expect(await house.session(first)).toMatchObject({ status: SessionStatus.RESUMABLE });
  expect((await house.session(first)).reason).toMatch(/another session became active/);
  await expect(house.send(first, "more")).rejects.toThrow(/RESUMABLE and not its runner's active one/);
  await house.say(second, "!say two");
  expect(await house.answer(first)).toBe("one");
  expect(await house.answer(second)).toBe("two");
  const [left] = await house.events(EventType.SESSION_ENDED);
  expect(left).toMatchObject({ sessionId: first, runnerId });

  await house.runners.stopRunner({ runnerId });
  expect((await house.session(first)).status).toBe(SessionStatus.RESUMABLE);
  expect((await house.session(second)).status).toBe(SessionStatus.RESUMABLE);
});

test("sessions of an agent that cannot take them up again end with it", async () => {
  const house = await openHouse({ forgetful: { capabilities: { loadSession: false, resume: false } } });
  const { runnerId, sessionId: first } = await house.talking("forgetful");
  const { session } = await house.sessions.createSession({ runnerId });
  await house.runners.stopRunner({ runnerId });
  expect(await house.session(first)).toMatchObject({ status: SessionStatus.ENDED });
  expect(await house.session(session!.id)).toMatchObject({ status: SessionStatus.ENDED });
  expect((await house.session(first)).endedAt).toBeDefined();
});

test("another session is refused while a turn runs", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!hang");
  await expect(house.sessions.createSession({ runnerId })).rejects.toMatchObject({
    code: Code.FailedPrecondition,
  });
  await house.send(sessionId, "!say next", { whenBusy: 2 });
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.CANCELLED });
  await expect.poll(() => house.answer(sessionId)).toBe("next");
});

test("a turn that began while another session was being opened is cancelled when that one becomes active", async () => {
  const house = await openHouse({ slow: { on: { "session/new": { delayMs: 800 } } } });
  const { runnerId, sessionId: first } = await house.talking("slow");
  const opening = house.sessions.createSession({ runnerId });
  await expect.poll(async () => (await house.sessions.listSessions({ runnerId })).sessions.length).toBe(2);
  const running = await house.send(first, "!say one\n!permission rm");
  const queued = await house.send(first, "!say never");
  const second = (await opening).session!.id;
  expect(await house.over(first, queued.id)).toMatchObject({
    state: TurnState.CANCELLED,
    stopReason: "session_left",
  });
  expect(await house.over(first, running.id)).toMatchObject({ state: TurnState.CANCELLED });
  expect((await house.approvals.listApprovals({})).approvals).toEqual([]);
  expect((await house.session(first)).status).toBe(SessionStatus.RESUMABLE);
  expect(await house.say(second, "!say two")).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.runner(runnerId)).toMatchObject({ activity: RunnerActivity.IDLE, sessionId: second });
});

test("a session that fails to open leaves the active one as it is", async () => {
  const once = strange(
    "once",
    `({ id, method }, say) => {
      if (method === "initialize") return say({ id, result: { protocolVersion: 1 } });
      if (method !== "session/new") return say({ id, result: { stopReason: "end_turn" } });
      globalThis.opened = (globalThis.opened ?? 0) + 1;
      if (opened === 1) say({ id, result: { sessionId: "s" } });
      else if (opened === 2) say({ id, error: { code: -32603, message: "one is enough" } });
      else if (opened === 3) say({ id, result: {} });
      else say({ id, result: { sessionId: 4 } });
    }`,
  );
  const house = await openHouse({}, { agents: [once] });
  const { runnerId, sessionId } = await house.talking("once");
  await expect(house.sessions.createSession({ runnerId })).rejects.toThrow(/one is enough/);
  for (const _ of ["no id", "no text"]) {
    await expect(house.sessions.createSession({ runnerId })).rejects.toThrow(/no usable id/);
  }
  expect(await house.runner(runnerId)).toMatchObject({ sessionId });
  expect(await house.say(sessionId, "hello")).toMatchObject({ state: TurnState.COMPLETED });
});

test("a caller who gives up hears that it took too long; nobody is left waiting when the server closes", async () => {
  const house = await openHouse({ stuck: { on: { "session/new": { hang: true } } } });
  const runnerId = await house.running("stuck");
  const early = await house.sessions.createSession({ runnerId }, { timeoutMs: 300 }).catch(ConnectError.from);
  expect(early).toMatchObject({ code: Code.DeadlineExceeded });
  const late = house.sessions.createSession({ runnerId }).catch(ConnectError.from);
  await expect.poll(async () => (await house.sessions.listSessions({ runnerId })).sessions.length).toBe(2);
  await house.close();
  expect(await late).toMatchObject({ code: Code.Unavailable });
  await house.open();
  expect((await house.runner(runnerId)).status).toBe(RunnerStatus.RUNNING);
});
