import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { RunnerStatus } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import type { AgentProfile } from "../../src/agents/index.js";
import { reconcile } from "../../src/supervise/reconcile/reconcile.js";
import { Reconciler } from "../../src/supervise/reconcile/reconciler.js";
import { Supervisor } from "../../src/supervise/supervisor.js";
import { type Bench, openBench } from "./bench.js";

const { RUNNING, STARTING, STOPPING, TERMINATED, FAILED } = RunnerStatus;
const shell: AgentProfile = { name: "exec", title: "exec", protocol: "exec", command: [] };
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

/** No change of a process's record gets through, for a reason that no later try would mend. */
const breakRecord = ({ writer }: Bench) =>
  writer.exec(
    "CREATE TRIGGER broken BEFORE UPDATE ON runner_processes BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: broken'); END",
  );
const mendRecord = ({ writer }: Bench) => writer.exec("DROP TRIGGER broken");

/** What a dry run says, then what is done; they must be the same, and then there is nothing left to do. */
async function reconciled({ supervisor }: Bench) {
  const { steps: foretold } = await reconcile(supervisor, { dryRun: true });
  const { steps, recorded } = await reconcile(supervisor);
  await recorded;
  expect(steps).toEqual(foretold);
  expect((await reconcile(supervisor)).steps).toEqual([]);
  return steps;
}

/** An agent whose supervisor has let go of it, and another supervisor that knows nothing of it. */
async function letGo(bench: Bench, command: string) {
  const id = await bench.create(shell, ["/bin/sh", "-c", command]);
  const sessionId = await bench.sessionOf(id);
  await expect.poll(() => bench.answer(sessionId)).toContain("before\n");
  const { pid } = bench.supervisor.controller(id)!;
  await bench.supervisor.close();
  return { id, sessionId, pid, next: withAnother(bench) };
}

test("what is in order is left alone, also while it is being started", async () => {
  const bench = await openBench();
  const ids = await Promise.all(
    Array.from({ length: 8 }, () => bench.create(shell, ["/bin/sh", "-c", "echo before; sleep 600"])),
  );
  for (let look = 0; look < 20; look++) expect((await reconcile(bench.supervisor)).steps).toEqual([]);
  for (const id of ids) await bench.status(id, RUNNING);
  expect((await reconcile(bench.supervisor)).steps).toEqual([]);
});

test("an agent that nobody follows is adopted, and what it said meanwhile is kept", async () => {
  const bench = await openBench();
  const script = `echo before; while [ ! -e ${bench.root}/gate ]; do echo more; sleep 0.02; done; echo after; sleep 600`;
  const { id, sessionId, pid, next } = await letGo(bench, script);
  expect(isAlive(pid)).toBe(true);
  expect(await reconciled(next)).toEqual([
    { runnerId: id, action: "adopted", reason: "its process is alive", pid },
  ]);
  mkdirSync(join(bench.root, "gate"));
  await expect.poll(() => bench.answer(sessionId)).toMatch(/^before\n(more\n)+after\n$/);
  expect(bench.runner(id).status).toBe(RUNNING);
});

test.each([
  { code: 0, status: TERMINATED, action: "terminated", reason: "the agent ended by itself" },
  { code: 3, status: FAILED, action: "failed", reason: "the agent ended by itself (exit code 3)" },
])("an agent that ended with $code while nobody followed it is $action", async ({ code, ...expected }) => {
  const bench = await openBench();
  const script = `echo before; while [ ! -e ${bench.root}/gate ]; do echo more; sleep 0.02; done; echo last words; exit ${code}`;
  const { id, sessionId, pid, next } = await letGo(bench, script);
  mkdirSync(join(bench.root, "gate"));
  await expect.poll(() => isAlive(pid)).toBe(false);
  const { action, reason } = expected;
  expect(await reconciled(next)).toEqual([{ runnerId: id, action, reason, pid }]);
  expect(bench.runner(id)).toMatchObject({ status: expected.status, reason, exitCode: code });
  expect(bench.answer(sessionId)).toMatch(/last words\n$/);
  await expect.poll(() => existsSync(join(bench.root, "runners", id))).toBe(false);
});

test("a stop of an agent that nobody follows is finished", async () => {
  const bench = await openBench();
  const { id, pid, next } = await letGo(bench, "echo before; while :; do echo more; sleep 0.02; done");
  const signal = AbortSignal.timeout(40_000);
  const stop = next.supervisor.stopRunner(id, { force: false, graceMs: 0 }, signal);
  await bench.status(id, STOPPING);
  expect(await reconciled(next)).toEqual([
    { runnerId: id, action: "stop_finished", reason: "its stop was under way", pid },
  ]);
  expect((await stop).runner.status).toBe(TERMINATED);
  expect(isAlive(pid)).toBe(false);
});

test("a stop that failed is tried again, and one that is under way is not cut short", async () => {
  const bench = await openBench();
  const id = await bench.create(shell, [
    "/bin/sh",
    "-c",
    "trap '' TERM; echo before; while :; do sleep 0.02; done",
  ]);
  await expect.poll(() => bench.answer(bench.runner(id).sessionId!)).toBe("before\n");
  const { process, pid } = bench.supervisor.controller(id)!;
  const stop = process.stop.bind(process);
  process.stop = () => Promise.reject(new Error("no"));
  const signal = AbortSignal.timeout(40_000);
  const options = { force: false, graceMs: 60_000 };
  await expect(bench.supervisor.stopRunner(id, options, signal)).rejects.toThrow("no");
  expect((await reconcile(bench.supervisor, { dryRun: true })).steps).toMatchObject([
    { action: "stop_finished" },
  ]);
  process.stop = stop;
  const again = bench.supervisor.stopRunner(id, options, signal);
  expect((await reconcile(bench.supervisor)).steps).toEqual([]);
  expect(isAlive(pid)).toBe(true);
  await bench.supervisor.stopRunner(id, { force: true, graceMs: 0 }, signal);
  expect((await again).runner.status).toBe(TERMINATED);
});

test("a record whose agent was never started is failed; a start that was not recorded is ended", async () => {
  const bench = await openBench();
  const { driver } = bench.supervisor.options;
  const start = driver.start.bind(driver);
  // As after a daemon that died before the start, and one that died right after it.
  const unfinished = Promise.withResolvers<never>();
  driver.start = () => unfinished.promise;
  const [never, halfway] = [
    await bench.create(shell, ["/bin/sleep", "600"]),
    await bench.create(shell, ["/bin/sleep", "600"]),
  ];
  const row = bench.store.read.processes.get(halfway)!;
  const spec = {
    dir: row.dir,
    nonce: row.nonce,
    program: "/bin/sleep",
    args: ["600"],
    env: {},
    cwd: bench.root,
    input: false,
  };
  const { handle } = await start(spec);
  expect(bench.runner(never).status).toBe(STARTING);
  // A supervisor that knows nothing of the starts.
  const next = withAnother(bench);
  const steps = await reconciled(next);
  expect(steps.toSorted((a, b) => a.reason.localeCompare(b.reason))).toEqual([
    { runnerId: never, action: "failed", reason: "the daemon ended before the agent was started", pid: 0 },
    {
      runnerId: halfway,
      action: "failed",
      reason: "the daemon ended while the agent was being started",
      pid: 0,
    },
  ]);
  expect([bench.runner(never).status, bench.runner(halfway).status]).toEqual([FAILED, FAILED]);
  await expect.poll(() => isAlive(handle.pid)).toBe(false);
  unfinished.reject(new Error("the test is over"));
});

test("a process with the mark of a runner that is not on record is ended, and another directory's is not", async () => {
  const bench = await openBench();
  const carrier = (nonce: string) => {
    const child = spawn("/bin/sleep", ["600"], { env: { STRATAVORE_NONCE: nonce }, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  };
  const { owner } = bench.supervisor.options;
  const orphan = carrier(`${owner}-0123456789abcdef`);
  const foreign = carrier(`another${owner}-0123456789abcdef`);
  const { driver } = bench.supervisor.options;
  await expect.poll(async () => (await driver.carriers()).has(`${owner}-0123456789abcdef`)).toBe(true);
  expect(await reconciled(bench)).toEqual([
    {
      runnerId: "",
      action: "orphan_killed",
      reason: expect.stringContaining("not on record"),
      pid: orphan.pid,
    },
  ]);
  await expect.poll(() => orphan.signalCode).toBe("SIGKILL");
  expect(foreign.signalCode).toBeNull();
});

test("it happens by itself from time to time, and no more once it is closed", async () => {
  const bench = await openBench();
  const { id, next } = await letGo(bench, "echo before; while :; do echo more; sleep 0.02; done");
  const reconciler = new Reconciler(next.supervisor, 10);
  onTestFinished(() => reconciler.close());
  expect(next.supervisor.controller(id)).toBeUndefined();
  reconciler.start();
  await expect.poll(() => next.supervisor.controller(id)).toBeDefined();
  await expect
    .poll(() => bench.logged)
    .toContainEqual(
      expect.objectContaining({
        level: "warn",
        facts: expect.objectContaining({ runnerId: id, action: "adopted" }),
      }),
    );
  await reconciler.close();
  reconciler.start();
  const looks = bench.logged.length;
  await reconciler.run({ dryRun: true });
  expect(bench.logged.length).toBe(looks);
});

/** The bench with another supervisor over the same record. */
function withAnother(bench: Bench): Bench {
  const supervisor = new Supervisor(bench.supervisor.options);
  onTestFinished(() => supervisor.close());
  return Object.assign(Object.create(bench) as Bench, { supervisor });
}

test("an agent that can no longer be followed because of a fault here is ended, and reconciled", async () => {
  const bench = await openBench();
  const id = await bench.create(shell, ["/bin/sh", "-c", "while :; do echo more; sleep 0.02; done"]);
  await bench.sessionOf(id);
  const { pid } = bench.supervisor.controller(id)!;
  breakRecord(bench);
  await expect.poll(() => bench.supervisor.controller(id)).toBeUndefined();
  expect(bench.errors.map(({ message }) => message)).toContain("the runner is no longer followed");
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(bench.runner(id).status).toBe(RUNNING);
  mendRecord(bench);
  expect(await reconciled(bench)).toMatchObject([{ runnerId: id, action: "failed", pid }]);
  expect(bench.runner(id).status).toBe(FAILED);
});
