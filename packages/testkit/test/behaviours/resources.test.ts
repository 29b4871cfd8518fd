import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AcpClient } from "../agent-process.js";

const onLinux = test.runIf(process.platform === "linux");

/** Resident MiB of each child of a process. */
function childrenOf(pid: number): number[] {
  const pids = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean),
  );
  return pids.map((child) => {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child}/status`, "utf8"))?.[1];
    return Number(kib ?? 0) / 1024;
  });
}

const cpuTicks = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
};

onLinux("allocate holds memory in a child until told otherwise", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  const pid = client.process.child.pid!;
  await client.prompt(sessionId, "!allocate 200");
  const held = childrenOf(pid);
  expect(held.length).toBe(1);
  expect(held[0]).toBeGreaterThan(200);
  await client.prompt(sessionId, "!allocate 20");
  expect(Math.max(...childrenOf(pid))).toBeLessThan(150);
  await client.prompt(sessionId, "!allocate 0");
  expect(childrenOf(pid)).toEqual([]);
});

onLinux("spin burns CPU, until it is cancelled", async () => {
  const client = new AcpClient();
  const sessionId = await client.open();
  const pid = client.process.child.pid!;
  const before = cpuTicks(pid);
  expect((await client.prompt(sessionId, "!spin 300")).stopReason).toBe("end_turn");
  expect(cpuTicks(pid) - before).toBeGreaterThan(5);
  const endless = client.prompt(sessionId, "!say on", "!spin 1000000000");
  await expect.poll(() => client.said).toContain("on");
  await client.agent.notify("session/cancel", { sessionId });
  expect((await endless).stopReason).toBe("cancelled");
});
