import { RunnerStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import type { AgentProfile } from "../../src/agents/index.js";
import { reconcile } from "../../src/supervise/reconcile/reconcile.js";
import { Supervisor } from "../../src/supervise/supervisor.js";
import { addEvent } from "../store/fixtures.js";
import { type Bench, openBench } from "./bench.js";

const { RUNNING } = RunnerStatus;
const shell: AgentProfile = { name: "exec", title: "exec", protocol: "exec", command: [] };

/** An agent that lives and that nobody follows. */
async function letGo() {
  const bench = await openBench();
  const id = await bench.create(shell, ["/bin/sh", "-c", "echo before; sleep 600"]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toContain("before\n");
  await bench.supervisor.close();
  const next = new Supervisor(bench.supervisor.options);
  onTestFinished(() => next.close());
  return { bench, id, next };
}

const isMarked = async (next: Supervisor, nonce: string) => (await next.options.driver.carriers()).has(nonce);

/** Fills the file until an event does not fit in any more. */
async function fill({ store, writer }: Bench) {
  writer.pragma("wal_checkpoint(TRUNCATE)");
  writer.pragma(`max_page_count = ${writer.pragma("page_count", { simple: true }) as number}`);
  const event = () => store.transaction((tx) => void addEvent(tx));
  const isFull = () =>
    event().then(
      () => false,
      () => true,
    );
  while (!(await isFull()));
}

test("an agent that lives is not ended because the disk is full, and is adopted once there is room", async () => {
  const { bench, id, next } = await letGo();
  const { nonce } = bench.store.read.processes.get(id)!;
  await fill(bench);
  expect((await reconcile(next)).steps).toEqual([]);
  expect(await isMarked(next, nonce)).toBe(true);
  bench.writer.pragma("max_page_count = 1000000");
  expect((await reconcile(next)).steps).toMatchObject([{ runnerId: id, action: "adopted" }]);
  expect(bench.runner(id).status).toBe(RUNNING);
});

test.each(["adopted", "started"])(
  "nor one that another daemon has %s, which has the record by now",
  async (how) => {
    const { bench, id, next } = await letGo();
    const { nonce } = bench.store.read.processes.get(id)!;
    if (how === "started") bench.writer.exec("UPDATE runner_processes SET handle = NULL");
    bench.writer.exec("UPDATE meta SET value = value + 1 WHERE key = 'generation'");
    await expect(reconcile(next)).rejects.toMatchObject({ kind: "fenced" });
    expect(await isMarked(next, nonce)).toBe(true);
    bench.writer.exec("UPDATE meta SET value = value - 1 WHERE key = 'generation'");
  },
);
