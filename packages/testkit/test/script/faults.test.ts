import { describe, expect, test } from "vitest";
import { AcpClient, AgentProcess, temporaryFolder } from "../agent-process.js";

const initialize = { id: 1, method: "initialize", params: { protocolVersion: 1 } };

describe("at the start", () => {
  test("crashes", async () => {
    const agent = new AgentProcess({ script: { on: { start: { stderr: "no licence", crash: 3 } } } });
    expect(await agent.ended).toEqual({ code: 3, signal: null });
    expect(agent.stderr).toBe("no licence\n");
  });

  test("prints garbage and then works", async () => {
    const agent = new AgentProcess({ script: { on: { start: { garbage: "Welcome!" } } } }).readRaw();
    agent.send(initialize);
    await expect.poll(() => agent.lines.length).toBe(2);
    expect(agent.lines[0]).toBe("Welcome!");
    expect(JSON.parse(agent.lines[1]!)).toMatchObject({ id: 1, result: { protocolVersion: 1 } });
  });

  test("never answers, and still ends with its input", async () => {
    const script = { on: { start: { stderr: "started", hang: true } } };
    const agent = new AgentProcess({ script }).readRaw();
    await expect.poll(() => agent.stderr).toBe("started\n");
    agent.send(initialize);
    agent.child.stdin?.end();
    expect(await agent.ended).toEqual({ code: 0, signal: null });
    expect(agent.stdout.length).toBe(0);
  });

  test("refuses a script that is wrong, in a sentence and without a word on standard output", async () => {
    const agent = new AgentProcess({ env: { STRATAVORE_TESTKIT_SCRIPT: '{"truns":[]}' } }).readRaw();
    expect(await agent.ended).toEqual({ code: 2, signal: null });
    expect(agent.stderr).toMatch(/^script has no truns; it takes .*\n$/);
    expect(agent.stdout.length).toBe(0);
  });

  test("refuses a delay that is no number", async () => {
    const agent = new AgentProcess({ env: { STRATAVORE_TESTKIT_DELAY_MS: "soon" } });
    expect(await agent.ended).toEqual({ code: 2, signal: null });
    expect(agent.stderr).toBe("STRATAVORE_TESTKIT_DELAY_MS takes milliseconds\n");
  });
});

describe("on a method", () => {
  test("answers with an error", async () => {
    const error = { code: -32000, message: "Authentication required", data: { why: "expired" } };
    const client = new AcpClient({ script: { on: { "session/new": { error } } } });
    await client.initialize();
    const opening = client.agent.request("session/new", { cwd: "/", mcpServers: [] });
    await expect(opening).rejects.toMatchObject(error);
  });

  test("crashes without an answer", async () => {
    const client = new AcpClient({ script: { on: { initialize: { crash: 9 } } } });
    await expect(client.initialize()).rejects.toThrow("connection closed");
    expect(await client.process.ended).toEqual({ code: 9, signal: null });
  });

  test("never answers one method while the others work", async () => {
    const client = new AcpClient({ script: { on: { "session/list": { stderr: "asked", hang: true } } } });
    await client.initialize();
    let answered = false;
    const mark = () => {
      answered = true;
    };
    client.agent.request("session/list", {}).then(mark, () => undefined);
    await expect.poll(() => client.process.stderr).toBe("asked\n");
    const cwd = temporaryFolder();
    const { sessionId } = await client.agent.request("session/new", { cwd, mcpServers: [] });
    expect((await client.prompt(sessionId, "!say hi")).stopReason).toBe("end_turn");
    expect(answered).toBe(false);
  });

  test("answers late", async () => {
    const client = new AcpClient({ script: { on: { initialize: { delayMs: 120 } } } });
    const before = performance.now();
    await client.initialize();
    expect(performance.now() - before).toBeGreaterThanOrEqual(119);
  });

  test("stops the whole process, which only a signal ends", async () => {
    const client = new AcpClient({ script: { on: { initialize: { stderr: "blocked", block: true } } } });
    client.initialize().catch(() => undefined);
    await expect.poll(() => client.process.stderr).toBe("blocked\n");
    client.process.child.kill("SIGTERM");
    expect(await client.process.ended).toEqual({ code: null, signal: "SIGTERM" });
  });
});

test("replaces the texts of the first prompts", async () => {
  const client = new AcpClient({ script: { turns: ["!say scripted", "!stop refusal"] } });
  const sessionId = await client.open();
  await client.prompt(sessionId, "anything");
  expect(client.said).toBe("scripted");
  expect((await client.prompt(sessionId, "anything")).stopReason).toBe("refusal");
  client.updates.length = 0;
  await client.prompt(sessionId, "!say by prompt");
  expect(client.said).toBe("by prompt");
});

test("reports no usage when told not to", async () => {
  const client = new AcpClient({ script: { usage: false } });
  const response = await client.prompt(await client.open(), "!say hi");
  expect(response).toEqual({ stopReason: "end_turn" });
  expect(client.updates.map((update) => update.sessionUpdate)).toEqual(["agent_message_chunk"]);
});
