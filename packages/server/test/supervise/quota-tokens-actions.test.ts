import { writeFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { QuotaAction, RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { exceeded, limitedHouse, samples, talking } from "./quota-house.js";

const { FAILED, PAUSED, RUNNING } = RunnerStatus;
const { CANCELLED, COMPLETED } = TurnState;
const used = 'quota max_tokens_per_day 100 of project "p" used up: 150 tokens';

const limited = (action: QuotaAction) => limitedHouse({ maxTokensPerDay: 100n }, { maxTokensPerDay: action });

test("INTERRUPT: turns that other runners of the project have under way are cancelled; messages are refused", async () => {
  const house = await limited(QuotaAction.INTERRUPT);
  const one = await talking(house);
  const other = await talking(house);
  const program = await house.running("exec", { args: ["/bin/sleep", "600"] });
  const turn = await house.send(other.sessionId, "!say working\n!hang");
  await expect.poll(() => house.answer(other.sessionId)).toBe("working");
  expect(await house.say(one.sessionId, "!usage 150 0")).toMatchObject({ state: COMPLETED });
  expect(await house.over(other.sessionId, turn.id)).toMatchObject({ state: CANCELLED });
  await samples(house, program, 2);
  const said = await exceeded(house);
  expect(said.filter(({ action }) => action === "refuse")).toMatchObject([{ runnerId: one.runnerId }]);
  expect(said).toContainEqual(
    expect.objectContaining({ action: "interrupt", runnerId: other.runnerId, value: 150 }),
  );
  expect(said.filter(({ runnerId }) => runnerId === program)).toEqual([]);
  for (const { sessionId, runnerId } of [one, other]) {
    await expect(house.send(sessionId, "more")).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect((await house.runner(runnerId)).status).toBe(RUNNING);
  }
});

test("without a policy a turn under way may end", async () => {
  const house = await limited(QuotaAction.UNSPECIFIED);
  const one = await talking(house);
  const other = await talking(house);
  const turn = await house.send(other.sessionId, `!wait ${house.project}/gate\n!say done`);
  await house.say(one.sessionId, "!usage 150 0");
  await samples(house, other.runnerId, 3);
  writeFileSync(`${house.project}/gate`, "");
  expect(await house.over(other.sessionId, turn.id)).toMatchObject({ state: COMPLETED });
  expect((await exceeded(house)).length).toBe(1);
});

test("PAUSE: every runner that reports tokens is held back, with its turn left to end; others are not", async () => {
  const house = await limited(QuotaAction.PAUSE);
  const one = await talking(house);
  const other = await talking(house);
  const program = await house.running("exec", { args: ["/bin/sleep", "600"] });
  const turn = await house.send(other.sessionId, `!wait ${house.project}/gate\n!say done`);
  await house.say(one.sessionId, "!usage 150 0");
  expect((await house.status(one.runnerId, PAUSED)).reason).toBe(used);
  expect((await house.status(other.runnerId, PAUSED)).reason).toBe(used);
  writeFileSync(`${house.project}/gate`, "");
  expect(await house.over(other.sessionId, turn.id)).toMatchObject({ state: COMPLETED });
  expect((await house.runner(program)).status).toBe(RUNNING);
});

test("STOP: every runner that reports tokens is ended, for the reason; others are not", async () => {
  const house = await limited(QuotaAction.STOP);
  const one = await talking(house);
  const other = await talking(house);
  const program = await house.running("exec", { args: ["/bin/sleep", "600"] });
  await house.say(one.sessionId, "!usage 150 0");
  for (const { runnerId } of [one, other]) {
    expect((await house.status(runnerId, FAILED)).reason).toContain(used);
  }
  expect((await house.runner(program)).status).toBe(RUNNING);
  const stops = (await exceeded(house)).filter(({ action }) => action === "stop");
  expect(stops.map(({ runnerId }) => runnerId).sort()).toEqual([one.runnerId, other.runnerId].sort());
});

test("STOP for a runner's own tokens ends that one alone", async () => {
  const house = await limitedHouse({}, { maxTokensPerDay: QuotaAction.STOP });
  const narrow = await talking(house, { maxTokensPerDay: 100n });
  const wide = await talking(house);
  await house.say(wide.sessionId, "!usage 500 0");
  await house.say(narrow.sessionId, "!usage 150 0");
  const { reason } = await house.status(narrow.runnerId, FAILED);
  expect(reason).toMatch(/^quota max_tokens_per_day 100 used up: 150 tokens/);
  expect((await house.runner(wide.runnerId)).status).toBe(RUNNING);
});
