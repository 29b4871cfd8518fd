import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allText, firstLines, holderOf, isRunning, openFilesBelow, until, Workbench } from "./workbench.js";

const MEGABYTE = Buffer.alloc(1 << 20, "m");

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench();
});
afterEach(() => bench.clear());

test("a megabyte arrives whole and in order", async () => {
  const agent = await bench.sh("wc -c; echo end", { input: true });
  await Promise.all([agent.write(MEGABYTE), agent.write(Buffer.from("tail")), agent.write(MEGABYTE)]);
  await agent.endInput();
  expect((await allText(agent.stdout)).trim().split(/\s+/)).toEqual([String(2 * (1 << 20) + 4), "end"]);
});

test("agents that never read hold up neither files nor each other", async () => {
  const hung = await Promise.all(Array.from({ length: 4 }, () => bench.sh("exec sleep 60", { input: true })));
  const settled: number[] = [];
  const writes = hung.map((agent, index) =>
    agent.write(MEGABYTE).then(
      () => settled.push(index),
      () => settled.push(index),
    ),
  );
  await until(() => openFilesBelow(bench.root) >= 4);

  const path = join(bench.root, "file");
  for (let index = 0; index < 20; index++) {
    await writeFile(path, String(index));
    expect(await readFile(path, "utf8")).toBe(String(index));
    await stat(path);
  }
  const reading = await bench.start("/bin/cat", [], { input: true });
  await reading.write(Buffer.from("through\n"));
  expect(await firstLines(reading.stdout, 1)).toEqual(["through"]);
  expect(settled).toEqual([]);

  for (const agent of hung) await agent.stop({ force: true, graceMs: 0 });
  await Promise.all(writes);
  expect(settled.length).toBe(4);
});

test("an aborted write that waits is dropped, one under way goes on", async () => {
  const agent = await bench.sh("read -r first; wc -c", { input: true });
  const abort = new AbortController();
  const running = agent.write(Buffer.concat([MEGABYTE.subarray(0, 150_000), Buffer.from("\n")]));
  const waiting = agent.write(Buffer.from("never\n"), { signal: abort.signal });
  const after = agent.write(Buffer.from("12345"));
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  await running;
  await after;
  await agent.endInput();
  expect(Number(await allText(agent.stdout))).toBe(5);

  const hung = await bench.sh("exec sleep 60", { input: true });
  const cut = new AbortController();
  const large = hung.write(MEGABYTE, { signal: cut.signal });
  await until(() => openFilesBelow(hung.handle.dir) === 1);
  cut.abort();
  await expect(large).rejects.toMatchObject({ code: "aborted" });
  await expect(hung.write(MEGABYTE, { signal: cut.signal })).rejects.toMatchObject({ code: "aborted" });
});

test("the queue of an agent that does not read is bounded", async () => {
  const agent = await bench.sh("exec sleep 60", { input: true });
  const writes = Array.from({ length: 16 }, () => agent.write(MEGABYTE).catch((error) => error.code));
  await expect(agent.write(MEGABYTE)).rejects.toMatchObject({ code: "input_full" });
  await agent.detach();
  expect(new Set(await Promise.all(writes))).toEqual(new Set(["detached"]));
});

test("without input there is nothing to write to", async () => {
  const agent = await bench.sh("cat; sleep 60");
  await expect(agent.write(Buffer.from("x"))).rejects.toMatchObject({ code: "input_closed" });
  await agent.endInput();
});

test("a write fails once the agent has ended or closed its input", async () => {
  const ended = await bench.sh("exit 0", { input: true });
  await ended.exited;
  await expect(ended.write(Buffer.from("x"))).rejects.toMatchObject({ code: "input_closed" });

  const closing = await bench.sh("read -r line; exec 0<&-; echo closed; exec sleep 60", { input: true });
  await closing.write(Buffer.from("go\n"));
  await firstLines(closing.stdout, 1);
  const late = async () => {
    for (;;) await closing.write(MEGABYTE);
  };
  await expect(late()).rejects.toMatchObject({ code: "input_closed" });
});

test("the agent's end rejects what waits", async () => {
  const agent = await bench.sh("sleep 0.2", { input: true });
  await expect(agent.write(MEGABYTE)).rejects.toMatchObject({ code: "input_closed" });
});

test("letting go is not the end of input; a later daemon can end it, and one after that knows", async () => {
  const agent = await bench.sh("cat; echo eof; exec sleep 60", { input: true });
  await agent.write(Buffer.from("a\n"));
  await agent.detach();
  const { process: second } = await bench.driver.adopt(agent.handle);
  await second.write(Buffer.from("b\n"));
  const holder = await holderOf(agent);
  expect(existsSync(`/proc/${holder}`)).toBe(true);
  await second.endInput();
  expect(await firstLines(second.stdout, 3)).toEqual(["a", "b", "eof"]);
  await until(() => !isRunning(holder));
  await second.detach();

  const { process: third, live } = await bench.driver.adopt(agent.handle);
  bench.hold(third);
  expect(live).toBe(true);
  await expect(third.write(Buffer.from("c\n"))).rejects.toMatchObject({ code: "input_closed" });
});

test("end of input right after the start is not lost", async () => {
  const agent = await bench.sh("cat; echo eof", { input: true });
  await agent.endInput();
  expect(await allText(agent.stdout)).toBe("eof");
});
