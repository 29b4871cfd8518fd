import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LaunchSpec, ProcessHandle } from "../../../src/drivers/driver.js";
import { allText, firstLines, isRunning, until, Workbench } from "./workbench.js";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench();
});
afterEach(() => bench.clear());

describe("kill -9 of the daemon", () => {
  const daemons: ChildProcess[] = [];
  afterEach(() => {
    for (const child of daemons.splice(0)) child.kill("SIGKILL");
  });

  function daemon(mode: "start" | "adopt", spec?: LaunchSpec): ChildProcess {
    const paths = [join(bench.root, "handle"), join(bench.root, "store")];
    const args = ["--import", fixture("ts-source.mjs"), fixture("daemon.ts"), mode, ...paths];
    const child = spawn(process.execPath, spec ? [...args, JSON.stringify(spec)] : args, {
      stdio: ["ignore", "ignore", "inherit"],
    });
    daemons.push(child);
    return child;
  }

  function lastOffset(): number {
    const last = readFileSync(join(bench.root, "store"), "utf8").trimEnd().split("\n").at(-1);
    return (JSON.parse(last ?? "") as { nextOffset: number }).nextOffset;
  }

  const storeSize = () => statSync(join(bench.root, "store")).size;

  /** What a database would have rolled back: the part of an append that was under way. */
  function dropTornAppend(): void {
    const path = join(bench.root, "store");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, text.lastIndexOf("\n") + 1));
  }

  test("while the agent floods: no line is lost or repeated, and the agent is the same", async () => {
    const flood = `let i = 0;
      let isLast = false;
      process.stdin.once("data", () => { isLast = true; });
      const go = () => {
        let text = "";
        for (const end = i + 500; i < end; i++) text += i + " " + "x".repeat(60) + "\\n";
        process.stdout.write(text, () => (isLast ? process.exit(5) : setTimeout(go, 4)));
      };
      go();`;
    writeFileSync(join(bench.root, "store"), "");
    const spec = bench.spec(process.execPath, ["-e", flood], { input: true });
    let child = daemon("start", spec);
    let handle: ProcessHandle | undefined;
    for (let round = 0; round < 4; round++) {
      const size = storeSize();
      await until(() => storeSize() > size + 20_000);
      child.kill("SIGKILL");
      await once(child, "exit");
      dropTornAppend();
      handle ??= JSON.parse(readFileSync(join(bench.root, "handle"), "utf8")) as ProcessHandle;
      expect(isRunning(handle.pid)).toBe(true);
      child = daemon("adopt");
    }
    const { process: agent } = await bench.driver.adopt(handle!);
    await agent.write(Buffer.from("enough\n"));
    expect(await agent.exited).toMatchObject({ status: 5 });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    const numbers = readFileSync(join(bench.root, "store"), "utf8")
      .trimEnd()
      .split("\n")
      .flatMap((line) => (JSON.parse(line) as { numbers: number[] }).numbers);
    expect(numbers.length).toBeGreaterThan(2000);
    expect(numbers.every((number, index) => number === index)).toBe(true);
    // Every line of the file has been stored.
    expect(await agent.stdout.unread(lastOffset())).toBe(0);
  }, 60_000);
});

test("ten adoptions in a row meet the same agent", async () => {
  const first = await bench.sh("echo $$; while read -r line; do echo $$ $line; done", { input: true });
  const [agentPid] = await firstLines(first.stdout, 1);
  await first.detach();
  for (let round = 1; round <= 10; round++) {
    const { process: next, live } = await bench.driver.adopt(JSON.parse(JSON.stringify(first.handle)));
    expect(live).toBe(true);
    await next.write(Buffer.from(`${round}\n`));
    expect((await firstLines(next.stdout, round + 1)).at(-1)).toBe(`${agentPid} ${round}`);
    await next.detach();
  }
  const { process: last } = await bench.driver.adopt(first.handle);
  bench.hold(last);
  await last.endInput();
  expect(await last.exited).toMatchObject({ status: 0 });
});

test("an adopted agent whose wrapper is killed ends without a status", async () => {
  const agent = await bench.sh("exec sleep 60", { input: true });
  await agent.detach();
  const { process: adopted } = await bench.driver.adopt(agent.handle);
  bench.hold(adopted);
  process.kill(agent.handle.pid, "SIGKILL");
  expect(await adopted.exited).toEqual({ status: null, at: null });
});

describe("identity", () => {
  test.each<[string, (handle: ProcessHandle) => Partial<ProcessHandle>]>([
    ["a foreign pid", () => ({ pid: process.pid })],
    ["a pid of nobody", () => ({ pid: 4_194_303 })],
    ["another start time", (handle) => ({ startTime: String(Number(handle.startTime) + 1) })],
    ["another boot", () => ({ bootId: "00000000-0000-0000-0000-000000000000" })],
    ["another nonce, as of a pid that was used again", () => ({ nonce: "another-nonce" })],
    ["an unknown pid", () => ({ pid: 0 })],
  ])("refuses %s", async (_, change) => {
    const agent = await bench.sh("exec sleep 60");
    const { process: other, live } = await bench.driver.adopt({ ...agent.handle, ...change(agent.handle) });
    expect(live).toBe(false);
    expect(await other.exited).toEqual({ status: null, at: null });
    expect(isRunning(agent.handle.pid)).toBe(true);
  });

  test("a stop of what was refused signals nobody", async () => {
    const agent = await bench.sh("exec sleep 60");
    const stranger = await bench.sh("exec sleep 60");
    const handle = { ...agent.handle, pid: stranger.handle.pid, nonce: "another-nonce", cgroup: null };
    const { process: other } = await bench.driver.adopt(handle);
    expect(await other.stop({ graceMs: 50 })).toEqual({
      method: "session",
      ended: [],
      left: [],
      forced: false,
    });
    expect(isRunning(stranger.handle.pid) && isRunning(agent.handle.pid)).toBe(true);
  });

  test("refuses a zombie", async () => {
    const dir = join(bench.root, "zombie");
    mkdirSync(dir);
    // The agent never waits for its child, which is what the handle names.
    const parent = await bench.node(
      "const c=require('child_process').spawn('/bin/sh',['-c','read x']); console.log(c.pid); process.on('SIGUSR2',()=>{c.kill('SIGKILL'); for(;;);})",
    );
    const [line] = await firstLines(parent.stdout, 1);
    const pid = Number(line);
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const handle = { ...parent.handle, dir, pid, startTime: fields[19] ?? "" };
    expect((await bench.driver.adopt(handle)).live).toBe(true);
    process.kill(Number(fields[1]), "SIGUSR2");
    await until(() => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1")));
    expect((await bench.driver.adopt(handle)).live).toBe(false);
  });
});

describe("a start that nobody recorded", () => {
  test("is found by its folder and nonce", async () => {
    const agent = await bench.sh("cat", { input: true });
    const { dir, nonce } = agent.handle;
    expect(await bench.driver.find(dir, nonce)).toEqual(agent.handle);
    expect(await bench.driver.find(dir, "another-nonce")).toBeNull();
    expect(await bench.driver.find(join(bench.root, "empty"), nonce)).toBeNull();
  });

  test("is found when it has ended already", async () => {
    const agent = await bench.sh("echo said; exit 4");
    await agent.exited;
    const handle = await bench.driver.find(agent.handle.dir, agent.handle.nonce);
    expect(handle).toMatchObject({ pid: 0 });
    const { process: ended, live } = await bench.driver.adopt(handle!);
    expect(live).toBe(false);
    expect(await ended.exited).toMatchObject({ status: 4 });
    expect(await allText(ended.stdout)).toBe("said");
  });
});

describe("orphans", () => {
  test("carriers names them, and a sweep ends them", async () => {
    const agent = await bench.sh("exec sleep 60", { input: true });
    const other = await bench.sh("exec sleep 60");
    const count = async (nonce: string) => (await bench.driver.carriers()).get(nonce)?.length;
    // Wrapper, holder and agent; wrapper and agent.
    await until(
      async () => (await count(agent.handle.nonce)) === 3 && (await count(other.handle.nonce)) === 2,
    );
    expect((await bench.driver.carriers()).get(agent.handle.nonce)).toContain(agent.handle.pid);

    const report = await bench.driver.sweep(agent.handle.nonce);
    expect(report.ended.length).toBeGreaterThan(0);
    expect(report.left).toEqual([]);
    await until(async () => !(await bench.driver.carriers()).has(agent.handle.nonce));
    expect(isRunning(other.handle.pid)).toBe(true);
  });

  test("an agent whose wrapper was killed is still found and stopped", async () => {
    const agent = await bench.sh("echo $$; exec sleep 60", { input: true });
    const [pid] = await firstLines(agent.stdout, 1);
    process.kill(agent.handle.pid, "SIGKILL");
    expect(await agent.exited).toEqual({ status: null, at: null });
    expect(isRunning(Number(pid))).toBe(true);
    const report = await agent.stop({ graceMs: 2000 });
    expect(report.ended).toContainEqual(expect.objectContaining({ pid: Number(pid), signal: "SIGTERM" }));
    expect(isRunning(Number(pid))).toBe(false);
  });
});
