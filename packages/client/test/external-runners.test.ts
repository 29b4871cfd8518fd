import { expect, test } from "vitest";
import {
  decodeEvent,
  EventType,
  FailedPreconditionError,
  RunnerActivity,
  type RunnerEvent,
  RunnerStatus,
} from "../src/node/index.js";
import { temporaryDirectory, testClient } from "./fixtures/cleanup.js";
import { daemon, kill } from "./fixtures/daemon.js";

test("the owner of a runner speaks for it, over a daemon that is killed and comes back", async () => {
  const directory = await temporaryDirectory();
  const addresses = ["127.0.0.1:0", `unix:${directory}/api.sock`];
  const first = await daemon(directory, addresses);
  const client = testClient({ dataDir: directory });
  const { runners, sessions } = client;
  await client.projects.create({ name: "p", path: directory });
  const { id: runnerId } = await runners.create({ projectName: "p", external: true });
  const beat = (more: object = {}) => runners.heartbeat({ runnerId, ...more });
  expect((await beat()).status).toBe(RunnerStatus.RUNNING);
  const session = await sessions.create({ runnerId });

  const { RUNNER_HEARTBEAT, RUNNER_PAUSED, RUNNER_STOPPED } = EventType;
  const eventTypes = [RUNNER_HEARTBEAT, RUNNER_PAUSED, RUNNER_STOPPED];
  const events = runners.events({ runnerId, eventTypes }, { reconnect: { maxDelayMs: 100 } });
  const next = async () => (await events.next()).value as RunnerEvent;
  // Its owner goes on whether or not the daemon is there.
  const owner = new AbortController();
  const beats = (async () => {
    while (!owner.signal.aborted) {
      await beat({ activity: RunnerActivity.WORKING, resourceUsage: { memoryMb: 7n } }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const seen = await next();
  expect(seen).toMatchObject({ eventId: "", eventType: RUNNER_HEARTBEAT, runnerId });
  expect(decodeEvent(seen)).toMatchObject({
    type: "runnerHeartbeat",
    payload: { activity: RunnerActivity.WORKING, resourceUsage: { memoryMb: 7n } },
  });
  const position = events.lastEventId;
  expect(position).not.toBe("");
  await runners.pause({ runnerId });
  await kill(first);
  await daemon(directory, addresses);
  const stored: RunnerEvent[] = [];
  let later = 0;
  while (later < 3) {
    const event = await next();
    if (event.eventId !== "") stored.push(event);
    // Heartbeats from before the kill come before what is stored; three after it show that the new daemon sends them.
    else if (stored.length > 0) later += 1;
  }
  expect(stored.map(({ eventType }) => eventType)).toEqual([RUNNER_PAUSED]);
  expect(events.lastEventId >= stored[0]!.eventId).toBe(true);
  expect((await beat()).status).toBe(RunnerStatus.PAUSED);
  owner.abort();
  await beats;

  await sessions.append({ sessionId: session.id, messages: [{ role: "assistant", content: "done" }] });
  const stop = runners.stop({ runnerId, timeoutSeconds: 3600 });
  while ((await beat()).status !== RunnerStatus.STOPPING);
  expect((await beat({ ended: true, exitCode: 0 })).status).toBe(RunnerStatus.TERMINATED);
  expect((await stop).runner).toMatchObject({ status: RunnerStatus.TERMINATED, exitCode: 0 });
  let event = await next();
  while (event.eventType === RUNNER_HEARTBEAT) event = await next();
  expect(decodeEvent(event)).toMatchObject({ type: "runnerStopped", payload: { requested: true } });
  await events.return();
  await expect(beat()).rejects.toThrow(FailedPreconditionError);
}, 60_000);
