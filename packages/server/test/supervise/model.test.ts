import { fromBinary } from "@bufbuild/protobuf";
import { EventType, RunnerUpdatedSchema } from "@stratavore/proto";
import type { Script } from "@stratavore/testkit";
import { expect, test } from "vitest";
import { type House, openHouse } from "./house.js";

const models = ["small", "middle-1", "big-1"].map((value) => ({ value, name: `The ${value}` }));

/** The fields of each update of a runner, oldest first. */
async function updatedFields(house: House): Promise<string[]> {
  const events = await house.events(EventType.RUNNER_UPDATED);
  return events.map(({ payload }) => fromBinary(RunnerUpdatedSchema, payload!.value).fields.join(","));
}

const effective = async (house: House, runnerId: string) => (await house.runner(runnerId)).effectiveModel;

test("a new model is the open session's, also while a turn runs, and of those after it", async () => {
  const house = await openHouse({ choosy: { models } });
  const { runnerId, sessionId } = await house.talking("choosy");
  expect(await effective(house, runnerId)).toBe("small");
  const turn = await house.send(sessionId, "!say one\n!hang");
  await expect.poll(() => house.answer(sessionId)).toBe("one");
  const { runner } = await house.runners.updateRunner({ runnerId, model: "big" });
  expect(runner).toMatchObject({ model: "big", warnings: [] });
  await expect.poll(() => effective(house, runnerId)).toBe("big-1");
  expect((await house.session(sessionId)).model).toBe("big-1");
  expect(await updatedFields(house)).toEqual(["model", "effective_model"]);
  await house.sessions.cancelTurn({ sessionId, turnId: turn.id });
  await house.over(sessionId, turn.id);
  const { session } = await house.sessions.createSession({ runnerId });
  expect(session!.model).toBe("big-1");
  expect((await house.runner(runnerId)).warnings).toEqual([]);
});

test("the agent itself has taken it: it tells so when another process takes its session up", async () => {
  const house = await openHouse({ choosy: { models } });
  const { runnerId, sessionId } = await house.talking("choosy");
  await house.runners.updateRunner({ runnerId, model: "middle" });
  await expect.poll(() => effective(house, runnerId)).toBe("middle-1");
  await house.runners.stopRunner({ runnerId });
  const elsewhere = await house.running("choosy", { resumeSessionId: sessionId });
  await expect.poll(() => effective(house, elsewhere)).toBe("middle-1");
});

test("it is changed by a later daemon, too", async () => {
  const house = await openHouse({ choosy: { models } });
  const { runnerId, sessionId } = await house.talking("choosy");
  await house.close();
  await house.open();
  await house.runners.updateRunner({ runnerId, model: "big-1" });
  await expect.poll(() => effective(house, runnerId)).toBe("big-1");
  await house.close();
  await house.open();
  await house.runners.updateRunner({ runnerId, model: "small" });
  await expect.poll(() => effective(house, runnerId)).toBe("small");
  await house.say(sessionId, "!say still here");
  expect(await house.answer(sessionId)).toBe("still here");
});

test("a session that is being opened gets the model that came meanwhile", async () => {
  const house = await openHouse({ slow: { models, on: { "session/new": { delayMs: 300 } } } });
  const runnerId = await house.running("slow", { prompt: "!say hello" });
  await house.runners.updateRunner({ runnerId, model: "middle-1" });
  await expect.poll(() => effective(house, runnerId)).toBe("middle-1");
  const { sessionId } = await house.runner(runnerId);
  expect((await house.session(sessionId)).model).toBe("middle-1");
});

const refusals: [string, Script, string, RegExp][] = [
  ["offers no choice", { capabilities: { configOptions: false } }, "big", /lets no client choose its model/],
  ["does not know it", { models }, "huge", /offers no model huge; it offers small, middle-1, big-1/],
  [
    "refuses it",
    { models, on: { "session/set_config_option": { error: { code: -32000, message: "not today" } } } },
    "big-1",
    /did not take the model big-1: not today/,
  ],
];

test.each(refusals)(
  "an agent that %s goes on as it is, and a warning says so",
  async (_, script, model, why) => {
    const house = await openHouse({ agent: script });
    const { runnerId, sessionId } = await house.talking("agent");
    const before = await effective(house, runnerId);
    const { runner } = await house.runners.updateRunner({ runnerId, model });
    expect(runner!.model).toBe(model);
    await expect
      .poll(async () => (await house.runner(runnerId)).warnings)
      .toEqual([expect.stringMatching(why)]);
    expect((await house.runner(runnerId)).warnings[0]).toContain(sessionId);
    expect(await effective(house, runnerId)).toBe(before);
    await house.say(sessionId, "!say on");
    expect(await house.answer(sessionId)).toBe("on");
  },
);

test("a command has no model, and says so", async () => {
  const house = await openHouse();
  const runnerId = await house.running("exec", { args: ["sleep", "60"] });
  const { runner } = await house.runners.updateRunner({ runnerId, model: "big" });
  expect(runner).toMatchObject({ model: "big", warnings: [expect.stringMatching(/a command has no model/)] });
});
