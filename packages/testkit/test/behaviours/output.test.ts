import { expect, test } from "vitest";
import { AcpClient, AgentProcess, textOf } from "../agent-process.js";

/** Plays the lines as the first turn, over a raw connection; ends when it is answered or over. */
async function raw(...lines: string[]) {
  const agent = new AgentProcess({ script: { turns: [lines.join("\n")] } }).readRaw();
  agent.send({ id: 1, method: "initialize", params: { protocolVersion: 1 } });
  await expect.poll(() => agent.lines.length).toBe(1);
  agent.send({ id: 2, method: "session/new", params: { cwd: "/", mcpServers: [] } });
  await expect.poll(() => agent.lines.length).toBe(2);
  const { sessionId } = JSON.parse(agent.lines[1]!).result;
  agent.send({
    id: 3,
    method: "session/prompt",
    params: { sessionId, prompt: [{ type: "text", text: "go" }] },
  });
  const answered = expect.poll(() => agent.lines.at(-1), { timeout: 10_000 }).toContain('"id":3');
  await Promise.race([answered, agent.ended]);
  answered.catch(() => undefined);
  return { agent, sessionId, turn: agent.lines.slice(2) };
}

test("flood sends at least that much, in order, and keeps none of it", async () => {
  const bytes = 3_000_000;
  const client = new AcpClient();
  const cwd = "/";
  const sessionId = await client.open(cwd);
  await client.prompt(sessionId, `!flood ${bytes}`);
  expect(client.said.length).toBeGreaterThanOrEqual(bytes);
  const numbers = client.said.match(/flood \d+/g)?.map((each) => Number(each.slice(6)));
  expect(numbers).toEqual(Array.from({ length: numbers?.length ?? 0 }, (_, index) => index + 1));
  client.updates.length = 0;
  await client.agent.request("session/load", { sessionId, cwd, mcpServers: [] });
  expect(textOf(client.updates, "agent_message_chunk")).toBe("");
});

test("line is one line", async () => {
  const { turn } = await raw("!line 2000000");
  expect(turn[0]!.length).toBeGreaterThan(2_000_000);
  expect(JSON.parse(turn[0]!).params.update.content.text).toBe("x".repeat(2_000_000));
});

test("garbage stands between messages as it is", async () => {
  const { turn } = await raw(
    "!say a",
    "!garbage",
    '!garbage {"jsonrpc":"2.0","id":999,"result":{}}',
    "!say b",
  );
  expect(JSON.parse(turn[0]!).params.update.content.text).toBe("a");
  expect(turn[1]).toBe("this line is not JSON");
  expect(turn[2]).toBe('{"jsonrpc":"2.0","id":999,"result":{}}');
  expect(JSON.parse(turn[3]!).params.update.content.text).toBe("b");
});

test("invalid-utf8 is a message whose text is not UTF-8", async () => {
  const { agent, turn } = await raw("!invalid-utf8");
  const line = agent.stdout.toString("latin1").split("\n")[2]!;
  expect(line).toContain("\xff\xfe\xc3(\xf0\x9f");
  expect(() => new TextDecoder("utf-8", { fatal: true }).decode(agent.stdout)).toThrow();
  expect(JSON.parse(turn[0]!).params.update.content.text).toMatch(/^bad \ufffd+\(\ufffd bytes$/);
});

test("torn leaves half a message and is gone", async () => {
  const { agent, turn } = await raw("!say whole", "!torn");
  expect(await agent.ended).toEqual({ code: 1, signal: null });
  expect(turn.length).toBe(1);
  const rest = agent.stdout.toString().split("\n").at(-1)!;
  expect(rest).toContain("this message is to");
  expect(() => JSON.parse(rest)).toThrow();
});

test("stderr", async () => {
  const { agent } = await raw("!stderr something is off");
  await expect.poll(() => agent.stderr).toBe("something is off\n");
});
