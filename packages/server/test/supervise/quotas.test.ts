import { Code } from "@connectrpc/connect";
import { RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse } from "./house.js";

test("max_concurrent_runners holds when many are created at once, and frees up with each end", async () => {
  const house = await openHouse();
  await house.projects.createProject({ name: "q", path: house.project, quota: { maxConcurrentRunners: 3 } });
  const create = () =>
    house.runners.createRunner({ projectName: "q", spec: { agent: "exec", args: ["/bin/sleep", "600"] } });
  const results = await Promise.allSettled(Array.from({ length: 12 }, create));
  const created = results.filter((result) => result.status === "fulfilled");
  expect(created.length).toBe(3);
  for (const refused of results.filter((result) => result.status === "rejected")) {
    expect(refused.reason).toMatchObject({ code: Code.ResourceExhausted });
    expect(String(refused.reason)).toMatch(/used 3 of its max_concurrent_runners of 3/);
  }
  await house.runners.stopRunner({ runnerId: created[0]!.value.runner!.id, force: true });
  await create();
  await expect(create()).rejects.toMatchObject({ code: Code.ResourceExhausted });
});

test("a project without tokens left gets no runner, no turn, and none of those that wait", async () => {
  const house = await openHouse();
  await house.projects.createProject({ name: "q", path: house.project, quota: { maxTokensPerDay: 100n } });
  const { runner } = await house.runners.createRunner({ projectName: "q", spec: { agent: "plain" } });
  await house.status(runner!.id, RunnerStatus.RUNNING);
  const { session } = await house.sessions.createSession({ runnerId: runner!.id });
  const sessionId = session!.id;
  expect(await house.say(sessionId, "!usage 60 30 1000")).toMatchObject({ state: TurnState.COMPLETED });
  // Cache reads do not count: there is room for one more, which may overshoot.
  const over = await house.send(sessionId, `!usage 50 50\n!wait ${house.project}/gate`);
  const waiting = await house.send(sessionId, "!say never");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(`${house.project}/gate`, "");
  expect(await house.over(sessionId, over.id)).toMatchObject({ state: TurnState.COMPLETED });
  expect(await house.over(sessionId, waiting.id)).toMatchObject({
    state: TurnState.FAILED,
    stopReason: "quota_exceeded",
    error: expect.stringMatching(/190 of its max_tokens_per_day of 100/),
  });
  await expect(house.send(sessionId, "more")).rejects.toMatchObject({ code: Code.ResourceExhausted });
  await expect(
    house.runners.createRunner({ projectName: "q", spec: { agent: "plain" } }),
  ).rejects.toMatchObject({ code: Code.ResourceExhausted });
  expect(await house.answer(sessionId)).toBe("");
  // Another project is not concerned.
  const { sessionId: other } = await house.talking("plain");
  expect(await house.say(other, "!say hello")).toMatchObject({ state: TurnState.COMPLETED });
});
