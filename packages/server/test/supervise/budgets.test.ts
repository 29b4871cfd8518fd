import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  Budget_Scope,
  type BudgetSchema,
  BudgetWarningSchema,
  EventType,
  TurnState,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import type { StratavoreOptions } from "../../src/index.js";
import { type House, openHouse, strange } from "./house.js";

const { TURN, RUNNER, DAY } = Budget_Scope;
const { CANCELLED, COMPLETED, FAILED } = TurnState;
const cents = 10_000_000n;
const refused = { code: Code.ResourceExhausted };

async function budgeted(
  budget: MessageInitShape<typeof BudgetSchema>,
  options: StratavoreOptions = {},
): Promise<House> {
  const house = await openHouse({}, options);
  const { warnings } = await house.projects.updateProject({ name: "p", config: { budgets: [budget] } });
  expect(warnings).toEqual([]);
  return house;
}

/** What the events say about budgets so far. */
async function told(house: House) {
  const events = await house.events(EventType.BUDGET_WARNING);
  return events.map(({ runnerId, sessionId, payload }) => {
    const { tokens, costNanos, usedUp, message } = fromBinary(BudgetWarningSchema, payload!.value);
    return { runnerId, sessionId, tokens, costNanos, usedUp, message };
  });
}

test("a day's tokens: each level is told once, and then the project begins nothing more, after a restart neither", async () => {
  const house = await budgeted({ scope: DAY, maxTokens: 100n, warnPercent: 50 });
  const one = await house.talking("plain");
  const other = await house.talking("plain");
  await house.say(one.sessionId, "!usage 40 9 1000");
  expect(await told(house)).toEqual([]);
  await house.say(other.sessionId, "!usage 1 0");
  await house.say(one.sessionId, "!usage 1 0");
  const warned = {
    ...other,
    tokens: 50n,
    costNanos: 0n,
    usedUp: false,
    message: "budget of 100 tokens a day used to 50 percent: 50 tokens",
  };
  expect(await told(house)).toEqual([warned]);
  expect(await house.say(one.sessionId, "!usage 60 0")).toMatchObject({ state: COMPLETED });
  const message = "budget of 100 tokens a day used up: 111 tokens";
  const all = [warned, { ...one, tokens: 111n, costNanos: 0n, usedUp: true, message }];
  expect(await told(house)).toEqual(all);
  await house.close();
  await house.open();
  for (const { sessionId } of [one, other]) {
    const why = /project "p" has used up its budget of 100 tokens a day: 111 tokens; wait for UTC midnight/;
    await expect(house.send(sessionId, "more")).rejects.toThrow(why);
    await expect(house.send(sessionId, "more")).rejects.toMatchObject(refused);
  }
  await expect(house.running("plain")).rejects.toMatchObject(refused);
  expect(await told(house)).toEqual(all);
  await house.projects.updateProject({ name: "p", config: { budgets: [{ scope: DAY, maxTokens: 200n }] } });
  expect(await house.say(one.sessionId, "!say on")).toMatchObject({ state: COMPLETED });
});

test("a runner's money: it begins no more turns, waiting ones fail, and other runners go on", async () => {
  const house = await budgeted({ scope: RUNNER, maxCostNanos: 50n * cents, warnPercent: 80 });
  const { runnerId, sessionId } = await house.talking("plain");
  const other = await house.talking("plain");
  await house.say(other.sessionId, "!usage 1 1 0 0 0 0.3");
  await house.say(sessionId, "!usage 1 1 0 0 0 0.45");
  const gate = join(house.project, "gate");
  const working = await house.send(sessionId, `!usage 1 1 0 0 0 0.05\n!wait ${gate}`);
  const waiting = await house.send(sessionId, "!say never");
  writeFileSync(gate, "");
  expect(await house.over(sessionId, working.id)).toMatchObject({ usage: { costNanos: 5n * cents } });
  expect(await house.over(sessionId, waiting.id)).toMatchObject({
    state: FAILED,
    stopReason: "budget_exceeded",
    error: expect.stringMatching(/runner_\w+ has used up its budget of 0.50 USD a runner: 0.50 USD/),
  });
  expect(await told(house)).toMatchObject([
    { runnerId, usedUp: false, costNanos: 45n * cents },
    { runnerId, usedUp: true, costNanos: 50n * cents },
  ]);
  await expect(house.send(sessionId, "more")).rejects.toMatchObject(refused);
  expect(await house.say(other.sessionId, "!say on")).toMatchObject({ state: COMPLETED });
});

/** Says what it has cost so far with each word of the prompt, and waits for a cancel at the end. */
const spender = strange(
  "spender",
  `({ id, method, params }, say) => {
    if (method === "initialize") return say({ id, result: { protocolVersion: 1, agentCapabilities: {} } });
    if (method === "session/new") return say({ id, result: { sessionId: "s" } });
    if (method === "session/cancel") return say({ id: globalThis.prompt, result: { stopReason: "cancelled" } });
    if (method !== "session/prompt") return;
    globalThis.prompt = id;
    for (const amount of params.prompt[0].text.split(" ")) {
      const update = { sessionUpdate: "usage_update", used: 1, size: 9, cost: { amount: Number(amount), currency: "USD" } };
      say({ method: "session/update", params: { sessionId: "s", update } });
    }
  }`,
);

test("a turn that runs is cancelled when its cost is told to have used up a budget, and says which", async () => {
  const budget = { scope: TURN, maxCostNanos: 30n * cents, warnPercent: 50 };
  const house = await budgeted(budget, { agents: [spender] });
  const { runnerId, sessionId } = await house.talking("spender");
  const stopped = {
    state: CANCELLED,
    stopReason: "budget_exceeded",
    error: "the project's budget of 0.30 USD a turn is used up",
  };
  expect(await house.say(sessionId, "0.1 0.2 0.2 0.31 0.32")).toMatchObject({
    ...stopped,
    usage: { costNanos: 32n * cents },
  });
  const first = [
    { runnerId, usedUp: false, costNanos: 20n * cents },
    { runnerId, usedUp: true, costNanos: 31n * cents },
  ];
  expect(await told(house)).toMatchObject(first);
  const texts = (await house.transcript(sessionId)).map(({ content }) => content).join("\n");
  expect(texts).toContain("This turn is cancelled: the project's budget of 0.30 USD a turn is used up.");
  // The agent's sum goes on; the next turn's budget is its own.
  expect(await house.say(sessionId, "0.42 0.63")).toMatchObject({
    ...stopped,
    usage: { costNanos: 31n * cents },
  });
  expect((await told(house)).length).toBe(3);
  expect((await house.runner(runnerId)).usage).toMatchObject({ costNanos: 63n * cents });
});

test("a runner's turn that is cancelled for its budget is its last one", async () => {
  const house = await budgeted({ scope: RUNNER, maxCostNanos: 30n * cents }, { agents: [spender] });
  const { sessionId } = await house.talking("spender");
  const turn = await house.say(sessionId, "0.1 0.4");
  expect(turn).toMatchObject({ state: CANCELLED, stopReason: "budget_exceeded" });
  expect(turn.error).toContain("budget of 0.30 USD a runner");
  expect(await told(house)).toMatchObject([{ usedUp: true, costNanos: 40n * cents }]);
  await expect(house.send(sessionId, "0.5")).rejects.toMatchObject(refused);
});

test("cost in another currency does not count", async () => {
  const house = await budgeted({ scope: TURN, maxCostNanos: 1n, currency: "EUR", warnPercent: 1 });
  const { sessionId } = await house.talking("plain");
  expect(await house.say(sessionId, "!usage 1 1 0 0 0 0.5")).toMatchObject({ state: COMPLETED });
  expect(await told(house)).toEqual([]);
});
