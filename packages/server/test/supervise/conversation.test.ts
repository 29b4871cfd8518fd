import { EventType, RunnerStatus, SessionStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "./house.js";

test("a conversation is kept, its usage counted and its events recorded", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  const turn = await house.say(sessionId, "!usage 10 20 30 40 5 0.25\n!chunks 5");
  expect(turn).toMatchObject({ state: TurnState.COMPLETED, stopReason: "end_turn" });
  expect(turn.usage).toMatchObject({
    inputTokens: 10n,
    outputTokens: 20n,
    cacheReadTokens: 30n,
    cacheWriteTokens: 40n,
    reasoningTokens: 5n,
    costNanos: 250_000_000n,
    currency: "USD",
  });
  const again = await house.say(sessionId, "!usage 1 1 0 0 0 0.5");
  expect(again.usage).toMatchObject({ inputTokens: 1n, costNanos: 500_000_000n });

  const session = await house.session(sessionId);
  expect(session).toMatchObject({ status: SessionStatus.IDLE, tokenCount: 72n });
  expect(session.usage).toMatchObject({ inputTokens: 11n, costNanos: 750_000_000n });
  expect((await house.runner(runnerId)).usage).toMatchObject({ outputTokens: 21n });
  expect(await house.answer(sessionId)).toBe("chunk 1\nchunk 2\nchunk 3\nchunk 4\nchunk 5\n");
  const types = await house.events(
    EventType.RUNNER_STARTED,
    EventType.SESSION_CREATED,
    EventType.TURN_STARTED,
    EventType.TURN_COMPLETED,
  );
  expect(types.map(({ eventType }) => EventType[eventType])).toEqual([
    "RUNNER_STARTED",
    "SESSION_CREATED",
    "TURN_STARTED",
    "TURN_COMPLETED",
    "TURN_STARTED",
    "TURN_COMPLETED",
  ]);
  expect(house.errors).toEqual([]);
});

test("messages that come while a turn runs wait for it, in order", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const gate = `${house.project}/gate`;
  const first = await house.send(sessionId, `!wait ${gate}\n!say one`);
  const second = await house.send(sessionId, "!say two");
  const third = await house.send(sessionId, "!say three");
  expect([second.state, third.state]).toEqual([TurnState.QUEUED, TurnState.QUEUED]);
  await house.runners.createRunner({
    projectName: "p",
    spec: { agent: "exec", args: ["/bin/sh", "-c", `: >${gate}`] },
  });
  await house.over(sessionId, third.id);
  expect(await house.answer(sessionId)).toBe("onetwothree");
  const roles = (await house.transcript(sessionId)).map(({ role, turnId }) => [role, turnId]);
  expect(roles).toEqual(
    [first, second, third].flatMap(({ id }) => [
      ["user", id],
      ["assistant", id],
    ]),
  );
});

test("a turn that the agent ends with an error is FAILED and says why; the next one goes on", async () => {
  const house = await openHouse();
  const { sessionId } = await house.talking("plain");
  const failed = await house.say(sessionId, "!error -32001 no model today");
  expect(failed).toMatchObject({ state: TurnState.FAILED, stopReason: "error" });
  expect(failed.error).toMatch(/no model today.*-32001/);
  expect((await house.say(sessionId, "!say hello")).state).toBe(TurnState.COMPLETED);
});

test("the prompt of a new runner opens its session and is answered", async () => {
  const house = await openHouse();
  const runnerId = await house.running("plain", { prompt: "!say hello", title: "greeting" });
  await expect.poll(async () => (await house.runner(runnerId)).sessionId).not.toBe("");
  const { sessionId } = await house.runner(runnerId);
  const { latestTurn, title } = await house.session(sessionId);
  expect(title).toBe("greeting");
  await house.over(sessionId, latestTurn!.id);
  expect(await house.answer(sessionId)).toBe("hello");
});

test("every kind of part that the agent takes reaches it, and the others are refused by their place", async () => {
  const house = await openHouse({ deaf: { capabilities: { image: false, embeddedContext: false } } });
  const text = { kind: { case: "text" as const, value: "and text" } };
  const image = {
    kind: { case: "blob" as const, value: { mimeType: "image/png", data: new Uint8Array([1]) } },
  };
  const file = {
    kind: {
      case: "blob" as const,
      value: { mimeType: "text/plain", data: new TextEncoder().encode("in a file"), uri: "file:///a" },
    },
  };
  const bytes = {
    kind: {
      case: "blob" as const,
      value: { mimeType: "application/pdf", data: new Uint8Array([0xff]), name: "b" },
    },
  };
  const link = { kind: { case: "blob" as const, value: { uri: "file:///c", name: "c" } } };
  const { sessionId } = await house.talking("plain");
  const turn = await house.send(sessionId, "!echo", { parts: [text, image, file, bytes, link] });
  expect(await house.over(sessionId, turn.id)).toMatchObject({ state: TurnState.COMPLETED });
  const echoed = (await house.transcript(sessionId))
    .filter(({ role }) => role === "assistant")
    .flatMap(({ parts }) => parts)
    .map(({ kind }) =>
      kind.case === "blob" ? [kind.value.mimeType, kind.value.uri, [...kind.value.data]] : kind.value,
    );
  expect(echoed).toEqual([
    "and text",
    ["image/png", "", [1]],
    ["text/plain", "file:///a", [...new TextEncoder().encode("in a file")]],
    ["application/pdf", "b", [0xff]],
    ["", "file:///c", []],
  ]);

  const deaf = await house.talking("deaf");
  await expect(house.send(deaf.sessionId, "!echo", { parts: [text, image] })).rejects.toThrow(
    /parts\[1\].*image/,
  );
  await expect(house.send(deaf.sessionId, "", { parts: [file] })).rejects.toThrow(/parts\[0\].*uri/);
  const thinking = { kind: { case: "thinking" as const, value: "hm" } };
  await expect(house.send(sessionId, "", { parts: [thinking] })).rejects.toThrow(/parts\[0\]/);
  const empty = { kind: { case: "blob" as const, value: { name: "nothing" } } };
  await expect(house.send(sessionId, "x", { parts: [empty] })).rejects.toThrow(/parts\[0\].*data or a uri/);
});

test("a runner that was stopped keeps its transcript, and takes no more messages", async () => {
  const house = await openHouse();
  const { runnerId, sessionId } = await house.talking("plain");
  await house.say(sessionId, "!say hello");
  await house.runners.stopRunner({ runnerId });
  const session = await house.session(sessionId);
  expect(session.status).toBe(SessionStatus.RESUMABLE);
  expect(await house.answer(sessionId)).toBe("hello");
  await expect(house.send(sessionId, "more")).rejects.toThrow(/TERMINATED/);
  expect((await house.runner(runnerId)).status).toBe(RunnerStatus.TERMINATED);
});
