import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { EventType, type RunnerEvent } from "@stratavore/proto";
import { registry } from "@stratavore/proto/registry";
import { expect, test } from "vitest";
import { failureOf } from "../fixture/failure.js";
import {
  type Clients,
  clientsBy,
  clientsOf,
  converse,
  open,
  openStreams,
  project,
  reached,
  runner,
  session,
  ways,
} from "../fixture/stratavore.js";

const everyType = Object.values(EventType).filter(
  (type): type is EventType =>
    typeof type === "number" && type !== EventType.UNSPECIFIED && type !== EventType.BOOKMARK,
);

type Request = Parameters<Clients["runners"]["streamRunnerEvents"]>[0];

/** What a stream tells until it has caught up; the position where it did is last. */
async function recorded(opened: Clients, request: Request = { fromStart: true }): Promise<RunnerEvent[]> {
  const events: RunnerEvent[] = [];
  const { next, stop } = following(opened, { ...request, bookmarks: true } as Request);
  do events.push(await next());
  while (events.at(-1)!.eventType !== EventType.BOOKMARK);
  stop();
  return events;
}

const typesOf = (events: readonly RunnerEvent[]) => events.map(({ eventType }) => EventType[eventType]);

/** Events as they come, to be awaited one by one. */
function following(opened: Clients, request: Request) {
  const stop = new AbortController();
  const events = opened.runners.streamRunnerEvents(request, { signal: stop.signal })[Symbol.asyncIterator]();
  return { next: async () => (await events.next()).value as RunnerEvent, stop: () => stop.abort() };
}

test("a stream that names no types gets what happens to runners, and nothing else", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  await converse(opened, sessionId, "!say hello");
  await opened.runners.stopRunner({ runnerId, force: true });
  const events = await recorded(opened);
  expect(typesOf(events)).toEqual(["RUNNER_CREATED", "RUNNER_STARTED", "RUNNER_STOPPED", "BOOKMARK"]);
  for (const event of events.slice(0, -1)) {
    expect(event).toMatchObject({ runnerId, projectName: "web" });
    expect(anyUnpack(event.payload!, registry)).toBeDefined();
  }
  const all = await recorded(opened, { fromStart: true, eventTypes: everyType });
  expect(typesOf(all)).toEqual([
    "PROJECT_CREATED",
    "RUNNER_CREATED",
    "RUNNER_STARTED",
    "SESSION_CREATED",
    "TURN_STARTED",
    "TURN_COMPLETED",
    "SESSION_ENDED",
    "RUNNER_STOPPED",
    "BOOKMARK",
  ]);
});

test("filters narrow to types, a project, a runner and a session", async () => {
  const opened = await open();
  const { sessionId, runnerId } = await session(opened);
  const other = await runner(opened);
  await project(opened, "api");
  const told = async (request: Request) =>
    (await recorded(opened, { fromStart: true, ...request } as Request)).slice(0, -1);
  expect(typesOf(await told({ eventTypes: [EventType.RUNNER_STARTED] }))).toEqual([
    "RUNNER_STARTED",
    "RUNNER_STARTED",
  ]);
  expect((await told({ runnerId: other })).map((event) => event.runnerId)).toEqual([other, other]);
  expect(typesOf(await told({ projectName: "api", eventTypes: everyType }))).toEqual(["PROJECT_CREATED"]);
  expect(await told({ projectName: "nothing" })).toEqual([]);
  const ofSession = await told({ sessionId, eventTypes: everyType });
  expect(ofSession.map((event) => [event.sessionId, event.runnerId])).toEqual([[sessionId, runnerId]]);
});

test("a stream resumed after any event tells exactly the rest", async () => {
  const opened = await open();
  const { runnerId, sessionId } = await session(opened);
  await converse(opened, sessionId, "!say hello");
  await opened.runners.stopRunner({ runnerId, force: true });
  const all = await recorded(opened, { fromStart: true, eventTypes: everyType });
  const ids = all.map(({ eventId }) => eventId);
  expect(new Set(ids.slice(0, -1)).size).toBe(all.length - 1);
  for (const [index, id] of ids.slice(0, -1).entries()) {
    const rest = await recorded(opened, { afterEventId: id, eventTypes: everyType });
    expect(rest.map(({ eventId }) => eventId)).toEqual(ids.slice(index + 1));
  }
  // Reading on after what other filters let through is the same as never having stopped.
  const [created] = await recorded(opened);
  const filtered = await recorded(opened, { afterEventId: created!.eventId });
  expect(typesOf(filtered)).toEqual(["RUNNER_STARTED", "RUNNER_STOPPED", "BOOKMARK"]);
});

test("without a position a stream begins with what happens next", async () => {
  const opened = await open();
  await project(opened);
  await runner(opened);
  const events = following(opened, { bookmarks: true });
  expect((await events.next()).eventType).toBe(EventType.BOOKMARK);
  const id = await runner(opened);
  expect(await events.next()).toMatchObject({ eventType: EventType.RUNNER_CREATED, runnerId: id });
  expect(await events.next()).toMatchObject({ eventType: EventType.RUNNER_STARTED, runnerId: id });
  events.stop();
});

test("what lists and gets give as their position is followed without a gap", async () => {
  const opened = await open();
  await project(opened);
  const first = await runner(opened);
  const positions = [
    (await opened.runners.listRunners({})).asOfEventId,
    (await opened.runners.getRunner({ runnerId: first })).asOfEventId,
    (await opened.projects.listProjects({})).asOfEventId,
    (await opened.sessions.listSessions({})).asOfEventId,
    (await opened.approvals.listApprovals({})).asOfEventId,
  ];
  const id = await runner(opened);
  for (const afterEventId of positions) {
    const rest = await recorded(opened, { afterEventId });
    expect(rest.map(({ runnerId }) => runnerId)).toEqual([id, id, ""]);
  }
});

test("a bookmark is a position to go on from, also when filters let nothing through", async () => {
  const opened = await open();
  await project(opened);
  const events = following(opened, { eventTypes: [EventType.RUNNER_FAILED, EventType.BOOKMARK] });
  const caughtUp = await events.next();
  expect(caughtUp).toMatchObject({ eventType: EventType.BOOKMARK, runnerId: "" });
  expect(caughtUp.payload).toBeUndefined();
  await project(opened, "api");
  // Comes by itself, 10 s later, although nothing else happens.
  const later = await events.next();
  expect(later.eventType).toBe(EventType.BOOKMARK);
  const between = await recorded(opened, { afterEventId: caughtUp.eventId, eventTypes: everyType });
  expect(typesOf(between)).toEqual(["PROJECT_CREATED", "BOOKMARK"]);
  const after = await recorded(opened, { afterEventId: later.eventId, eventTypes: everyType });
  expect(typesOf(after)).toEqual(["BOOKMARK"]);
  events.stop();
});

test("a position that is none, is of another log or is not there yet is refused", async () => {
  const opened = await open();
  await project(opened);
  const [{ eventId }] = (await recorded(opened)) as [RunnerEvent];
  const [epoch, seq] = eventId.split("-");
  const refusal = (request: Request) => failureOf(opened.runners.streamRunnerEvents(request));
  for (const afterEventId of ["x", "1", `${epoch}-`, `${epoch}--1`, `${epoch}-1.5`, "-1", "a b-1"]) {
    expect(await refusal({ afterEventId })).toMatchObject({
      code: Code.InvalidArgument,
      fields: ["after_event_id"],
    });
  }
  for (const afterEventId of [`other-${seq}`, `${epoch}-${Number(seq) + 1}`]) {
    expect(await refusal({ afterEventId })).toMatchObject({
      code: Code.OutOfRange,
      details: { after_event_id: afterEventId, oldest_event_id: `${epoch}-0` },
    });
  }
  for (const request of [
    { afterEventId: eventId, fromStart: true },
    { eventTypes: [EventType.UNSPECIFIED] },
    { eventTypes: [99 as EventType] },
    { projectName: "a/b" },
  ]) {
    expect((await refusal(request)).code).toBe(Code.InvalidArgument);
  }
});

test("streams over any protocol end as UNAVAILABLE when the server closes", async () => {
  const opened = await open();
  const { url, token } = await reached(opened);
  await project(opened);
  const headers = { authorization: `Bearer ${token}` };
  const remote = (transport: Parameters<typeof clientsOf>[0]) =>
    clientsOf(transport).runners.streamRunnerEvents({ bookmarks: true }, { headers });
  const streams = [
    opened.runners.streamRunnerEvents({ bookmarks: true }),
    remote(createGrpcTransport({ baseUrl: url })),
    remote(createConnectTransport({ baseUrl: url, httpVersion: "1.1" })),
    remote(createConnectTransport({ baseUrl: url, httpVersion: "2" })),
  ].map((stream) => stream[Symbol.asyncIterator]());
  for (const stream of streams) await stream.next();
  expect(await openStreams(opened)).toBe(BigInt(streams.length));
  const ends = streams.map((stream) => stream.next().then(String, (error) => ConnectError.from(error).code));
  await opened.server.close();
  expect(await Promise.all(ends)).toEqual(streams.map(() => Code.Unavailable));
});

test.each(ways)("%s: a stream that is left holds nothing", async (way) => {
  const opened = await open();
  const clients = await clientsBy(way, opened);
  await project(opened);
  const stop = new AbortController();
  const aborted = clients.runners.streamRunnerEvents({ bookmarks: true }, { signal: stop.signal });
  const iterator = aborted[Symbol.asyncIterator]();
  await iterator.next();
  await expect.poll(() => openStreams(opened)).toBe(1n);
  const rest = iterator.next();
  stop.abort();
  await expect(rest).rejects.toMatchObject({ code: Code.Canceled });
  await expect.poll(() => openStreams(opened)).toBe(0n);
});

test("a deadline ends a stream as DEADLINE_EXCEEDED", async () => {
  const opened = await open();
  const stream = opened.runners.streamRunnerEvents({}, { timeoutMs: 50 });
  expect((await failureOf(stream)).code).toBe(Code.DeadlineExceeded);
  await expect.poll(() => openStreams(opened)).toBe(0n);
});
