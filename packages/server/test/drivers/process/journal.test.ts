import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LineBatch } from "../../../src/drivers/driver.js";
import { allLines, allText, firstLines, openFilesBelow, until, Workbench } from "./workbench.js";

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench({ punchBytes: 64 * 1024 });
});
afterEach(() => bench.clear());

test("lines come as they are written, and an offset goes on where it stands", async () => {
  const agent = await bench.sh("echo a; echo bé; read -r line; printf 'c\\nlast'", { input: true });
  const batches: LineBatch[] = [];
  for await (const batch of agent.stdout.lines(0)) {
    batches.push(batch);
    if (batch.nextOffset === 6) await agent.write(Buffer.from("go\n"));
  }
  expect(batches.flatMap((batch) => batch.lines.map((line) => line.text))).toEqual(["a", "bé", "c", "last"]);
  expect(batches.at(-1)).toEqual({
    lines: [{ text: "last", invalidUtf8: false, droppedBytes: 0, terminated: false }],
    nextOffset: 12,
  });
  expect((await allLines(agent.stdout, 6)).map((line) => line.text)).toEqual(["c", "last"]);
  expect(await agent.stdout.unread(6)).toBe(6);
  expect(await agent.stdout.unread(99)).toBe(0);
});

test("the two streams are apart", async () => {
  const agent = await bench.sh("echo out; echo err >&2");
  expect(await allText(agent.stdout)).toBe("out");
  expect(await allText(agent.stderr)).toBe("err");
});

test("100,000 lines arrive once each, in order, in bounded batches", async () => {
  const agent = await bench.node(
    "for (let i=0;i<100000;i+=1000) console.log(Array.from({length:1000},(_,j)=>i+j+' '+'x'.repeat(90)).join('\\n'))",
  );
  let next = 0;
  let largest = 0;
  let offset = 0;
  for await (const batch of agent.stdout.lines(0)) {
    largest = Math.max(largest, batch.nextOffset - offset);
    offset = batch.nextOffset;
    for (const line of batch.lines) expect(Number.parseInt(line.text, 10)).toBe(next++);
  }
  expect(next).toBe(100_000);
  expect(largest).toBeLessThanOrEqual(512 * 1024);
});

test("a character that is written in two halves stays whole", async () => {
  const agent = await bench.sh(
    "printf '\\342\\202'; read -r a; printf '\\254 \\303'; read -r b; printf '\\251\\n'",
    {
      input: true,
    },
  );
  const lines = firstLines(agent.stdout, 1);
  for (const size of [2, 5]) {
    await until(() => statSync(join(agent.handle.dir, "stdout")).size === size);
    await agent.write(Buffer.from("go\n"));
  }
  expect(await lines).toEqual(["€ é"]);
});

test("an oversized line keeps its head, and the next line is whole", async () => {
  const agent = await bench.node("process.stdout.write('y'.repeat(3e6) + '\\nnext\\n')");
  const found = [];
  for await (const batch of agent.stdout.lines(0, { maxLineBytes: 1000 })) found.push(...batch.lines);
  expect(found).toEqual([
    { text: "y".repeat(1000), invalidUtf8: false, droppedBytes: 3e6 - 1000, terminated: true },
    { text: "next", invalidUtf8: false, droppedBytes: 0, terminated: true },
  ]);
});

test("discarding frees blocks and moves no offset", async () => {
  const agent = await bench.node(
    "for (let i=0;i<20000;i++) console.log(String(i).padStart(99,'0')); process.stdin.resume()",
    { input: true },
  );
  const path = join(agent.handle.dir, "stdout");
  await until(() => statSync(path).size === 2_000_000);
  const before = statSync(path).blocks;
  agent.stdout.discard(1_500_000);
  await until(() => statSync(path).blocks < before / 2);
  expect(statSync(path).size).toBe(2_000_000);
  const reader = agent.stdout.lines(1_500_000)[Symbol.asyncIterator]();
  const { value } = await reader.next();
  await reader.return?.();
  expect(value?.lines[0]?.text).toBe("15000".padStart(99, "0"));
});

test("a small discard waits until it is worth a hole", async () => {
  const agent = await bench.node("console.log('z'.repeat(500000))");
  await agent.exited;
  const path = join(agent.handle.dir, "stdout");
  const before = statSync(path).blocks;
  agent.stdout.discard(60_000);
  agent.stdout.discard(500_000);
  await until(() => statSync(path).blocks < before);
});

test("an iterator that ends, however it does, leaves no file open", async () => {
  const agent = await bench.sh("echo one; read -r line", { input: true });
  await firstLines(agent.stdout, 1);
  expect(openFilesBelow(agent.handle.dir)).toBe(0);

  const abort = new AbortController();
  const aborted = (async () => {
    for await (const _ of agent.stdout.lines(0, { signal: abort.signal })) abort.abort();
  })();
  await aborted;

  const waiting = allLines(agent.stdout);
  await until(() => openFilesBelow(agent.handle.dir) === 1);
  await agent.detach();
  await waiting;
  expect(openFilesBelow(agent.handle.dir)).toBe(0);
});

test("an aborted signal ends a waiting iterator", async () => {
  const agent = await bench.sh("read -r line", { input: true });
  const abort = new AbortController();
  const waiting = (async () => {
    for await (const _ of agent.stdout.lines(0, { signal: abort.signal }))
      throw new Error("No line was written.");
  })();
  await until(() => openFilesBelow(agent.handle.dir) === 1);
  abort.abort();
  await waiting;
});

test("a journal that is gone is an error of ours", async () => {
  const agent = await bench.sh("exit 0");
  await agent.exited;
  const { process: lost } = await bench.driver.adopt({ ...agent.handle, dir: join(bench.root, "elsewhere") });
  await expect(allLines(lost.stdout)).rejects.toMatchObject({ code: "journal_failed" });
  await expect(lost.stdout.unread(0)).rejects.toMatchObject({ code: "journal_failed" });
});

test("what is appended after the end of the agent, by a child of it, is not waited for", async () => {
  const agent = await bench.sh("echo done; sleep 60 &");
  expect(await allText(agent.stdout)).toBe("done");
  appendFileSync(join(agent.handle.dir, "stdout"), "late\n");
  expect(await allText(agent.stdout)).toBe("done\nlate");
});
