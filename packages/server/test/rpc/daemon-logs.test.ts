import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { LogLevel, type StreamLogsResponse } from "@stratavore/proto";
import { expect, test } from "vitest";
import { failureOf } from "./fixture/failure.js";
import {
  type Clients,
  clientsBy,
  open,
  openStreams,
  reached,
  temporaryFolder,
  ways,
} from "./fixture/stratavore.js";

const { DEBUG, INFO, WARN } = LogLevel;

async function past(daemon: Clients["daemon"], request: { level?: LogLevel; tail?: number } = {}) {
  const lines: StreamLogsResponse[] = [];
  for await (const line of daemon.streamLogs(request)) lines.push(line);
  return lines;
}

/** Makes the server log one line with this id, DEBUG. */
const log = ({ runners }: Pick<Clients, "runners">, requestId: string) =>
  failureOf(runners.getRunner({ runnerId: "runner_x" }, { headers: { "x-request-id": requestId } }));

const refused = (requestId: string) => ({
  level: DEBUG,
  message: "a call was refused",
  fields: { requestId, code: "NotFound", rpc: "stratavore.v1.RunnerService/GetRunner" },
});

test.each(ways)("%s: what the server logged can be read, by severity, and goes on", async (way) => {
  const opened = await open();
  const { addresses } = await opened.server.listen(["127.0.0.1:0"]);
  const from = Date.now();
  const clients = await clientsBy(way, opened);
  await log(clients, "first");
  const listening = { level: INFO, message: "listening", fields: { address: addresses[0] } };
  const info = await past(clients.daemon);
  expect(info[0]).toMatchObject(listening);
  expect(info.every(({ level }) => level >= INFO)).toBe(true);
  const all = await past(clients.daemon, { level: DEBUG });
  expect(all.at(-1)).toMatchObject(refused("first"));
  expect(timestampMs(all.at(-1)!.timestamp!)).toBeGreaterThanOrEqual(from);
  expect(await past(clients.daemon, { level: WARN })).toEqual([]);
  // The host's own log has the same lines.
  expect(opened.lines.filter(({ level }) => level === "debug").length).toBe(1);

  const stop = new AbortController();
  const follow = { level: DEBUG, tail: 1, follow: true };
  const lines = clients.daemon.streamLogs(follow, { signal: stop.signal })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toMatchObject(refused("first"));
  for (const id of ["second", "third"]) {
    const next = lines.next();
    await log(clients, id);
    expect((await next).value).toMatchObject(refused(id));
  }
  expect(await openStreams(clients)).toBe(1n);
  const end = failureOf(lines.next());
  stop.abort();
  expect((await end).code).toBe(Code.Canceled);
  await expect.poll(() => openStreams(clients)).toBe(0n);
});

test("tail says how many lines of the past, 100 without it", async () => {
  const opened = await open();
  const ids = Array.from({ length: 150 }, (_, n) => String(n));
  for (const id of ids) await log(opened, id);
  const idsOf = (lines: StreamLogsResponse[]) => lines.map(({ fields }) => fields.requestId);
  expect(idsOf(await past(opened.daemon, { level: DEBUG }))).toEqual(ids.slice(50));
  expect(idsOf(await past(opened.daemon, { level: DEBUG, tail: 3 }))).toEqual(ids.slice(147));
  expect(idsOf(await past(opened.daemon, { level: DEBUG, tail: 140 }))).toEqual(ids.slice(10));
  const failure = await failureOf(past(opened.daemon, { tail: -1 }));
  expect(failure.code).toBe(Code.InvalidArgument);
});

test("a reader that stops reading is told how many lines it missed, and costs the others nothing", async () => {
  const opened = await open();
  const clients = await clientsBy("in process", opened);
  await log(clients, "first");
  const request = { level: DEBUG, tail: 1, follow: true };
  const slow = clients.daemon.streamLogs(request)[Symbol.asyncIterator]();
  expect((await slow.next()).value).toMatchObject(refused("first"));
  for (let n = 0; n < 1500; n++) await log(clients, String(n));
  const seen: StreamLogsResponse[] = [];
  while (seen.at(-1)?.fields.requestId !== "1499") seen.push((await slow.next()).value);
  const told = seen.filter(({ fields }) => fields.missed !== undefined);
  expect(told.map(({ level }) => level)).toEqual([WARN]);
  expect(Number(told[0]!.fields.missed) + seen.length - told.length).toBe(1500);
  expect(seen.length).toBeGreaterThan(1000);
  await slow.return?.();
});

test("secrets do not get into the lines; the host's own log is left as it is", async () => {
  const opened = await open();
  const secret = "hunter2-hunter2";
  await log(opened, `Bearer ${secret}`);
  const [line] = (await past(opened.daemon, { level: DEBUG })).slice(-1);
  expect(line!.fields.requestId).toBe("Bearer [redacted]");
  expect(opened.lines.at(-1)!.facts.requestId).toBe(`Bearer ${secret}`);
});

test("what was logged at the start is there, such as a credential that others could read, without it", async () => {
  const folder = temporaryFolder();
  const first = await open({ folder });
  await first.server.close();
  const { chmodSync } = await import("node:fs");
  const { credentialFileName } = await import("../../src/http/index.js");
  chmodSync(`${folder}/data/${credentialFileName}`, 0o644);
  const opened = await open({ folder });
  const [line] = await past(opened.daemon, { level: WARN });
  expect(line).toMatchObject({ level: WARN, message: expect.stringContaining("credential was replaced") });
  expect(
    JSON.stringify(line, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  ).not.toContain(opened.server.credential);
});

test("a stream of the log adds nothing to the log", async () => {
  const opened = await open();
  const { daemon } = await clientsBy("gRPC", opened);
  const stop = new AbortController();
  const stream = daemon.streamLogs({ level: DEBUG, follow: true }, { signal: stop.signal });
  const lines = stream[Symbol.asyncIterator]();
  await lines.next();
  await log(opened, "once");
  const before = opened.lines.length;
  const seen = [(await lines.next()).value];
  while (seen.at(-1)?.fields.requestId !== "once") seen.push((await lines.next()).value);
  // Calls that say nothing themselves, so that anything that the stream had logged would be there.
  for (let n = 0; n < 20; n++) await daemon.getStatus({});
  expect(opened.lines.length).toBe(before);
  stop.abort();
});

test.each(ways)("%s: a stream of the log ends with the server", async (way) => {
  const opened = await open();
  const { daemon } = await clientsBy(way, opened);
  if (way === "in process") await reached(opened);
  const lines = daemon.streamLogs({ follow: true })[Symbol.asyncIterator]();
  await lines.next();
  const failed = failureOf(
    (async () => {
      for (;;) if ((await lines.next()).done) return;
    })(),
  );
  await opened.server.close();
  expect(await failed).toMatchObject({ code: Code.Unavailable, reason: "SHUTTING_DOWN" });
});
