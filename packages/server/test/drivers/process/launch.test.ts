import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allText, firstLines, holderOf, isRunning, until, Workbench } from "./workbench.js";

/** What was passed to this process without close-on-exec is not ours to close. */
function isInheritable(fd: string): boolean {
  try {
    const flags = /flags:\s+([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
  } catch {
    return false;
  }
}

function linkOf(fd: string): string {
  return readlinkSync(`/proc/self/fd/${fd}`);
}

describe.each(["auto", "off"] as const)("starting an agent, cgroup %s", (cgroup) => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench({ cgroup });
  });
  afterEach(() => bench.clear());

  test("what is written comes back, and end of input ends it", async () => {
    const agent = await bench.start("/bin/cat", [], { input: true });
    await agent.write(Buffer.from("one\ntwo\n"));
    expect(await firstLines(agent.stdout, 2)).toEqual(["one", "two"]);
    await agent.write(Buffer.from("three"));
    await agent.endInput();
    expect(await agent.exited).toMatchObject({ status: 0 });
    expect(await allText(agent.stdout)).toBe("one\ntwo\nthree");
  });

  test.each([
    ["exit 0", 0],
    ["exit 7", 7],
    ["exit 143", 143],
    ["kill -TERM $$", 143],
    ["kill -KILL $$", 137],
    ["kill -INT $$", 130],
    ["no-such-command", 127],
  ])("%j ends with %i", async (script, status) => {
    const before = Date.now();
    const agent = await bench.sh(script);
    const exit = await agent.exited;
    expect(exit.status).toBe(status);
    expect(exit.at).toBeGreaterThan(before - 1000);
    expect(exit.at).toBeLessThan(Date.now() + 1000);
  });

  test("the wrapper learns the status in spite of every polite signal", async () => {
    const agent = await bench.sh("trap '' HUP INT TERM USR1; echo up; sleep 0.3; exit 9");
    await firstLines(agent.stdout, 1);
    for (const signal of ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"] as const) {
      process.kill(agent.handle.pid, signal);
    }
    expect(await agent.exited).toMatchObject({ status: 9 });
  });

  test("an agent is given nothing of ours: stdin, descriptors, signals, environment", async () => {
    const spec = { env: { PATH: "/usr/bin:/bin", dir: "kept", REPLY: "kept too" } };
    const clean = await bench.sh(
      "readlink /proc/self/fd/0; echo $(ls /proc/self/fd | grep '^[0-9]$'); grep -E 'Sig(Ign|Blk)' /proc/self/status; env | sort",
      spec,
    );
    const lines = (await allText(clean.stdout)).split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "/dev/null",
      // The last one is the folder that ls reads.
      "0 1 2 3",
      "SigBlk:\t0000000000000000",
      "SigIgn:\t0000000000000000",
    ]);
    expect(lines.slice(4)).toEqual([
      "PATH=/usr/bin:/bin",
      `PWD=${bench.root}`,
      "REPLY=kept too",
      `STRATAVORE_NONCE=${clean.handle.nonce}`,
      "dir=kept",
    ]);
  });

  test("arguments arrive as they are", async () => {
    const args = ["", "$(id)", "a b", "*", "'\"\\", "line\nbreak", "-n", "é"];
    const agent = await bench.start(process.execPath, [
      "-e",
      "console.log(JSON.stringify(process.argv.slice(1)))",
      "--",
      ...args,
    ]);
    expect(JSON.parse(await allText(agent.stdout))).toEqual(args);
  });

  test("the agent works in its folder, and wrapper and holder keep none busy", async () => {
    const agent = await bench.sh("pwd; read -r line", { input: true });
    expect(await firstLines(agent.stdout, 1)).toEqual([bench.root]);
    const holder = await holderOf(agent);
    for (const pid of [agent.handle.pid, holder]) {
      expect(readlinkSync(`/proc/${pid}/cwd`)).toBe("/");
    }
  });

  test("wrapper and holder hold no descriptor of ours", async () => {
    const ours = createServer().listen(0, "127.0.0.1");
    try {
      await once(ours, "listening");
      const agent = await bench.sh("read -r line", { input: true });
      const inherited = readdirSync("/proc/self/fd").filter(isInheritable).map(linkOf);
      for (const pid of [agent.handle.pid, await holderOf(agent)]) {
        const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
        const foreign = held.filter((path) => path !== "/dev/null" && !path.startsWith(agent.handle.dir));
        expect(foreign.filter((path) => !inherited.includes(path))).toEqual([]);
      }
    } finally {
      ours.close();
    }
  });

  test("the folder and its files are the owner's alone", async () => {
    const agent = await bench.sh("read -r line", { input: true });
    const { dir } = agent.handle;
    await until(() => existsSync(join(dir, "input")));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const name of ["stdout", "stderr", "launch.json", "input"]) {
      expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600);
    }
  });

  test("no process is left once the agent has ended by itself", async () => {
    const agent = await bench.sh("read -r line; exit 3", { input: true });
    const holder = await holderOf(agent);
    await agent.write(Buffer.from("go\n"));
    expect(await agent.exited).toMatchObject({ status: 3 });
    await until(() => !isRunning(holder) && !isRunning(agent.handle.pid));
    if (agent.handle.cgroup !== null) expect(existsSync(agent.handle.cgroup)).toBe(false);
  });

  test.each([
    ["not_found", { program: "/no/such/program" }],
    ["not_executable", { program: "/etc/passwd" }],
    ["not_executable", { program: "/etc" }],
    ["bad_cwd", { cwd: "/no/such/folder" }],
    ["bad_cwd", { cwd: "/etc/passwd" }],
    ["bad_spec", { program: "cat" }],
    ["bad_spec", { cwd: "." }],
    ["bad_spec", { nonce: "../evil-nonce" }],
    ["bad_spec", { args: ["a\0b"] }],
    ["bad_spec", { env: { "BASH_FUNC_x%%": "() { :; }" } }],
  ])("%s for %j", async (code, more) => {
    await expect(bench.start("/bin/true", [], more)).rejects.toMatchObject({ name: "DriverError", code });
  });

  test("spawn_failed for arguments that are too long", async () => {
    const args = ["x".repeat(3_000_000)];
    await expect(bench.start("/bin/true", args)).rejects.toMatchObject({ code: "spawn_failed" });
  });

  test("a folder is used for one start", async () => {
    const first = await bench.sh("exit 0");
    await first.exited;
    await expect(bench.sh("exit 1", { dir: first.handle.dir })).rejects.toMatchObject({
      code: "folder_in_use",
    });
    expect(await first.exited).toMatchObject({ status: 0 });
  });

  test("a program that the kernel refuses ends as the shell says", async () => {
    const path = join(bench.root, "broken");
    writeFileSync(path, "#!/no/such/interpreter\n");
    chmodSync(path, 0o755);
    const agent = await bench.start(path, []);
    expect((await agent.exited).status).toBeGreaterThanOrEqual(126);
    expect(await allText(agent.stderr)).not.toBe("");
  });
});
