import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { AcpClient, AgentProcess, temporaryFolder } from "../agent-process.js";

async function start(...lines: string[]) {
  const client = new AcpClient();
  const sessionId = await client.open();
  const answer = client.prompt(sessionId, ...lines);
  answer.catch(() => undefined);
  return { client, sessionId, answer, agent: client.process };
}

test("ends when its input ends, while idle and in the middle of a turn", async () => {
  const idle = new AcpClient();
  await idle.open();
  idle.process.child.stdin?.end();
  expect(await idle.process.ended).toEqual({ code: 0, signal: null });

  const { client, agent } = await start("!ignore-cancel", "!say on", "!hang");
  await expect.poll(() => client.said).toBe("on");
  agent.child.stdin?.end();
  expect(await agent.ended).toEqual({ code: 0, signal: null });
});

test("ends when no one reads its output any more", async () => {
  const { client, agent } = await start("!say on", "!sleep 50", "!chunks 1000000");
  await expect.poll(() => client.said).toMatch(/^on/);
  agent.child.stdout?.destroy();
  expect((await agent.ended).signal).toBe(null);
});

test("is ended by SIGTERM", async () => {
  const { client, agent } = await start("!say on", "!hang");
  await expect.poll(() => client.said).toBe("on");
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toEqual({ code: null, signal: "SIGTERM" });
});

describe("on request", () => {
  test.each([
    ["!crash", { code: 1, signal: null }],
    ["!crash 77", { code: 77, signal: null }],
    ["!kill", { code: null, signal: "SIGKILL" }],
    ["!kill SIGHUP", { code: null, signal: "SIGHUP" }],
  ])("%s ends it without an answer, after what was said", async (line, ended) => {
    const { client, answer, agent } = await start("!chunks 20", line);
    await expect(answer).rejects.toThrow("connection closed");
    expect(await agent.ended).toEqual(ended);
    expect(client.said).toMatch(/chunk 20\n$/);
  });

  test.each([
    ["!exit-after-result", 0],
    ["!exit-after-result 5", 5],
  ])("%s answers and then exits", async (line, code) => {
    const { answer, agent } = await start(line, "!say bye");
    expect((await answer).stopReason).toBe("end_turn");
    expect(await agent.ended).toEqual({ code, signal: null });
  });

  test("ignores SIGTERM", async () => {
    const { client, sessionId, answer, agent } = await start("!ignore-sigterm", "!say on");
    await answer;
    agent.child.kill("SIGTERM");
    await client.prompt(sessionId, "!say still here");
    expect(client.said).toBe("onstill here");
    agent.child.stdin?.end();
    expect(await agent.ended).toEqual({ code: 0, signal: null });
  });

  test("outlives its input, and SIGTERM too", async () => {
    const file = join(temporaryFolder(), "go on");
    const stubborn = ["!ignore-cancel", "!ignore-sigterm", "!ignore-eof"];
    const { client, agent } = await start(...stubborn, "!say on", `!wait ${file}`, "!stderr survived");
    await expect.poll(() => client.said).toBe("on");
    agent.child.stdin?.end();
    await expect.poll(() => agent.stderr).toContain("the input has ended");
    agent.child.kill("SIGTERM");
    writeFileSync(file, "");
    await expect.poll(() => agent.stderr).toContain("survived");
    agent.child.kill("SIGKILL");
    expect(await agent.ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("blocks: it reads nothing more, and SIGTERM still ends it", async () => {
    const { client, agent } = await start("!say on", "!block");
    await expect.poll(() => client.said).toBe("on");
    agent.child.stdin?.end(" ".repeat(4 * 2 ** 20));
    // Another agent starts and answers meanwhile: time enough to read that much and exit.
    const other = new AcpClient();
    await other.prompt(await other.open(), "!say hello");
    expect(agent.child.stdin?.writableLength).toBeGreaterThan(3 * 2 ** 20);
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toEqual({ code: null, signal: "SIGTERM" });
  });
});

describe("double-fork", () => {
  test.runIf(process.platform === "linux").each([
    ["!double-fork 60", true],
    ["!double-fork 60 clean", false],
  ])("%s leaves an orphan in a session of its own", async (line, inherits) => {
    const { client, answer, agent } = await start(line);
    await answer;
    const pid = Number(/^double-fork: pid (\d+)\n$/.exec(client.said)?.[1]);
    onTestFinished(() => {
      process.kill(pid, "SIGKILL");
    });
    const [, parent, , session] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ")
      .map(Number);
    expect(parent).not.toBe(agent.child.pid);
    const agentStat = readFileSync(`/proc/${agent.child.pid}/stat`, "utf8");
    expect(session).not.toBe(Number(agentStat.replace(/^.*\) /, "").split(" ")[3]));
    expect(readFileSync(`/proc/${pid}/environ`, "utf8").includes("STRATAVORE_TESTKIT_DIR=")).toBe(inherits);
    agent.child.stdin?.end();
    await agent.ended;
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  });
});

test("writes nothing but JSON-RPC on standard output", async () => {
  const agent = new AgentProcess().readRaw();
  agent.send({ id: 1, method: "initialize", params: { protocolVersion: 1 } });
  await expect.poll(() => agent.lines.length).toBe(1);
  agent.send({ id: 2, method: "session/new", params: { cwd: "/", mcpServers: [] } });
  await expect.poll(() => agent.lines.length).toBe(2);
  const { sessionId } = JSON.parse(agent.lines[1]!).result;
  agent.send({
    id: 3,
    method: "session/prompt",
    params: { sessionId, prompt: [{ type: "text", text: "Hi" }] },
  });
  agent.child.stdin?.write("not json\n");
  await expect.poll(() => agent.lines.at(-1)).toContain('"id":3');
  for (const line of agent.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  agent.child.stdin?.end();
  expect(await agent.ended).toEqual({ code: 0, signal: null });
  expect(agent.stderr).toBe("");
});
