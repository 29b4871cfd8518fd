import { ComponentType } from "@stratavore/proto";
import { health } from "@stratavore/proto/grpc";
import { expect, test } from "vitest";
import type { AgentProfile } from "../../../src/agents/index.js";
import { heapProblem } from "../../../src/rpc/components/daemon.js";
import { addProject } from "../../store/fixtures.js";
import type { Bench } from "../../supervise/bench.js";
import { openWard } from "./fixture.js";

const { SERVING, NOT_SERVING } = health.HealthCheckResponse_ServingStatus;
const shell: AgentProfile = { name: "exec", title: "exec", protocol: "exec", command: [] };

/** Writes until the disk takes no more. */
async function fillDisk({ store, writer }: Bench): Promise<void> {
  writer.pragma("wal_checkpoint(TRUNCATE)");
  writer.pragma(`max_page_count = ${writer.pragma("page_count", { simple: true }) as number}`);
  const filled = (async () => {
    for (let n = 0; ; n++) await store.transaction((tx) => addProject(tx, `filler-${n}`));
  })();
  await expect(filled).rejects.toMatchObject({ kind: "disk_full" });
}
const makeRoom = ({ writer }: Bench) => writer.pragma("max_page_count = 1000000");

/** A program that prints a line whenever its gate is opened once more. */
async function printer(bench: Bench): Promise<{ id: string; print: () => Promise<void> }> {
  const gate = `${bench.root}/gate`;
  const script = `n=0; while :; do if [ -e ${gate}$n ]; then n=$((n+1)); echo line $n; fi; sleep 0.02; done`;
  const id = await bench.create(shell, ["/bin/sh", "-c", script]);
  await expect.poll(() => bench.supervisor.controller(id)).toBeDefined();
  const { writeFileSync } = await import("node:fs");
  let printed = 0;
  return { id, print: async () => writeFileSync(`${gate}${printed++}`, "") };
}

test("nothing is wrong with what works", async () => {
  const { bench, problems, daemon, standard } = await openWard();
  await printer(bench);
  expect(await problems()).toEqual({});
  expect((await daemon.getStatus({})).daemonStatus?.healthy).toBe(true);
  expect((await standard.check({})).status).toBe(SERVING);
});

test("a full disk makes the database unhealthy, until there is room", async () => {
  const { bench, problems, daemon, standard } = await openWard();
  await fillDisk(bench);
  expect(await problems()).toEqual({ database: expect.stringMatching(/^writes fail: .*make room/) });
  expect((await daemon.getStatus({})).daemonStatus?.healthy).toBe(false);
  expect((await standard.check({})).status).toBe(NOT_SERVING);
  const { statuses } = await standard.list({});
  expect([...new Set(Object.values(statuses).map(({ status }) => status))]).toEqual([NOT_SERVING]);
  const one = await daemon.healthCheck({ component: ComponentType.EVENTS });
  expect(one.healthy).toBe(true);
  makeRoom(bench);
  expect(await problems()).toEqual({});
});

test("a watcher of the standard health check is told of a full disk, and of room", async () => {
  const { bench, standard } = await openWard();
  const stop = new AbortController();
  const watch = standard.watch({ service: "stratavore.v1.RunnerService" }, { signal: stop.signal });
  const statuses = watch[Symbol.asyncIterator]();
  expect((await statuses.next()).value).toMatchObject({ status: SERVING });
  const worse = statuses.next();
  await fillDisk(bench);
  expect((await worse).value).toMatchObject({ status: NOT_SERVING });
  const better = statuses.next();
  makeRoom(bench);
  await bench.store.transaction((tx) => addProject(tx, "after"));
  expect((await better).value).toMatchObject({ status: SERVING });
  stop.abort();
});

test("a store that may only be read makes the database and the events unhealthy", async () => {
  const { bench, problems } = await openWard();
  bench.writer.pragma("query_only = ON");
  expect(await problems()).toEqual({
    database: expect.stringMatching(/^writes fail: .*check the owner and mode/),
    events: expect.stringMatching(/^no events can be recorded: .*check the owner and mode/),
  });
  bench.writer.pragma("query_only = OFF");
  expect(await problems()).toEqual({});
});

test("a live tail that stands still makes the events unhealthy", async () => {
  const { bench, problems } = await openWard();
  bench.store.tail.close();
  expect(await problems()).toEqual({ events: expect.stringMatching(/streams are not told/) });
});

test("a log whose end is missing makes the events unhealthy", async () => {
  const { bench, problems } = await openWard();
  await printer(bench);
  bench.writer.exec("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)");
  expect(await problems()).toEqual({ events: expect.stringMatching(/newest event, \d+, cannot be read/) });
});

test("a runner that nobody follows makes the supervisor unhealthy", async () => {
  const { bench, problems } = await openWard();
  const { id, print } = await printer(bench);
  const { generation } = bench.store;
  const claim = (value: number) =>
    bench.writer.prepare("UPDATE meta SET value = ? WHERE key = 'generation'").run(String(value));
  // The store refuses it as if it were another daemon's, which its controller takes for the end.
  claim(generation + 1);
  await print();
  await expect.poll(() => bench.supervisor.controller(id)).toBeUndefined();
  claim(generation);
  expect(await problems()).toEqual({
    supervisor: expect.stringMatching(new RegExp(`nobody follows: ${id}; Reconcile`)),
  });
});

test("output that cannot be stored makes the supervisor unhealthy until it is", async () => {
  const { bench, problems } = await openWard();
  const { id, print } = await printer(bench);
  bench.writer.pragma("query_only = ON");
  await print();
  await expect
    .poll(async () => (await problems()).supervisor)
    .toMatch(new RegExp(`cannot be stored now: ${id}`));
  bench.writer.pragma("query_only = OFF");
  await expect.poll(problems).toEqual({});
});

test("an event loop that stood still makes the daemon unhealthy", async () => {
  const { problems } = await openWard();
  const block = (ms: number) => {
    for (const until = performance.now() + ms; performance.now() < until; );
  };
  block(2_500);
  expect(await problems()).toEqual({});
  block(3_500);
  expect(await problems()).toEqual({
    daemon: expect.stringMatching(/stood still for [56]\.\d s .* at most 3\.\d s/),
  });
});

test("memory that runs out makes the daemon unhealthy", () => {
  const MiB = 1024 * 1024;
  expect(heapProblem({ used_heap_size: 900 * MiB, heap_size_limit: 1000 * MiB })).toBe("");
  expect(heapProblem({ used_heap_size: 960 * MiB, heap_size_limit: 1000 * MiB })).toMatch(/^960 of 1000 MiB/);
});
