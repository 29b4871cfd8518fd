import { RunnerStatus, TurnState } from "@stratavore/proto";
import { expect, test } from "vitest";
import { answer, claudeHouse, parts, say, talking } from "./fixture/claude.js";

test("a conversation: each turn has its answer once, and uses what the model API served", async () => {
  const house = await claudeHouse();
  const { runnerId, sessionId } = await talking(house, { model: "sonnet" });
  const { runner } = await house.runners.getRunner({ runnerId });
  expect(runner).toMatchObject({ status: RunnerStatus.RUNNING, model: "sonnet" });
  expect(runner?.effectiveModel).toMatch(/^claude-sonnet-/);

  const first = await say(house, sessionId, "!think about it\n!say Good morning.\n!usage 100 20 30 40");
  expect(first).toMatchObject({ state: TurnState.COMPLETED, stopReason: "end_turn" });
  const usage = { inputTokens: 100n, outputTokens: 20n, cacheReadTokens: 30n, cacheWriteTokens: 40n };
  expect(first.usage).toMatchObject({ ...usage, currency: "USD" });
  expect(first.usage?.costNanos).toBeGreaterThan(0n);
  expect((await parts(house, sessionId)).map((kind) => kind.value)).toEqual(["about it", "Good morning."]);

  const second = await say(house, sessionId, "!say Again.\n!usage 100 20 30 40");
  expect(second.usage).toMatchObject({ ...usage, costNanos: first.usage!.costNanos });
  expect(await answer(house, sessionId)).toBe("Good morning.Again.");
  const { session } = await house.sessions.getSession({ sessionId });
  const served = house.api.log.total();
  expect(session?.usage).toMatchObject({
    inputTokens: BigInt(served.input),
    outputTokens: BigInt(served.output),
    cacheReadTokens: BigInt(served.cacheRead),
    cacheWriteTokens: BigInt(served.cacheWrite),
    costNanos: first.usage!.costNanos * 2n,
  });
});
