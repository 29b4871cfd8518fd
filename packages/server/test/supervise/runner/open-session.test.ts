import { RunnerStatus, SessionStatus } from "@stratavore/proto";
import { expect, test } from "vitest";
import { askForSession, giveUpSession } from "../../../src/supervise/runner/open-session.js";
import { openBench } from "../bench.js";
import { scripted } from "../house.js";

test("a session that was given up stays ended and inactive when its agent opens it after all", async () => {
  const bench = await openBench();
  const id = await bench.create(
    scripted(bench, "slow", { on: { "session/new": { delayMs: 300 } } }),
    [],
    "!say hi",
  );
  await bench.status(id, RunnerStatus.RUNNING);
  const active = await bench.sessionOf(id);
  const controller = bench.supervisor.controller(id)!;
  const late = await controller.change((tx, memory) => {
    const input = { model: "", metadata: {}, title: "" };
    const { session, lines } = askForSession(
      tx,
      tx.runners.byId(id)!,
      memory,
      `${bench.root}/project`,
      input,
    );
    return { value: session.id, out: { lines, prompts: [] } };
  });
  await bench.store.transaction((tx) => giveUpSession(tx, late, "nobody waits"));
  // The state of the conversation has no open request any more once the agent has answered.
  const pending = () => Object.keys((controller.adapter.state as { pending: object }).pending);
  expect(pending().length).toBeGreaterThan(0);
  await expect.poll(pending).toEqual([]);
  expect(bench.runner(id).sessionId).toBe(active);
  expect(bench.store.read.sessions.byId(late)).toMatchObject({
    status: SessionStatus.ENDED,
    reason: "nobody waits",
  });
  expect(bench.store.read.sessions.byId(active)?.status).toBe(SessionStatus.IDLE);
});
