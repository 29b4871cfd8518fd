import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { exceeded, limitedHouse, samples, talking } from "./quota-house.js";

const { COMPLETED, QUEUED } = TurnState;
const refused = { code: Code.ResourceExhausted };

const limited = (maxTokensPerDay: bigint, action = QuotaAction.UNSPECIFIED) =>
  limitedHouse({ maxTokensPerDay }, { maxTokensPerDay: action });

test("the event comes once, with the turn that used the last tokens, however many messages are refused", async () => {
  const house = await limited(100n);
  const { runnerId, sessionId } = await talking(house);
  await house.say(sessionId, "!usage 50 49 1000");
  expect(await exceeded(house)).toEqual([]);
  await house.say(sessionId, "!usage 1 0");
  const said = {
    runnerId,
    projectName: "p",
    quota: "max_tokens_per_day",
    limit: 100,
    value: 100,
    action: "refuse",
    subject: "project:p",
    message: 'quota max_tokens_per_day 100 of project "p" used up: 100 tokens',
  };
  expect(await exceeded(house)).toEqual([said]);
  for (let n = 0; n < 3; n++) await expect(house.send(sessionId, "more")).rejects.toMatchObject(refused);
  expect(await exceeded(house)).toEqual([said]);
  expect((await house.runner(runnerId)).status).toBe(RunnerStatus.RUNNING);
});

test("a runner's own limit counts its own tokens alone, and refuses its messages alone", async () => {
  const house = await limited(1000n);
  const first = await talking(house, { maxTokensPerDay: 100n });
  const second = await talking(house);
  await house.say(second.sessionId, "!usage 300 0");
  expect(await house.say(first.sessionId, "!usage 99 0")).toMatchObject({ state: COMPLETED });
  expect(await house.say(first.sessionId, "!usage 5 0")).toMatchObject({ state: COMPLETED });
  const why = /runner runner_\w+ has used 104 of its max_tokens_per_day of 100/;
  await expect(house.send(first.sessionId, "more")).rejects.toThrow(why);
  expect(await exceeded(house)).toMatchObject([
    { runnerId: first.runnerId, subject: `runner:${first.runnerId}`, limit: 100, value: 104 },
  ]);
  expect(await house.say(second.sessionId, "!usage 10 0")).toMatchObject({ state: COMPLETED });
  await talking(house);
});

test("of two limits the stricter wins: the project's may be the smaller one", async () => {
  const house = await limited(100n);
  const { sessionId } = await talking(house, { maxTokensPerDay: 1_000_000n });
  await house.say(sessionId, "!usage 150 0");
  await expect(house.send(sessionId, "more")).rejects.toThrow(/project "p" has used 150/);
});

test("a limit that is lowered below what is used says so, and one that is raised lets go on", async () => {
  const house = await limited(1000n);
  const { sessionId } = await talking(house);
  await house.say(sessionId, "!usage 150 0");
  const update = (maxTokensPerDay: bigint) =>
    house.projects.updateProject({ name: "p", quota: { maxTokensPerDay } });
  const { warnings } = await update(100n);
  expect(warnings.join()).toContain('quota max_tokens_per_day 100 of project "p" used up: 150 tokens');
  await update(90n);
  expect(await exceeded(house)).toMatchObject([
    { runnerId: "", limit: 100, value: 150, subject: "project:p" },
  ]);
  await expect(house.send(sessionId, "more")).rejects.toMatchObject(refused);
  expect((await update(0n)).warnings).toEqual([]);
  expect(await house.say(sessionId, "!say on")).toMatchObject({ state: COMPLETED });
});

test("WARN: all goes on, and the event, the runner and the next runner's answer say it", async () => {
  const house = await limited(100n, QuotaAction.WARN);
  const { runnerId, sessionId } = await talking(house);
  await house.say(sessionId, "!usage 150 0");
  expect(await exceeded(house)).toMatchObject([{ action: "warn", value: 150 }]);
  const text = 'quota max_tokens_per_day 100 of project "p" used up: 150 tokens';
  expect((await house.runner(runnerId)).warnings).toContain(text);
  expect(await house.say(sessionId, "!usage 50 0")).toMatchObject({ state: COMPLETED });
  const { runner, warnings } = await house.runners.createRunner({
    projectName: "p",
    spec: { agent: "exec", args: ["/bin/true"] },
  });
  expect(warnings).toEqual([text.replace("150", "200")]);
  expect(runner!.warnings).toEqual(warnings);
  expect((await exceeded(house)).length).toBe(1);
});

test("PAUSE: what is queued waits on a paused runner, until the limit is raised and the runner resumed", async () => {
  const house = await limited(100n, QuotaAction.PAUSE);
  const { runnerId, sessionId } = await talking(house);
  const gate = join(house.project, "gate");
  const over = await house.send(sessionId, `!usage 150 0\n!wait ${gate}`);
  const queued = await house.send(sessionId, "!say at last");
  writeFileSync(gate, "");
  expect(await house.over(sessionId, over.id)).toMatchObject({ state: COMPLETED });
  const runner = await house.status(runnerId, RunnerStatus.PAUSED);
  expect(runner.reason).toBe('quota max_tokens_per_day 100 of project "p" used up: 150 tokens');
  expect((await house.session(sessionId)).latestTurn).toMatchObject({ id: queued.id, state: QUEUED });
  await expect(house.send(sessionId, "more")).rejects.toMatchObject(refused);
  await samples(house, runnerId, 3);
  expect(await exceeded(house)).toMatchObject([{ action: "refuse" }, { action: "pause", runnerId }]);
  await house.projects.updateProject({ name: "p", quota: { maxTokensPerDay: 1000n } });
  const resumed = await house.runners.resumeRunner({ runnerId });
  expect(resumed.runner!.reason).toBe("");
  expect(await house.over(sessionId, queued.id)).toMatchObject({ state: COMPLETED });
});
