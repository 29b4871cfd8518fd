import { UsageDimension } from "@stratavore/proto";
import { expect, test } from "vitest";
import { openHouse, strange } from "./house.js";

/** Tells the figures of its prompt at a turn's end, and takes up any session. */
const summing = (name: string, tokens?: "turn" | "session") => ({
  ...strange(
    name,
    `({ id, method, params }, say) => {
      const agentCapabilities = { loadSession: true };
      if (method === "initialize") return say({ id, result: { protocolVersion: 1, agentCapabilities } });
      if (method === "session/new") return say({ id, result: { sessionId: "s" } });
      if (method === "session/load") return say({ id, result: {} });
      if (method !== "session/prompt") return;
      const [inputTokens, outputTokens, amount] = params.prompt[0].text.split(" ").map(Number);
      const update = { sessionUpdate: "usage_update", used: 1, size: 9, cost: { amount, currency: "USD" } };
      if (amount) say({ method: "session/update", params: { sessionId: "s", update } });
      say({ id, result: { stopReason: "end_turn", usage: { inputTokens, outputTokens, totalTokens: 0 } } });
    }`,
  ),
  ...(tokens && { tokens }),
});

test("figures that are sums over the session count once, over restarts of the daemon and resumes on other runners", async () => {
  const house = await openHouse({}, { agents: [summing("sums", "session")] });
  const { runnerId, sessionId } = await house.talking("sums");
  const used = async (text: string) => {
    const { usage } = await house.say(sessionId, text);
    return [usage!.inputTokens, usage!.outputTokens];
  };
  expect(await used("100 10")).toEqual([100n, 10n]);
  expect(await used("150 15 0.5")).toEqual([50n, 5n]);
  expect(await used("150 15 0.5")).toEqual([0n, 0n]);
  await house.close();
  await house.open();
  expect(await used("160 15")).toEqual([10n, 0n]);
  await house.runners.stopRunner({ runnerId });
  await house.sessions.resumeSession({ sessionId });
  expect(await used("170 20 0.75")).toEqual([10n, 5n]);
  // Begun anew: each class counts in full, also one that did not fall.
  expect(await used("180 3")).toEqual([180n, 3n]);
  expect(await used("181 3")).toEqual([1n, 0n]);
  const { total } = await house.usage.reportUsage({});
  expect([total!.inputTokens, total!.outputTokens]).toEqual([351n, 23n]);
  expect((await house.session(sessionId)).usage).toMatchObject({
    inputTokens: 351n,
    costNanos: 750_000_000n,
  });
});

test("figures of an agent whose profile says nothing of them are of the turn", async () => {
  const house = await openHouse({}, { agents: [summing("turns")] });
  const { sessionId } = await house.talking("turns");
  for (const text of ["100 10", "150 15", "150 15"]) await house.say(sessionId, text);
  expect((await house.usage.reportUsage({})).total).toMatchObject({ inputTokens: 400n, outputTokens: 40n });
});

test("a cost that is told after its turn is counted, and once, also if the runner ends with that", async () => {
  const late = strange(
    "late",
    `({ id, method, params }, say) => {
      const agentCapabilities = { loadSession: true };
      if (method === "initialize") return say({ id, result: { protocolVersion: 1, agentCapabilities } });
      if (method === "session/new") return say({ id, result: { sessionId: "s" } });
      if (method === "session/load") return say({ id, result: {} });
      if (method !== "session/prompt") return;
      const cost = { amount: Number(params.prompt[0].text), currency: "USD" };
      say({ id, result: { stopReason: "end_turn" } });
      say({ method: "session/update", params: { sessionId: "s", update: { sessionUpdate: "usage_update", used: 1, size: 9, cost } } });
    }`,
  );
  const house = await openHouse({}, { agents: [late] });
  const { runnerId, sessionId } = await house.talking("late");
  const cost = async () => (await house.usage.reportUsage({})).total!.costs.map(({ costNanos }) => costNanos);
  await house.say(sessionId, "0.5");
  await expect.poll(cost).toEqual([500_000_000n]);
  await house.runners.stopRunner({ runnerId });
  await house.sessions.resumeSession({ sessionId });
  await house.say(sessionId, "0.75");
  await expect.poll(cost).toEqual([750_000_000n]);
  const { rows } = await house.usage.reportUsage({ groupBy: [UsageDimension.PERSON] });
  expect(rows).toMatchObject([{ person: (await house.runner(runnerId)).createdBy }]);
});
