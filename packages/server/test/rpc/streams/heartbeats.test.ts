import { anyUnpack } from "@bufbuild/protobuf/wkt";
import {
  EventType,
  RunnerActivity,
  type RunnerEvent,
  type RunnerHeartbeat,
  RunnerHeartbeatSchema,
} from "@stratavore/proto";
import { expect, test } from "vitest";
import type { Services } from "../../../src/rpc/services.js";
import { streamEvents } from "../../../src/rpc/streams/events.js";
import { Heartbeats } from "../../../src/supervise/heartbeats.js";
import { addEvent, addProject, addRunner, openTemp } from "../../store/fixtures.js";
import { external, heardExternal } from "../fixture/external.js";
import { type Clients, clientsBy, open, openStreams, project, runner, ways } from "../fixture/stratavore.js";

const { RUNNER_CREATED, RUNNER_STARTED, RUNNER_STOPPED, RUNNER_HEARTBEAT, BOOKMARK } = EventType;

const figuresOf = ({ payload }: RunnerEvent): RunnerHeartbeat => anyUnpack(payload!, RunnerHeartbeatSchema)!;

/** Events after what is recorded now, to be awaited one by one. */
async function following(
  { runners }: Clients,
  request: Parameters<Clients["runners"]["streamRunnerEvents"]>[0],
) {
  const stop = new AbortController();
  const stream = runners.streamRunnerEvents({ bookmarks: true, ...request } as never, {
    signal: stop.signal,
  });
  const events = stream[Symbol.asyncIterator]();
  const next = async () => (await events.next()).value as RunnerEvent;
  expect((await next()).eventType).toBe(BOOKMARK);
  return { next, stop: () => stop.abort() };
}

test.each(ways)("%s: a stream that names them gets each heartbeat beside what is stored", async (way) => {
  const opened = await open();
  await project(opened);
  const clients = await clientsBy(way, opened);
  const { next, stop } = await following(clients, {
    eventTypes: [RUNNER_CREATED, RUNNER_STARTED, RUNNER_STOPPED, RUNNER_HEARTBEAT],
  });
  const runnerId = await external(clients, { metadata: { user: "ann" } });
  const created = await next();
  expect(created.eventType).toBe(RUNNER_CREATED);
  const resourceUsage = { cpuPercent: 5, memoryMb: 6n, tokensUsed: 7n };
  await clients.runners.heartbeat({ runnerId, resourceUsage, activity: RunnerActivity.WORKING });
  expect(await next()).toMatchObject({ eventType: RUNNER_STARTED, runnerId });
  const heartbeat = await next();
  expect(heartbeat).toMatchObject({
    eventId: "",
    eventType: RUNNER_HEARTBEAT,
    runnerId,
    projectName: "web",
    projectUid: created.projectUid,
    metadata: { user: "ann" },
    sessionId: "",
  });
  expect(heartbeat.timestamp).toBeDefined();
  expect(figuresOf(heartbeat)).toMatchObject({ resourceUsage, activity: RunnerActivity.WORKING });
  await clients.runners.heartbeat({ runnerId });
  expect(figuresOf(await next())).toMatchObject({ resourceUsage });
  await clients.runners.stopRunner({ runnerId, force: true });
  expect(await next()).toMatchObject({ eventType: RUNNER_STOPPED, runnerId });
  stop();
  await expect.poll(() => openStreams(opened)).toBe(0n);
});

test("they are not stored, and come to nobody who does not name them", async () => {
  const opened = await open();
  await project(opened);
  const quiet = await following(opened, {});
  const ofSession = await following(opened, { eventTypes: [RUNNER_HEARTBEAT], sessionId: "session_x" });
  const runnerId = await heardExternal(opened);
  await opened.runners.heartbeat({ runnerId });
  await opened.runners.stopRunner({ runnerId, force: true });
  const types = [];
  do types.push((await quiet.next()).eventType);
  while (types.at(-1) !== RUNNER_STOPPED);
  expect(types).toEqual([RUNNER_CREATED, RUNNER_STARTED, RUNNER_STOPPED]);
  quiet.stop();
  const late = opened.runners.streamRunnerEvents({
    fromStart: true,
    bookmarks: true,
    eventTypes: [RUNNER_HEARTBEAT],
  });
  for await (const { eventType } of late) {
    expect(eventType).toBe(BOOKMARK);
    break;
  }
  const nothing = ofSession.next().catch((error: Error) => error);
  ofSession.stop();
  expect(await nothing).toBeInstanceOf(Error);
});

test("filters narrow them to a runner and to a project", async () => {
  const opened = await open();
  await project(opened);
  await project(opened, "api");
  const web = await heardExternal(opened);
  const other = await heardExternal(opened);
  const api = await heardExternal(opened, { projectName: "api" });
  const eventTypes = [RUNNER_HEARTBEAT];
  const one = await following(opened, { eventTypes, runnerId: other });
  const inApi = await following(opened, { eventTypes, projectName: "api" });
  const neither = await following(opened, { eventTypes, projectName: "api", runnerId: web });
  const all = await following(opened, { eventTypes });
  const ids = [web, other, api];
  for (const runnerId of ids) await opened.runners.heartbeat({ runnerId });
  expect((await one.next()).runnerId).toBe(other);
  expect((await inApi.next()).runnerId).toBe(api);
  expect([await all.next(), await all.next(), await all.next()].map(({ runnerId }) => runnerId)).toEqual(ids);
  const nothing = neither.next().catch((error: Error) => error);
  for (const { stop } of [one, inApi, neither, all]) stop();
  expect(await nothing).toBeInstanceOf(Error);
});

test("runners of the daemon send one each time that their processes are measured", async () => {
  const opened = await open({ sampleIntervalMs: 100 });
  await project(opened);
  const { next, stop } = await following(opened, { eventTypes: [RUNNER_HEARTBEAT] });
  const runnerId = await runner(opened);
  for (let count = 0; count < 3; count++) {
    const event = await next();
    expect(event).toMatchObject({ eventId: "", runnerId });
    expect(figuresOf(event).resourceUsage!.memoryMb).toBeGreaterThan(0n);
  }
  await expect.poll(async () => figuresOf(await next()).activity).toBe(RunnerActivity.IDLE);
  stop();
});

/** A stream of events that is read by hand, and what it is about. */
async function byHand() {
  const store = await openTemp({ dataDir: null });
  const heartbeats = new Heartbeats(store);
  const [a, b] = await store.transaction((tx) => {
    addProject(tx);
    return [addRunner(tx, "a"), addRunner(tx, "b")];
  });
  const beat = (row: typeof a, memoryMb: bigint) =>
    heartbeats.publish(row!, {
      $typeName: "stratavore.v1.ResourceUsage",
      memoryMb,
      cpuPercent: 0,
      tokensUsed: 0n,
    });
  const stop = new AbortController();
  const eventTypes = [RUNNER_HEARTBEAT, RUNNER_STARTED, RUNNER_STOPPED];
  const request = { ...emptyRequest, eventTypes, bookmarks: true };
  const services = { store, supervisor: { heartbeats } } as unknown as Services;
  const stream = streamEvents(services, request, stop.signal);
  expect((await stream.next()).value!.eventType).toBe(BOOKMARK);
  const record = (type: EventType, runnerId: string) =>
    store.transaction((tx) => addEvent(tx, type, { runnerId }));
  return { a: a!, b: b!, beat, record, next: async () => (await stream.next()).value!, stop, stream };
}

const emptyRequest = {
  $typeName: "stratavore.v1.StreamRunnerEventsRequest" as const,
  projectName: "",
  runnerId: "",
  sessionId: "",
  afterEventId: "",
  fromStart: false,
};

test("of what a slow reader did not take, the latest of each runner is kept", async () => {
  const { a, b, beat, next, record } = await byHand();
  for (let round = 1n; round <= 1_000n; round++) {
    beat(a, round);
    beat(b, round + 1n);
  }
  const first = await next();
  expect([first.runnerId, figuresOf(first).resourceUsage!.memoryMb]).toEqual(["a", 1_000n]);
  // Newer ones of the others count until it is their turn; what is stored comes before all of them.
  beat(b, 2_000n);
  beat(a, 2_001n);
  await record(RUNNER_STARTED, "b");
  expect((await next()).eventType).toBe(RUNNER_STARTED);
  const second = await next();
  expect([second.runnerId, figuresOf(second).resourceUsage!.memoryMb]).toEqual(["b", 2_000n]);
  const last = await next();
  expect([last.runnerId, figuresOf(last).resourceUsage!.memoryMb]).toEqual(["a", 2_001n]);
});

test("a runner is not seen alive after its end", async () => {
  const { a, b, beat, next, record } = await byHand();
  beat(a, 1n);
  beat(b, 2n);
  await record(RUNNER_STOPPED, "a");
  expect((await next()).eventType).toBe(RUNNER_STOPPED);
  expect(await next()).toMatchObject({ eventType: RUNNER_HEARTBEAT, runnerId: "b" });
});

test("a stream that has ended leaves nothing behind", async () => {
  const { stream, stop, beat, a } = await byHand();
  stop.abort(new Error("left"));
  await expect(stream.next()).rejects.toThrow("left");
  beat(a, 1n);
  expect(await stream.next()).toMatchObject({ done: true });
});
