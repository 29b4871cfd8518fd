import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownCgroup } from "../../../src/drivers/process/cgroup.js";
import { firstLines, isRunning, until, Workbench } from "./workbench.js";

const state = (pid: number) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];

describe.each(["cgroup", "session"] as const)("stopping an agent, known by %s", (method) => {
  const isOff = method === "session";
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench({ cgroup: isOff ? "off" : "auto" });
  });
  afterEach(() => bench.clear());

  const run = isOff || ownCgroup() !== null ? test : test.skip;

  run("a willing one ends by SIGTERM, without force", async () => {
    const agent = await bench.sh("echo $$; exec sleep 60", { input: true });
    const [line] = await firstLines(agent.stdout, 1);
    await until(() => readFileSync(`/proc/${line}/comm`, "latin1") === "sleep\n");
    expect(await agent.stop({ graceMs: 5000 })).toEqual({
      method,
      ended: [{ pid: Number(line), command: "sleep", signal: "SIGTERM" }],
      left: [],
      forced: false,
    });
    expect(await agent.exited).toMatchObject({ status: 143 });
    if (agent.handle.cgroup !== null) expect(existsSync(agent.handle.cgroup)).toBe(false);
  });

  run("one that ignores SIGTERM is killed after the grace, its children with it", async () => {
    const agent = await bench.sh("trap '' TERM; sleep 61 & echo $$ $!; while :; do sleep 0.1; done");
    const pids = (await firstLines(agent.stdout, 1))[0]!.split(" ").map(Number);
    const before = Date.now();
    const report = await agent.stop({ graceMs: 300 });
    expect(Date.now() - before).toBeGreaterThanOrEqual(300);
    expect(report).toMatchObject({ method, forced: true, left: [] });
    for (const pid of pids) {
      expect(report.ended).toContainEqual(expect.objectContaining({ pid, signal: "SIGKILL" }));
      expect(isRunning(pid)).toBe(false);
    }
    expect(await agent.exited).toMatchObject({ status: 137 });
  });

  run("force does not wait, also when a patient stop waits already", async () => {
    const agent = await bench.sh("trap '' TERM; echo up; while :; do sleep 0.1; done");
    await firstLines(agent.stdout, 1);
    const before = Date.now();
    const patient = agent.stop({ graceMs: 60_000 });
    const forced = await agent.stop({ force: true, graceMs: 60_000 });
    expect(await patient).toBe(forced);
    expect(forced).toMatchObject({ forced: true, left: [] });
    expect(Date.now() - before).toBeLessThan(30_000);
  });

  run("a child in a session of its own, whose parent is gone, is ended too", async () => {
    const agent = await bench.sh("(setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 62' &) ; exec sleep 63");
    const [line] = await firstLines(agent.stdout, 1);
    const report = await agent.stop({ graceMs: 5000 });
    expect(report.ended).toContainEqual(expect.objectContaining({ pid: Number(line), signal: "SIGKILL" }));
    expect(isRunning(Number(line))).toBe(false);
    expect(report).toMatchObject({ method, forced: true, left: [] });
  });

  run("what an agent left behind when it ended is ended by a stop", async () => {
    const agent = await bench.sh("setsid sleep 64 & echo $!");
    const [line] = await firstLines(agent.stdout, 1);
    expect(await agent.exited).toMatchObject({ status: 0 });
    expect(isRunning(Number(line))).toBe(true);
    const report = await agent.stop({ graceMs: 5000 });
    expect(report).toEqual({
      method,
      ended: [{ pid: Number(line), command: expect.any(String), signal: "SIGTERM" }],
      left: [],
      forced: false,
    });
  });

  run("a frozen one stands still, goes on when thawed, and can be stopped", async () => {
    const agent = await bench.sh(
      "sleep 65 & echo $! $$; i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done",
    );
    const [child, self] = (await firstLines(agent.stdout, 1))[0]!.split(" ").map(Number) as [number, number];
    await agent.freeze();
    const size = await agent.stdout.unread(0);
    await agent.sample();
    expect(await agent.stdout.unread(0)).toBe(size);
    // D: the parent of a process that was stopped between vfork and exec.
    if (isOff) for (const pid of [child, self]) expect(state(pid)).toMatch(/[TD]/);
    expect(state(agent.handle.pid)).toBe("S");
    await agent.thaw();
    await until(async () => (await agent.stdout.unread(0)) > size);

    await agent.freeze();
    const report = await agent.stop({ graceMs: 5000 });
    expect(report).toMatchObject({ forced: false, left: [] });
    expect(await agent.exited).toMatchObject({ status: 143 });
    expect(isRunning(child)).toBe(false);
  });

  run("a later daemon stops what an earlier one froze", async () => {
    const agent = await bench.sh("echo up; exec sleep 66");
    await firstLines(agent.stdout, 1);
    await agent.freeze();
    await agent.detach();
    const { process: adopted } = await bench.driver.adopt(agent.handle);
    bench.hold(adopted);
    expect(await adopted.stop({ graceMs: 5000 })).toMatchObject({ method, forced: false, left: [] });
    expect(await adopted.exited).toMatchObject({ status: 143 });
  });

  run(
    "a stop right after the start leaves nothing, whatever it meets",
    async () => {
      for (let round = 0; round < 20; round++) {
        const agent = await bench.sh("sleep 67 & exec sleep 68", { input: round % 2 === 0 });
        const report = await agent.stop({ force: round % 3 === 0, graceMs: 500 });
        expect(report.left).toEqual([]);
        await agent.exited;
        await until(async () => !(await bench.driver.carriers()).has(agent.handle.nonce));
      }
    },
    30_000,
  );

  run("stopping twice is no error", async () => {
    const agent = await bench.sh("exec sleep 69");
    await agent.stop({ graceMs: 5000 });
    expect(await agent.stop({ graceMs: 5000 })).toEqual({ method, ended: [], left: [], forced: false });
  });

  run("pending input does not hold a stop up", async () => {
    const agent = await bench.sh("exec sleep 70", { input: true });
    const write = agent.write(Buffer.alloc(1 << 20)).catch((error) => error.code);
    expect(await agent.stop({ graceMs: 5000 })).toMatchObject({ forced: false });
    expect(await write).toBe("input_closed");
  });

  run("the figures cover the whole tree", async () => {
    const agent = await bench.sh("sh -c 'while :; do :; done' & sleep 71 & wait");
    const first = await until(async () => {
      const sample = await agent.sample();
      return sample.processes === 3 && sample.cpuSeconds > 0.05 ? sample : null;
    });
    expect(first.memoryBytes).toBeGreaterThan(100_000);
    expect(first.memoryBytes).toBeLessThan(100_000_000);
    await until(async () => (await agent.sample()).cpuSeconds > first.cpuSeconds);
    await agent.stop({ force: true, graceMs: 0 });
    expect((await agent.sample()).processes).toBe(0);
  });
});

describe("containment", () => {
  const contained = ownCgroup() === null ? test.skip : test;
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.clear());

  contained("a child that left session, parent and environment is in the cgroup", async () => {
    const agent = await bench.sh("(env -i setsid sh -c 'echo $$; exec sleep 72' &) ; exec sleep 73");
    const [line] = await firstLines(agent.stdout, 1);
    await agent.detach();
    const { process: adopted } = await bench.driver.adopt(agent.handle);
    bench.hold(adopted);
    const report = await adopted.stop({ graceMs: 5000 });
    expect(report).toMatchObject({ method: "cgroup", left: [] });
    expect(report.ended.map(({ pid }) => pid)).toContain(Number(line));
    expect(isRunning(Number(line))).toBe(false);
  });
});
